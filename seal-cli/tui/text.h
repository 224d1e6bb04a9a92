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

#include "base/cleanup.h"
#include "base/str.h"
#include "seal-cli/tui/theme.h"

#define CELL_BYTES 20

/* What a cell is for; how that looks is the theme's. */
struct style {
	uint8_t paint;	/* enum paint */
	uint8_t attrs;	/* enum attr, or-ed; beside those of the paint */
	uint16_t link;	/* of links.h; 0: none */
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
	size_t hang;	/* blanks in front of every row but the first, when it wraps */
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

/* Appends the cells of another line. */
void line_join(struct line *line, const struct line *other);

/* Columns of the line. */
size_t line_width(const struct line *line);

/*
 * The next row of at most `width` columns: cells [*at, return value), broken
 * behind a blank where there is one.  *at moves to the start of the following
 * row (blanks at the break are dropped).  Call while *at < line->n.
 */
size_t line_wrap(const struct line *line, size_t width, size_t *at, size_t *ret_start);

/* The cells from `start` on; an empty line has none to point to. */
const struct cell *line_cells(const struct line *line, size_t start);

/* The blanks in front of the row that starts at cell `start`. */
size_t line_indent(const struct line *line, size_t width, size_t start);

/* Rows of the line at this width; an empty line has one. */
size_t line_rows(const struct line *line, size_t width);

/* The line without its first rows; borrows its cells. */
struct line line_skip(const struct line *line, size_t width, size_t rows);

/* Cuts the line at `width` columns, with an ellipsis. */
void line_cut(struct line *line, size_t width);

/* Columns of plain text. */
size_t text_width(struct str text);

/* The first user-perceived character of `text`: its bytes, 0 at the end. */
size_t text_next(struct str text);
