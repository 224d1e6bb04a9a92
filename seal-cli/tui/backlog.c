#include "seal-cli/tui/backlog.h"

#include <stdlib.h>
#include <string.h>

struct backlog {
	struct line lines[BACKLOG_MAX];	/* a ring */
	size_t first, n;
};

struct backlog *backlog_new(void)
{
	return calloc(1, sizeof(struct backlog));
}

void backlog_free(struct backlog *backlog)
{
	if (!backlog)
		return;
	for (size_t i = 0; i < BACKLOG_MAX; i++)
		line_fini(&backlog->lines[i]);
	free(backlog);
}

static const struct line *nth(const struct backlog *backlog, size_t i)
{
	return &backlog->lines[(backlog->first + i) % BACKLOG_MAX];
}

void backlog_add(struct backlog *backlog, const struct line *line)
{
	struct cell *cells = line->n ? malloc(line->n * sizeof(*cells)) : NULL;
	struct line *slot;

	if (line->n && !cells)
		return;
	if (line->n)
		memcpy(cells, line->cells, line->n * sizeof(*cells));
	if (backlog->n == BACKLOG_MAX) {
		backlog->first = (backlog->first + 1) % BACKLOG_MAX;
		backlog->n--;
	}
	slot = &backlog->lines[(backlog->first + backlog->n++) % BACKLOG_MAX];
	line_fini(slot);
	*slot = (struct line){ .cells = cells, .n = line->n, .size = line->n, .hang = line->hang };
}

/* The rows of one line, of which number `row` stands in row 0 or above. */
static void show_line(const struct line *line, size_t columns, long row, size_t rows,
		      backlog_put_fn *put, void *ctx)
{
	size_t at = 0, start = 0, end;

	do {
		end = line_wrap(line, columns, &at, &start);
		if (row >= 0 && (size_t)row < rows)
			put(ctx, (size_t)row, line_indent(line, columns, start),
			    line_cells(line, start), end - start);
		row++;
	} while (at < line->n);
}

size_t backlog_show(const struct backlog *backlog, size_t columns, size_t rows, size_t skip,
		    backlog_put_fn *put, void *ctx)
{
	long top = (long)(rows + skip);	/* the row of the line's first, from above the newest */
	size_t i = backlog->n, above = 0;

	while (i-- > 0) {
		size_t height = line_rows(nth(backlog, i), columns);

		top -= (long)height;
		if (top < (long)rows && top + (long)height > 0)
			show_line(nth(backlog, i), columns, top, rows, put, ctx);
		if (top < 0)
			above = above ? above + height : (size_t)-top;
	}
	return above;
}
