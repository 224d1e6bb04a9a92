#include "seal-cli/tui/view/table.h"

#include <stdlib.h>
#include <string.h>

#define NARROWEST 3

static const struct style plain;
static const struct style faint = { .paint = PAINT_FAINT };

/* How the table stands on the screen. */
struct layout {
	size_t widths[TABLE_COLUMNS_MAX], n;
	markdown_fn *each;
	void *ctx;
};

void table_fini(struct table *table)
{
	for (size_t r = 0; r < table->n_rows; r++)
		for (size_t c = 0; c < TABLE_COLUMNS_MAX; c++)
			line_fini(&table->rows[r].cells[c]);
	free(table->rows);
	*table = (struct table){ 0 };
}

void table_row_begin(struct table *table)
{
	struct table_row *rows = realloc(table->rows, (table->n_rows + 1) * sizeof(*rows));

	if (!rows)
		return;
	table->rows = rows;
	table->rows[table->n_rows++] = (struct table_row){ 0 };
}

void table_cell_begin(struct table *table, enum table_align align)
{
	struct table_row *row = table->n_rows ? &table->rows[table->n_rows - 1] : NULL;

	if (!row || row->n == TABLE_COLUMNS_MAX)
		return;
	table->aligns[row->n++] = align;
}

struct line *table_cell(const struct table *table)
{
	struct table_row *row = table->n_rows ? &table->rows[table->n_rows - 1] : NULL;

	return row ? &row->cells[row->n ? row->n - 1 : 0] : NULL;
}

/* As wide as what they hold, together no wider than `columns`: the widest gives. */
static void measure(const struct table *table, size_t columns, struct layout *layout)
{
	size_t total = 1;

	for (size_t r = 0; r < table->n_rows; r++)
		for (size_t c = 0; c < table->rows[r].n; c++) {
			size_t w = line_width(&table->rows[r].cells[c]);

			layout->widths[c] = w > layout->widths[c] ? w : layout->widths[c];
			layout->n = c + 1 > layout->n ? c + 1 : layout->n;
		}
	for (size_t c = 0; c < layout->n; c++)
		total += layout->widths[c] + 3;
	while (total > columns) {
		size_t widest = 0;

		for (size_t c = 1; c < layout->n; c++)
			if (layout->widths[c] > layout->widths[widest])
				widest = c;
		if (layout->widths[widest] <= NARROWEST)
			return;
		layout->widths[widest]--;
		total--;
	}
}

static void put_blanks(struct line *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		line_adds(line, plain, " ");
}

/* The next row of a cell, from *at on; blank when there is no more. */
static void put_piece(struct line *line, const struct line *cell, size_t *at, size_t width,
		      enum table_align align)
{
	struct line piece = { 0 };
	size_t start, end, left, room;

	if (*at < cell->n) {
		end = line_wrap(cell, width, at, &start);
		piece = (struct line){ .cells = cell->cells + start, .n = end - start };
	}
	room = width > piece.n ? width - piece.n : 0;
	left = align == TABLE_RIGHT ? room : align == TABLE_CENTRE ? room / 2 : 0;
	put_blanks(line, left);
	line_join(line, &piece);
	put_blanks(line, room - left);
}

static void draw_row(const struct table *table, const struct table_row *row, const struct layout *layout)
{
	size_t at[TABLE_COLUMNS_MAX] = { 0 };
	bool has_more = true;

	while (has_more) {
		cleanup_line struct line line = { 0 };

		has_more = false;
		for (size_t c = 0; c < layout->n; c++) {
			line_adds(&line, faint, c ? " │ " : "│ ");
			put_piece(&line, &row->cells[c], &at[c], layout->widths[c], table->aligns[c]);
			has_more |= at[c] < row->cells[c].n;
		}
		line_adds(&line, faint, " │");
		layout->each(layout->ctx, &line);
	}
}

static void draw_rule(const struct layout *layout)
{
	cleanup_line struct line line = { 0 };

	for (size_t c = 0; c < layout->n; c++) {
		line_adds(&line, faint, c ? "─┼─" : "├─");
		for (size_t i = 0; i < layout->widths[c]; i++)
			line_adds(&line, faint, "─");
	}
	line_adds(&line, faint, "─┤");
	layout->each(layout->ctx, &line);
}

void table_draw(struct table *table, size_t columns, markdown_fn *each, void *ctx)
{
	struct layout layout = { .each = each, .ctx = ctx };

	if (table->n_rows == 0)
		return;
	measure(table, columns, &layout);
	for (size_t c = 0; c < table->rows[0].n; c++)
		for (size_t i = 0; i < table->rows[0].cells[c].n; i++)
			table->rows[0].cells[c].cells[i].style.attrs |= ATTR_BOLD;
	draw_row(table, &table->rows[0], &layout);
	draw_rule(&layout);
	for (size_t r = 1; r < table->n_rows; r++)
		draw_row(table, &table->rows[r], &layout);
}
