#include "seal-cli/tui/screen.h"

#include <stdlib.h>

struct frame {
	struct cell *cells;	/* rows x columns */
	size_t rows;
	size_t cursor_row, cursor_column;
};

struct screen {
	size_t columns, height;
	enum screen_colours colours;
	struct frame now, next;
	struct buf out;
	struct buf committed;	/* bytes of lines on their way to the scrollback */
	struct style pen;
	bool pen_known, synced;
	bool painted;	/* `now` is what the terminal shows */
};

struct screen *screen_new(size_t columns, size_t rows, enum screen_colours colours)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	if (!screen)
		return NULL;
	screen->colours = colours;
	screen_resize(screen, columns, rows);
	return screen;
}

void screen_free(struct screen *screen)
{
	if (!screen)
		return;
	free(screen->now.cells);
	free(screen->next.cells);
	buf_fini(&screen->out);
	buf_fini(&screen->committed);
	free(screen);
}

size_t screen_columns(const struct screen *screen)
{
	return screen->columns;
}

size_t screen_rows(const struct screen *screen)
{
	return screen->height;
}

struct buf *screen_out(struct screen *screen)
{
	return &screen->out;
}

size_t screen_live(const struct screen *screen)
{
	return screen->next.rows;
}

static bool frame_room(struct screen *screen, struct frame *frame)
{
	struct cell *cells = realloc(frame->cells, screen->columns * screen->height * sizeof(*cells));

	if (!cells)
		return false;
	frame->cells = cells;
	return true;
}

/* -- bytes -- */

static void put_move(struct screen *screen, long rows, size_t column)
{
	if (rows < 0)
		buf_addf(&screen->out, "\x1b[%ldA", -rows);
	else if (rows > 0)
		buf_addf(&screen->out, "\x1b[%ldB", rows);
	buf_addf(&screen->out, "\x1b[%zuG", column + 1);
}

static void put_colour(struct buf *out, unsigned int colour, unsigned int base)
{
	if (colour == COLOUR_DEFAULT)
		return;
	if (colour >= COLOUR_BRIGHT_BLACK)
		buf_addf(out, ";%u", base + 60 + colour - COLOUR_BRIGHT_BLACK);
	else
		buf_addf(out, ";%u", base + colour - COLOUR_BLACK);
}

static void put_style(struct screen *screen, struct buf *out, struct style style)
{
	static const struct {
		enum attr attr;
		const char *code;
	} codes[] = { { ATTR_BOLD, ";1" },	{ ATTR_DIM, ";2" },	{ ATTR_ITALIC, ";3" },
		      { ATTR_UNDERLINE, ";4" }, { ATTR_REVERSE, ";7" }, { ATTR_STRIKE, ";9" } };

	if (screen->pen_known && memcmp(&screen->pen, &style, sizeof(style)) == 0)
		return;
	buf_adds(out, "\x1b[0");
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (style.attrs & codes[i].attr)
			buf_adds(out, codes[i].code);
	if (screen->colours == SCREEN_COLOURS) {
		put_colour(out, style.fg, 30);
		put_colour(out, style.bg, 40);
	}
	buf_addc(out, 'm');
	screen->pen = style;
	screen->pen_known = true;
}

/* The cells [from, end) of a row; the cursor stands on the first. */
static void put_cells(struct screen *screen, struct buf *out, const struct cell *row, size_t from,
		      size_t end)
{
	for (size_t i = from; i < end; i++) {
		if (row[i].width == 0)
			continue;
		put_style(screen, out, row[i].style);
		buf_add(out, (struct str){ row[i].bytes, row[i].len });
		/* Terminals disagree about some widths: say where we are. */
		if (row[i].risky && i + row[i].width < screen->columns)
			buf_addf(out, "\x1b[%zuG", i + row[i].width + 1);
	}
}

/* Blanks from column `from` on; a full row has none, and its last column would
 * be erased: there the cursor waits on it. */
