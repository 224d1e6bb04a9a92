#include "seal-cli/tui/screen.h"

#include <stdlib.h>

#include "seal-cli/tui/backlog.h"
#include "seal-cli/tui/links.h"

struct frame {
	struct cell *cells;	/* rows x columns */
	size_t rows;
	size_t cursor_row, cursor_column;
};

struct screen {
	size_t columns, height;
	enum theme theme;
	const struct links *links;
	struct frame now, next;
	struct cell *scratch;	/* one row */
	struct buf out;
	struct buf committed;	/* bytes of lines on their way to the scrollback */
	struct style pen;
	bool pen_known;
	bool painted;	/* `now` is what the terminal shows */
	struct backlog *backlog;
	size_t scroll;	/* rows above the newest */
};

struct screen *screen_new(size_t columns, size_t rows, enum theme theme)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	if (!screen)
		return NULL;
	screen->theme = theme;
	screen_resize(screen, columns, rows);
	return screen;
}

void screen_free(struct screen *screen)
{
	if (!screen)
		return;
	free(screen->now.cells);
	free(screen->next.cells);
	free(screen->scratch);
	buf_fini(&screen->out);
	buf_fini(&screen->committed);
	backlog_free(screen->backlog);
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

void screen_set_theme(struct screen *screen, enum theme theme)
{
	screen->theme = theme;
	screen->painted = false;
}

void screen_set_links(struct screen *screen, const struct links *links)
{
	screen->links = links;
}

bool screen_keep_lines(struct screen *screen)
{
	screen->backlog = backlog_new();
	return screen->backlog != NULL;
}

void screen_scroll(struct screen *screen, long rows)
{
	if (rows == 0 || (rows < 0 && (size_t)-rows > screen->scroll))
		screen->scroll = 0;
	else
		screen->scroll += (size_t)rows;	/* too far is mended when it is drawn */
}

bool screen_is_scrolled(const struct screen *screen)
{
	return screen->scroll > 0;
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

/* The first sixteen by the codes that every terminal knows. */
static void put_colour(struct buf *out, int colour, int base)
{
	if (colour < 0)
		return;
	if (colour < 8)
		buf_addf(out, ";%d", base + colour);
	else if (colour < 16)
		buf_addf(out, ";%d", base + 60 + colour - 8);
	else
		buf_addf(out, ";%d;5;%d", base + 8, colour);
}

static void put_look(struct screen *screen, struct buf *out, struct style style)
{
	static const struct {
		enum attr attr;
		const char *code;
	} codes[] = { { ATTR_BOLD, ";1" },	{ ATTR_DIM, ";2" },	{ ATTR_ITALIC, ";3" },
		      { ATTR_UNDERLINE, ";4" }, { ATTR_REVERSE, ";7" }, { ATTR_STRIKE, ";9" } };
	const struct look *look = theme_look(screen->theme, style.paint);

	buf_adds(out, "\x1b[0");
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if ((style.attrs | look->attrs) & codes[i].attr)
			buf_adds(out, codes[i].code);
	put_colour(out, look->foreground, 30);
	put_colour(out, look->background, 40);
	buf_addc(out, 'm');
}

static void put_style(struct screen *screen, struct buf *out, struct style style)
{
	bool is_known = screen->pen_known;

	if (is_known && memcmp(&screen->pen, &style, sizeof(style)) == 0)
		return;
	if (!is_known || screen->pen.paint != style.paint || screen->pen.attrs != style.attrs)
		put_look(screen, out, style);
	if (is_known ? screen->pen.link != style.link : style.link != 0)
		buf_addf(out, "\x1b]8;;%s\x1b\\", links_get(screen->links, style.link));
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

/*
 * Row by row: erasing the whole display at once makes some terminals (tmux) keep
 * what was on it in the scrollback, where it would be a second time.
 */
void screen_redraw(struct screen *screen)
{
	buf_adds(&screen->out, "\x1b[0m");
	for (size_t r = screen->height; r > 0; r--)
		buf_addf(&screen->out, "\x1b[%zu;1H\x1b[K", r);
	screen->now.rows = 0;
	screen->now.cursor_row = 0;
	screen->painted = false;
}

static void fill_row(struct screen *screen, struct cell *row, size_t indent,
		     const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < screen->columns; i++)
		if (i < indent || i >= indent + n)
			row[i] = (struct cell){ .bytes = " ", .len = 1, .width = 1 };
	if (n)
		memcpy(row + indent, cells, n * sizeof(*row));
}

static struct cell *next_row(struct screen *screen, size_t r)
{
	return screen->next.cells + r * screen->columns;
}

void screen_commit(struct screen *screen, const struct line *line)
{
	size_t at = 0, start, end, indent;

	if (screen->backlog) {
		backlog_add(screen->backlog, line);
		return;
	}
	screen->pen_known = false;
	do {
		end = line_wrap(line, screen->columns, &at, &start);
		indent = line_indent(line, screen->columns, start);
		fill_row(screen, screen->scratch, indent, line_cells(line, start), end - start);
		put_cells(screen, &screen->committed, screen->scratch, 0, indent + end - start);
		put_blank(screen, &screen->committed, indent + end - start);
		buf_adds(&screen->committed, "\r\n");
	} while (at < line->n);
	screen->pen_known = false;
}

void screen_begin(struct screen *screen)
{
	screen->next.rows = 0;
	screen->next.cursor_row = screen->next.cursor_column = 0;
}

size_t screen_row_within(struct screen *screen, const struct line *line, size_t most)
{
	size_t at = 0, start, end, rows = 0;

	do {
		end = line_wrap(line, screen->columns, &at, &start);
		if (screen->next.rows == screen->height || rows == most)
			return rows;
		fill_row(screen, next_row(screen, screen->next.rows++),
			 line_indent(line, screen->columns, start), line_cells(line, start), end - start);
		rows++;
	} while (at < line->n);
	return rows;
}

size_t screen_row(struct screen *screen, const struct line *line)
{
	return screen_row_within(screen, line, screen->height);
}

void screen_cursor(struct screen *screen, size_t row, size_t column)
{
	screen->next.cursor_row = row < screen->height ? row : screen->height - 1;
	screen->next.cursor_column = column < screen->columns ? column : screen->columns - 1;
}

static void put_kept(void *ctx, size_t row, size_t indent, const struct cell *cells, size_t n)
{
	fill_row(ctx, next_row(ctx, row), indent, cells, n);
}

/* The kept lines above the live region, so that the frame fills the terminal. */
static void put_backlog(struct screen *screen)
{
	size_t live = screen->next.rows, free_rows = screen->height - live, above, reach;

	memmove(next_row(screen, free_rows), screen->next.cells,
		live * screen->columns * sizeof(*screen->next.cells));
	for (size_t r = 0; r < free_rows; r++)
		put_kept(screen, r, 0, NULL, 0);
	above = backlog_show(screen->backlog, screen->columns, free_rows, 0, put_kept, screen);
	reach = screen->scroll < above ? screen->scroll : above;
	if (screen->scroll) {
		screen->scroll = reach;
		(void)backlog_show(screen->backlog, screen->columns, free_rows, reach, put_kept, screen);
	}
	screen->next.rows = screen->height;
	screen->next.cursor_row += free_rows;
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

/*
 * Every row, from the cursor's downward, over what was there.  What the last
 * frame had below is erased before the last row is written: behind a full row
 * the cursor stands on its last column, not after it.  And not from the top left
 * corner, for the reason that screen_redraw() gives: a region has several rows.
 */
static void paint_all(struct screen *screen)
{
	for (size_t r = 0; r < screen->next.rows; r++) {
		if (r)
			buf_adds(&screen->out, "\r\n");
		if (r + 1 == screen->next.rows)
			buf_adds(&screen->out, "\x1b[J");
		put_row(screen, screen->next.cells + r * screen->columns);
	}
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
		put_move(screen, (long)(r - 1) - (long)*at_row, 0);
		buf_adds(&screen->out, "\r\n");
		*at_row = r;
		put_row(screen, screen->next.cells + r * screen->columns);
	}
	if (screen->now.rows > screen->next.rows) {
		put_style(screen, &screen->out, (struct style){ 0 });
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
	rows = rows < 4 ? 4 : rows;
	if (screen->painted && columns < screen->columns)
		screen->now.cursor_row = rewrapped(screen, columns);
	/* A lower terminal has scrolled what was above its first row away. */
	if (screen->now.cursor_row >= rows)
		screen->now.cursor_row = rows - 1;
	screen->columns = columns;
	screen->height = rows;
	free(screen->scratch);
	screen->scratch = calloc(columns, sizeof(*screen->scratch));
	if (!screen->scratch || !frame_room(screen, &screen->now) || !frame_room(screen, &screen->next))
		abort();
	screen->next.rows = 0;
	if (screen->backlog)
		screen_redraw(screen);
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
	size_t at_row;
	struct frame was;

	if (screen->backlog)
		put_backlog(screen);
	if (unchanged(screen))
		return;
	at_row = screen->now.cursor_row;
	buf_adds(&screen->out, "\x1b[?2026h\x1b[?25l");
	if (!screen->painted || screen->committed.len) {
		put_move(screen, -(long)at_row, 0);
		screen->pen_known = false;
		put_style(screen, &screen->out, (struct style){ 0 });
		buf_add(&screen->out, buf_str(&screen->committed));
		buf_clear(&screen->committed);
		paint_all(screen);
		at_row = screen->next.rows ? screen->next.rows - 1 : 0;
	} else {
		paint_difference(screen, &at_row);
	}
	put_style(screen, &screen->out, (struct style){ 0 });
	put_move(screen, (long)screen->next.cursor_row - (long)at_row, screen->next.cursor_column);
	buf_adds(&screen->out, "\x1b[?25h\x1b[?2026l");
	was = screen->now;
	screen->now = screen->next;
	screen->next = was;
	screen->painted = true;
}

void screen_leave(struct screen *screen, bool erase)
{
	size_t rows = screen->now.rows;

	put_move(screen, erase ? -(long)screen->now.cursor_row
			       : (long)rows - 1 - (long)screen->now.cursor_row, 0);
	buf_adds(&screen->out, "\x1b[0m");
	for (size_t r = 0; erase && r < rows; r++)
		buf_adds(&screen->out, r ? "\r\n\x1b[K" : "\x1b[K");
	if (!erase)
		buf_adds(&screen->out, "\r\n");
	else if (rows > 1)
		put_move(screen, -(long)(rows - 1), 0);
	screen->now.rows = screen->now.cursor_row = 0;
	screen->pen_known = false;
	screen->painted = false;
}
