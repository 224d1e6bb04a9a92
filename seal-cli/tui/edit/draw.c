#include "seal-cli/tui/edit/state.h"

static void draw_upto(const struct edit *edit, size_t from, size_t to, struct style style,
		      struct line *line)
{
	struct style chip_style = style;

	chip_style.attrs |= ATTR_REVERSE;
	while (from < to) {
		const struct chip *chip = edit_chip(edit, from);
		size_t n = text_next(str_from(edit_whole(edit), from));

		if (chip) {
			cleanup_buf struct buf label = BUF_INIT;

			buf_addf(&label, "[pasted %zu line%s]", chip->lines, chip->lines == 1 ? "" : "s");
			line_add(line, chip_style, buf_str(&label));
		} else {
			line_add(line, style, str_head(str_from(edit_whole(edit), from), n));
		}
		from += n;
	}
}

void edit_draw(const struct edit *edit, const char *prompt, struct style style, edit_row_fn *each,
	       void *ctx)
{
	size_t at = 0, margin = text_width(str_of(prompt));

	do {
		cleanup_line struct line line = { 0 };
		size_t end = edit_line_end(edit, at);

		if (at == 0)
			line_adds(&line, (struct style){ .paint = PAINT_ACCENT }, prompt);
		for (size_t i = 0; at && i < margin; i++)
			line_adds(&line, style, " ");
		draw_upto(edit, at, end, style, &line);
		line.hang = margin;
		each(ctx, &line);
		at = end + 1;
	} while (at <= edit->text.len);
}

/* Where cell number `cells` of a line stands when the line is wrapped. */
static void place(const struct line *line, size_t cells, size_t columns, size_t *row, size_t *column)
{
	size_t at = 0, start = 0;

	while (at < line->n) {
		(void)line_wrap(line, columns, &at, &start);
		if (cells < at || at >= line->n)
			break;
		(*row)++;
	}
	*column = line_indent(line, columns, start) + (cells > start ? cells - start : 0);
	if (*column >= columns) {
		(*row)++;
		*column = 0;
	}
}

void edit_cursor(const struct edit *edit, const char *prompt, size_t columns, size_t *ret_row,
		 size_t *ret_column)
{
	size_t at = 0, row = 0, margin = text_width(str_of(prompt));

	for (;;) {
		cleanup_line struct line line = { 0 };
		cleanup_line struct line before = { 0 };
		size_t end = edit_line_end(edit, at);

		for (size_t i = 0; i < margin; i++)
			line_adds(&line, (struct style){ 0 }, at ? " " : ">");
		draw_upto(edit, at, end, (struct style){ 0 }, &line);
		line.hang = margin;
		if (edit->cursor <= end) {
			draw_upto(edit, at, edit->cursor, (struct style){ 0 }, &before);
			place(&line, margin + before.n, columns, &row, ret_column);
			*ret_row = row;
			return;
		}
		row += line_rows(&line, columns);
		at = end + 1;
	}
}