static void put_blank(struct screen *screen, struct buf *out, size_t from)
{
	put_style(screen, out, (struct style){ 0 });
	if (from < screen->columns)
		buf_adds(out, "\x1b[K");
}

/* -- filling -- */

void screen_redraw(struct screen *screen)
{
	buf_adds(&screen->out, "\x1b[H\x1b[2J");
	screen->now.rows = 0;
	screen->now.cursor_row = 0;
	screen->painted = false;
}

void screen_commit(struct screen *screen, const struct line *line)
{
	size_t at = 0, start, end;

	screen->pen_known = false;
	do {
		end = line_wrap(line, screen->columns, &at, &start);
		put_cells(screen, &screen->committed, line->cells + start, 0, end - start);
		put_blank(screen, &screen->committed, end - start);
		buf_adds(&screen->committed, "\r\n");
	} while (at < line->n);
	screen->pen_known = false;
}

void screen_begin(struct screen *screen)
{
	screen->next.rows = 0;
	screen->next.cursor_row = screen->next.cursor_column = 0;
}

size_t screen_row(struct screen *screen, const struct line *line)
{
	size_t at = 0, start, end, rows = 0;

	do {
		struct cell *row;

		end = line_wrap(line, screen->columns, &at, &start);
		if (screen->next.rows == screen->height)
			return rows;
		row = screen->next.cells + screen->next.rows++ * screen->columns;
		memset(row, 0, screen->columns * sizeof(*row));
		if (end > start)	/* an empty line has no cells at all */
			memcpy(row, line->cells + start, (end - start) * sizeof(*row));
		for (size_t i = end - start; i < screen->columns; i++)
			row[i] = (struct cell){ .bytes = " ", .len = 1, .width = 1 };
		rows++;
	} while (at < line->n);
	return rows;
}

void screen_cursor(struct screen *screen, size_t row, size_t column)
{
	screen->next.cursor_row = row;
	screen->next.cursor_column = column < screen->columns ? column : screen->columns - 1;
}

/* -- painting -- */

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->len == b->len && a->width == b->width &&
	       memcmp(&a->style, &b->style, sizeof(a->style)) == 0 &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

static size_t used(const struct cell *row, size_t columns)
{
	static const struct style plain;

	while (columns && row[columns - 1].len == 1 && row[columns - 1].bytes[0] == ' ' &&
	       memcmp(&row[columns - 1].style, &plain, sizeof(plain)) == 0)
		columns--;
	return columns;
}

static void put_row(struct screen *screen, const struct cell *row)
{
	size_t end = used(row, screen->columns);

	put_cells(screen, &screen->out, row, 0, end);
	put_blank(screen, &screen->out, end);
}

/* Rows of `next` that `now` does not have, from the cursor's row downward. */
static void paint_all(struct screen *screen)
{
	for (size_t r = 0; r < screen->next.rows; r++) {
		const struct cell *row = screen->next.cells + r * screen->columns;

		if (r)
			buf_adds(&screen->out, "\r\n");
		put_row(screen, row);
	}
	buf_adds(&screen->out, "\x1b[J");
}

/* One row's difference; *at_row is where the cursor is. */
static void paint_row(struct screen *screen, size_t r, size_t *at_row)
{
	const struct cell *was = screen->now.cells + r * screen->columns;
	const struct cell *row = screen->next.cells + r * screen->columns;
	size_t first = 0, end = screen->columns, fill;

	while (first < end && same_cell(&was[first], &row[first]))
		first++;
	if (first == end)
		return;
	while (end > first && same_cell(&was[end - 1], &row[end - 1]))
		end--;
	while (first && row[first].width == 0)
		first--;
	put_move(screen, (long)r - (long)*at_row, first);
	*at_row = r;
	fill = used(row, screen->columns);
	if (end > fill && fill < first)
		fill = first;
	put_cells(screen, &screen->out, row, first, end < fill ? end : fill);
	if (end > fill)
		put_blank(screen, &screen->out, fill);
}

