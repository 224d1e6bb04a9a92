#include "seal-cli/tui/view/diff.h"

#include "base/buf.h"
#include "seal-cli/tui/text.h"

bool diff_is(struct str text)
{
	return str_starts(text, STR("--- ")) || str_starts(text, STR("@@ "));
}

struct place {
	unsigned int old_line, new_line;
	bool in_hunk;
};

static unsigned int number(struct str text, char before)
{
	size_t at = str_chr(text, before);
	unsigned int value = 0;

	if (at == STR_NONE)
		return 0;
	for (at++; at < text.len && text.data[at] >= '0' && text.data[at] <= '9' && value < 100000000; at++)
		value = value * 10 + (unsigned int)(text.data[at] - '0');
	return value;
}

static void put(struct place *place, struct str text, markdown_fn *each, void *ctx)
{
	static const struct style faint = { .paint = PAINT_FAINT };
	cleanup_line struct line line = { 0 };
	cleanup_buf struct buf gutter = BUF_INIT;
	char sign = text.len ? text.data[0] : ' ';
	struct style style = { .paint = sign == '+' ? PAINT_ADDED : sign == '-' ? PAINT_REMOVED
										 : PAINT_PLAIN };

	buf_addf(&gutter, "%5u ", sign == '-' ? place->old_line : place->new_line);
	place->old_line += sign != '+';
	place->new_line += sign != '-';
	line_add(&line, faint, buf_str(&gutter));
	line.hang = line.n + 2;
	line_add(&line, style, (struct str){ &sign, 1 });
	line_adds(&line, style, " ");
	line_add(&line, style, str_from(text, 1));
	each(ctx, &line);
}

void diff_draw(struct str text, markdown_fn *each, void *ctx)
{
	struct place place = { 0 };
	bool first = true;
	struct str one;

	while (str_line(&text, &one)) {
		if (str_starts(one, STR("@@ "))) {
			place = (struct place){ number(one, '-'), number(one, '+'), true };
			if (!first) {
				cleanup_line struct line line = { 0 };

				line_adds(&line, (struct style){ .paint = PAINT_FAINT }, "    ⋮");
				each(ctx, &line);
			}
			first = false;
		} else if (place.in_hunk && !str_starts(one, STR("\\"))) {
			put(&place, one, each, ctx);
		}
	}
}

void diff_count(struct str text, struct buf *ret)
{
	size_t added = 0, removed = 0;
	bool in_hunk = false;
	struct str one;

	while (str_line(&text, &one)) {
		in_hunk = in_hunk || str_starts(one, STR("@@ "));
		added += in_hunk && str_starts(one, STR("+"));
		removed += in_hunk && str_starts(one, STR("-"));
	}
	buf_addf(ret, "+%zu -%zu", added, removed);
}
