/*
 * Text as a terminal shows it: user-perceived characters with their width, and
 * lines of styled cells that wrap at words.  Bytes from a model, a file or a
 * paste pass here before they reach the screen; control bytes come out as
 * visible stand-ins, never as control bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define CELL_BYTES 20

enum attr {
	ATTR_BOLD = 1,
	ATTR_DIM = 2,
	ATTR_ITALIC = 4,
	ATTR_UNDERLINE = 8,
	ATTR_REVERSE = 16,
	ATTR_STRIKE = 32,
};

/* Colours of the terminal's own palette; the theme says which is for what. */
enum colour {
	COLOUR_DEFAULT = 0,
	COLOUR_BLACK, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW,
	COLOUR_BLUE, COLOUR_MAGENTA, COLOUR_CYAN, COLOUR_WHITE,
	COLOUR_BRIGHT_BLACK, COLOUR_BRIGHT_RED, COLOUR_BRIGHT_GREEN, COLOUR_BRIGHT_YELLOW,
	COLOUR_BRIGHT_BLUE, COLOUR_BRIGHT_MAGENTA, COLOUR_BRIGHT_CYAN, COLOUR_BRIGHT_WHITE,
};

struct style {
	uint8_t fg, bg;	/* enum colour */
	uint8_t attrs;	/* enum attr, or-ed */
};

/* One character of the screen.  width 0: the right half of a wide one. */
struct cell {
	char bytes[CELL_BYTES];
	uint8_t len, width;
	bool risky;	/* terminals disagree about its width */
	struct style style;
};

/* A line of any length; owned by whoever holds it. */
struct line {
	struct cell *cells;
	size_t n, size;
	bool failed;	/* out of memory: what was added is cut */
};

void line_fini(struct line *line);
static inline void line_finip(struct line *line)
{
	line_fini(line);
}
#define cleanup_line cleanup_with(line_fini)

/* Appends; a newline in `text` counts as a blank, a tab as blanks to the next
 * multiple of eight. */
void line_add(struct line *line, struct style style, struct str text);
void line_adds(struct line *line, struct style style, const char *text);

/* Columns of the line. */
size_t line_width(const struct line *line);

/*
 * The next row of at most `width` columns: cells [*at, return value), broken
 * behind a blank where there is one.  *at moves to the start of the following
 * row (blanks at the break are dropped).  Call while *at < line->n.
 */
size_t line_wrap(const struct line *line, size_t width, size_t *at, size_t *ret_start);

/* Columns of plain text. */
size_t text_width(struct str text);

/* The first user-perceived character of `text`: its bytes, 0 at the end. */
size_t text_next(struct str text);
