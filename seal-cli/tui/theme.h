/*
 * How what is on the screen looks.  Drawing code says what a cell is for (enum
 * paint); the screen asks here for the colours when it writes.  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum attr {
	ATTR_BOLD = 1,
	ATTR_DIM = 2,
	ATTR_ITALIC = 4,
	ATTR_UNDERLINE = 8,
	ATTR_REVERSE = 16,
	ATTR_STRIKE = 32,
};

enum paint {
#define PAINT(name, ...) PAINT_##name,
#include "seal-cli/tui/theme.def"
#undef PAINT
	PAINT_MAX
};

enum theme { THEME_MONO, THEME_SIXTEEN, THEME_DARK, THEME_LIGHT };

struct look {
	int16_t foreground, background;	/* of the 256-colour palette; < 0: the terminal's own */
	uint8_t attrs;
};

const struct look *theme_look(enum theme theme, enum paint paint);

/* What fits this terminal by its environment (NO_COLOR, TERM, COLORTERM); dark
 * until the terminal says otherwise. */
enum theme theme_of_environment(void);

/* By name ("dark", "light", "16", "mono"); false when there is none such. */
bool theme_named(struct str name, enum theme *ret_theme);

/* Whether "rgb:RRRR/GGGG/BBBB", a terminal's answer about its background, is
 * nearer to white than to black. */
bool theme_is_light(struct str colour);
