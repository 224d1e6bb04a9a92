#include "manifest/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define CONTEXT 2

/* Beyond this many pairs the changed part is shown as replaced whole. */
#define PAIRS_MAX ((size_t)4 << 20)

struct lines {
	struct str *items;
	size_t n;
};

static bool split(struct str text, struct lines *ret_lines)
{
	struct str rest = text, line;
	size_t n = 0;

	while (str_line(&rest, &line))
		n++;
	ret_lines->items = calloc(n + 1, sizeof(struct str));
	ret_lines->n = 0;
	while (ret_lines->items && str_line(&text, &line))
		ret_lines->items[ret_lines->n++] = line;
	return ret_lines->items != NULL;
}

/* What is left when the equal ends are cut off. */
struct middle {
	const struct lines *a, *b;
	size_t begin, end_a, end_b;
};

static void add(struct buf *out, const char *mark, struct str line)
{
	buf_addf(out, "%s%.*s\n", mark, STR_ARG(line));
}

static void replace_whole(const struct middle *middle, struct buf *out)
{
	for (size_t i = middle->begin; i < middle->end_a; i++)
		add(out, "- ", middle->a->items[i]);
	for (size_t j = middle->begin; j < middle->end_b; j++)
		add(out, "+ ", middle->b->items[j]);
}

/* Longest common run of lines, from the end, so that it is walked from the front. */
static void walk(const struct middle *middle, const uint32_t *common, struct buf *out)
{
	size_t na = middle->end_a - middle->begin, nb = middle->end_b - middle->begin;
	const struct str *a = middle->a->items + middle->begin,
			 *b = middle->b->items + middle->begin;
	size_t i = 0, j = 0;

	while (i < na || j < nb) {
		if (i < na && j < nb && str_eq(a[i], b[j])) {
			add(out, "  ", a[i++]);
			j++;
		} else if (j == nb || (i < na && common[(i + 1) * (nb + 1) + j] >=
						     common[i * (nb + 1) + j + 1])) {
			add(out, "- ", a[i++]);
		} else {
			add(out, "+ ", b[j++]);
		}
	}
}

static void compare(const struct middle *middle, struct buf *out)
{
	size_t na = middle->end_a - middle->begin, nb = middle->end_b - middle->begin;
	cleanup_free uint32_t *common = NULL;
	const struct str *a = middle->a->items + middle->begin,
			 *b = middle->b->items + middle->begin;

	if ((na + 1) * (nb + 1) <= PAIRS_MAX)
		common = calloc((na + 1) * (nb + 1), sizeof(*common));
	if (!common) {
		replace_whole(middle, out);
		return;
	}
	for (size_t i = na; i-- > 0;)
		for (size_t j = nb; j-- > 0;) {
			uint32_t down = common[(i + 1) * (nb + 1) + j],
				 right = common[i * (nb + 1) + j + 1];

			common[i * (nb + 1) + j] = str_eq(a[i], b[j])
						       ? common[(i + 1) * (nb + 1) + j + 1] + 1
						   : down > right ? down
								  : right;
		}
	walk(middle, common, out);
}

static void show(const struct lines *a, const struct lines *b, struct buf *out)
{
	struct middle middle = {.a = a, .b = b, .end_a = a->n, .end_b = b->n};
	size_t before, after;

	while (middle.begin < a->n && middle.begin < b->n &&
	       str_eq(a->items[middle.begin], b->items[middle.begin]))
		middle.begin++;
	while (middle.end_a > middle.begin && middle.end_b > middle.begin &&
	       str_eq(a->items[middle.end_a - 1], b->items[middle.end_b - 1])) {
		middle.end_a--;
		middle.end_b--;
	}
	if (middle.begin == middle.end_a && middle.begin == middle.end_b)
		return;
	before = middle.begin > CONTEXT ? middle.begin - CONTEXT : 0;
	after = middle.end_a + CONTEXT < a->n ? middle.end_a + CONTEXT : a->n;
	for (size_t i = before; i < middle.begin; i++)
		add(out, "  ", a->items[i]);
	compare(&middle, out);
	for (size_t i = middle.end_a; i < after; i++)
		add(out, "  ", a->items[i]);
}

void diff_lines(struct str before, struct str after, struct buf *out)
{
	struct lines a = {0}, b = {0};

	if (split(before, &a) && split(after, &b))
		show(&a, &b, out);
	else
		out->failed = true;
	free(a.items);
	free(b.items);
}
