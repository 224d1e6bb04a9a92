#include "seal-cli/tui/theme.h"

#include <stdlib.h>
#include <string.h>

#define NO		-1
#define LOOK(fg, bg, at) { fg, bg, at }

static const struct look looks[PAINT_MAX][4] = {
#define PAINT(name, dark, light, sixteen, mono) \
	[PAINT_##name] = { [THEME_DARK] = dark, [THEME_LIGHT] = light, \
			   [THEME_SIXTEEN] = sixteen, [THEME_MONO] = mono },
#include "seal-cli/tui/theme.def"
#undef PAINT
};

const struct look *theme_look(enum theme theme, enum paint paint)
{
	return &looks[paint < PAINT_MAX ? paint : PAINT_PLAIN][theme];
}

static bool has(const char *variable, const char *word)
{
	const char *value = getenv(variable);

	return value && strstr(value, word);
}

enum theme theme_of_environment(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no_color && no_color[0]) || !term || strcmp(term, "dumb") == 0 ||
	    strcmp(term, "vt100") == 0 || strcmp(term, "vt220") == 0)
		return THEME_MONO;
	if (has("TERM", "256color") || has("TERM", "direct") || has("COLORTERM", "truecolor") ||
	    has("COLORTERM", "24bit"))
		return THEME_DARK;
	return THEME_SIXTEEN;
}

bool theme_named(struct str name, enum theme *ret_theme)
{
	static const struct {
		const char *name;
		enum theme theme;
	} names[] = { { "dark", THEME_DARK }, { "light", THEME_LIGHT }, { "16", THEME_SIXTEEN },
		      { "mono", THEME_MONO } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i].name)) {
			*ret_theme = names[i].theme;
			return true;
		}
	return false;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

/* One channel of one to four digits, as a share of 255. */
static int channel(struct str digits)
{
	int value = 0, most = 0;

	for (size_t i = 0; i < digits.len && i < 4; i++) {
		if (hex(digits.data[i]) < 0)
			return -1;
		value = value * 16 + hex(digits.data[i]);
		most = most * 16 + 15;
	}
	return most ? value * 255 / most : -1;
}

bool theme_is_light(struct str colour)
{
	static const int weights[] = { 299, 587, 114 };
	struct str rest = colour, piece;
	int sum = 0;

	if (!str_starts(colour, STR("rgb:")))
		return false;
	rest = str_from(rest, 4);
	for (size_t i = 0; i < 3; i++) {
		int value = str_split(&rest, '/', &piece) ? channel(piece) : -1;

		if (value < 0)
			return false;
		sum += weights[i] * value;
	}
	return sum > 127 * 1000;
}