static void paint_difference(struct screen *screen, size_t *at_row)
{
	size_t common = screen->now.rows < screen->next.rows ? screen->now.rows : screen->next.rows;

	for (size_t r = 0; r < common; r++)
		paint_row(screen, r, at_row);
	for (size_t r = common; r < screen->next.rows; r++) {
		const struct cell *row = screen->next.cells + r * screen->columns;

		put_move(screen, (long)(r - 1) - (long)*at_row, 0);
		buf_adds(&screen->out, "\r\n");
		*at_row = r;
		put_row(screen, row);
	}
	if (screen->now.rows > screen->next.rows) {
		put_move(screen, (long)screen->next.rows - (long)*at_row, 0);
		*at_row = screen->next.rows;
		buf_adds(&screen->out, "\x1b[J");
	}
}

/*
 * A narrower terminal wraps the rows it shows: the cursor then stands further
 * below the region's first row than before.
 */
static size_t rewrapped(const struct screen *screen, size_t columns)
{
	size_t rows = 0;

	for (size_t r = 0; r < screen->now.cursor_row; r++) {
		size_t width = used(screen->now.cells + r * screen->columns, screen->columns);

		rows += width > columns ? (width + columns - 1) / columns : 1;
	}
	return rows + screen->now.cursor_column / columns;
}

void screen_resize(struct screen *screen, size_t columns, size_t rows)
{
	columns = columns < 10 ? 10 : columns;
	if (screen->painted && columns < screen->columns)
		screen->now.cursor_row = rewrapped(screen, columns);
	screen->columns = columns;
	screen->height = rows < 4 ? 4 : rows;
	if (!frame_room(screen, &screen->now) || !frame_room(screen, &screen->next))
		abort();
	screen->next.rows = 0;
	screen->painted = false;
}

static bool unchanged(const struct screen *screen)
{
	if (!screen->painted || screen->committed.len || screen->now.rows != screen->next.rows ||
	    screen->now.cursor_row != screen->next.cursor_row ||
	    screen->now.cursor_column != screen->next.cursor_column)
		return false;
	for (size_t i = 0; i < screen->next.rows * screen->columns; i++)
		if (!same_cell(&screen->now.cells[i], &screen->next.cells[i]))
			return false;
	return true;
}

void screen_end(struct screen *screen)
{
	size_t at_row = screen->now.cursor_row;
	struct frame was;

	if (unchanged(screen))
		return;
	buf_adds(&screen->out, "\x1b[?2026h\x1b[?25l");
	if (!screen->painted || screen->committed.len) {
		put_move(screen, -(long)at_row, 0);
		put_style(screen, &screen->out, (struct style){ 0 });
		buf_adds(&screen->out, "\x1b[J");
		buf_add(&screen->out, buf_str(&screen->committed));
		buf_clear(&screen->committed);
		paint_all(screen);
		at_row = screen->next.rows ? screen->next.rows - 1 : 0;
	} else {
		paint_difference(screen, &at_row);
	}
	put_move(screen, (long)screen->next.cursor_row - (long)at_row, screen->next.cursor_column);
	put_style(screen, &screen->out, (struct style){ 0 });
	buf_adds(&screen->out, "\x1b[?25h\x1b[?2026l");
	was = screen->now;
	screen->now = screen->next;
	screen->next = was;
	screen->painted = true;
}

void screen_leave(struct screen *screen, bool erase)
{
	put_move(screen, erase ? -(long)screen->now.cursor_row
			       : (long)screen->now.rows - 1 - (long)screen->now.cursor_row, 0);
	buf_adds(&screen->out, erase ? "\x1b[0m\x1b[J" : "\x1b[0m\r\n");
	screen->now.rows = screen->now.cursor_row = 0;
	screen->painted = false;
}
