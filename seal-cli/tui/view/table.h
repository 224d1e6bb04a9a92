/*
 * A table of Markdown: cells are filled with text, then drawn as lines that fit.
 * What is too wide for its column goes on in the next row; nothing is cut.
 * Private to view/.
 */
#pragma once

#include <stddef.h>

#include "seal-cli/tui/text.h"
#include "seal-cli/tui/view/markdown.h"

#define TABLE_COLUMNS_MAX 16

enum table_align { TABLE_LEFT, TABLE_CENTRE, TABLE_RIGHT };

struct table_row {
	struct line cells[TABLE_COLUMNS_MAX];
	size_t n;
};

struct table {
	struct table_row *rows;	/* the first one is the head */
	size_t n_rows;
	enum table_align aligns[TABLE_COLUMNS_MAX];
};

void table_fini(struct table *table);
void table_row_begin(struct table *table);
/* More cells than fit a row go into its last one. */
void table_cell_begin(struct table *table, enum table_align align);
/* The cell to write to; NULL before the first row. */
struct line *table_cell(const struct table *table);
void table_draw(struct table *table, size_t columns, markdown_fn *each, void *ctx);
