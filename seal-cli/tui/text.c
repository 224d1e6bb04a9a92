#include "seal-cli/tui/text.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/cleanup.h"
#include "base/utf8.h"

#define TAB_STOP 8

void line_fini(struct line *line)
{
	free(line->cells);
	*line = (struct line){ 0 };
}

static struct cell *line_grow(struct line *line)
{
	if (line->n == line->size) {
		size_t size = line->size ? line->size * 2 : 64;
		struct cell *cells = realloc(line->cells, size * sizeof(*cells));

		if (!cells) {
			line->failed = true;
			return NULL;
		}
		line->cells = cells;
		line->size = size;
	}
	return &line->cells[line->n++];
}

size_t text_next(struct str text)
{
	utf8proc_int32_t state = 0;
	uint32_t before, point;
	size_t at = utf8_decode(text, &before);

	if (at == 0)
		return text.len ? 1 : 0;	/* a byte that is no UTF-8 stands alone */
	while (at < text.len) {
		size_t n = utf8_decode(str_from(text, at), &point);

		if (n == 0 || utf8proc_grapheme_break_stateful((utf8proc_int32_t)before,
							       (utf8proc_int32_t)point, &state))
			break;
		before = point;
		at += n;
	}
	return at;
}

/* Control characters and what hides or reorders text. */
static bool is_hostile(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200b && point <= 0x200f &&
	       point != 0x200d) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

static size_t cluster_width(struct str cluster, bool *ret_risky)
{
	size_t width = 0, points = 0;
	uint32_t point;

	for (size_t at = 0; at < cluster.len; points++) {
		size_t n = utf8_decode(str_from(cluster, at), &point);
		int w = n ? utf8proc_charwidth((utf8proc_int32_t)point) : 1;

		if (w > 0 && (size_t)w > width)
			width = (size_t)w;
		if (point == 0xfe0f || point == 0x200d)
			width = 2;
		at += n ? n : 1;
	}
	*ret_risky = points > 1 || (width == 2 && point >= 0x1f000);
	return width;
}

/* What stands for a character that must not reach the terminal. */
static void put_stand_in(struct line *line, struct style style, uint32_t point)
{
	static const char digits[] = "0123456789abcdef";
	char text[16] = "\\u{";
	size_t n = 3;
	bool seen = false;

	for (int shift = 20; shift >= 0; shift -= 4) {
		unsigned int digit = point >> shift & 15;

		seen = seen || digit || shift <= 4;
		if (seen)
			text[n++] = digits[digit];
	}
	text[n++] = '}';
	style.attrs ^= ATTR_REVERSE;
	line_add(line, style, (struct str){ text, n });
}

static void put_cluster(struct line *line, struct style style, struct str cluster)
{
	bool risky;
	size_t width = cluster_width(cluster, &risky);
	struct cell *cell = width || line->n == 0 ? line_grow(line) : &line->cells[line->n - 1];

	if (!cell || cluster.len > CELL_BYTES)
		cluster = STR("?");
	if (!cell || (width == 0 && line->n > 1))
		return;	/* a mark without a base has nothing to stand on */
	*cell = (struct cell){ .len = (uint8_t)cluster.len, .width = (uint8_t)(width ? width : 1),
			       .risky = risky, .style = style };
	memcpy(cell->bytes, cluster.data, cluster.len);
	if (width == 2) {
		cell = line_grow(line);
		if (cell)
			*cell = (struct cell){ .style = style };
	}
}

void line_add(struct line *line, struct style style, struct str text)
{
	while (text.len) {
		size_t n = text_next(text);
		struct str cluster = str_head(text, n);
		uint32_t point = 0xfffd;

		(void)utf8_decode(cluster, &point);
		if (cluster.data[0] == '\n')
			put_cluster(line, style, STR(" "));
		else if (cluster.data[0] == '\t')
			do
				put_cluster(line, style, STR(" "));
			while (line->n % TAB_STOP && !line->failed);
		else if (cluster.data[0] != '\r' && is_hostile(point))
			put_stand_in(line, style, point);
		else if (cluster.data[0] != '\r')
			put_cluster(line, style, point == 0xfffd ? STR("\xef\xbf\xbd") : cluster);
		text = str_from(text, n);
	}
}

void line_adds(struct line *line, struct style style, const char *text)
{
	line_add(line, style, str_of(text));
}

void line_join(struct line *line, const struct line *other)
{
	size_t size = line->n + other->n;
	struct cell *cells;

	if (other->n == 0)
		return;
	if (size > line->size) {
		cells = realloc(line->cells, size * sizeof(*cells));
		if (!cells) {
			line->failed = true;
			return;
		}
		line->cells = cells;
		line->size = size;
	}
	memcpy(line->cells + line->n, other->cells, other->n * sizeof(*line->cells));
	line->n = size;
}

size_t line_width(const struct line *line)
{
	return line->n;	/* a wide character has two cells */
}

size_t text_width(struct str text)
{
	cleanup_line struct line line = { 0 };

	line_add(&line, (struct style){ 0 }, text);
	return line.n;
}

static bool is_blank(const struct cell *cell)
{
	return cell->len == 1 && cell->bytes[0] == ' ';
}

const struct cell *line_cells(const struct line *line, size_t start)
{
	return line->cells ? line->cells + start : NULL;
}

size_t line_indent(const struct line *line, size_t width, size_t start)
{
	/* A deep indent on a narrow screen would leave no room. */
	return start && line->hang * 2 <= width ? line->hang : 0;
}

size_t line_rows(const struct line *line, size_t width)
{
	size_t at = 0, start, rows = 0;

	if (line->n <= width)
		return 1;
	for (; at < line->n; rows++)
		(void)line_wrap(line, width, &at, &start);
	return rows;
}

struct line line_skip(const struct line *line, size_t width, size_t rows)
{
	struct line rest = { .cells = line->cells, .n = line->n, .hang = line->hang };
	size_t at = 0, start;

	while (rows-- > 0 && at < line->n)
		(void)line_wrap(line, width, &at, &start);
	if (at == 0)
		return rest;
	rest.cells += at;
	rest.n -= at;
	return rest;
}

void line_cut(struct line *line, size_t width)
{
	static const struct cell more = { .bytes = "…", .len = 3, .width = 1 };

	if (line->n <= width || width == 0)
		return;
	line->n = width;
	line->cells[width - 1] = more;
	if (width > 1 && line->cells[width - 2].width == 2)	/* half of it is gone */
		line->cells[width - 2] = more;
}

size_t line_wrap(const struct line *line, size_t width, size_t *at, size_t *ret_start)
{
	size_t start = *at, end, cut, low = start ? start : line->hang;

	*ret_start = start;
	width -= line_indent(line, width, start);
	if (width < 2)
		width = 2;
	if (line->n - start <= width) {
		*at = line->n;
		return line->n;
	}
	end = start + width;
	if (line->cells[end].width == 0)	/* never between the halves of a wide one */
		end--;
	cut = end;
	while (cut > low && !is_blank(&line->cells[cut]))
		cut--;
	if (cut <= low) {	/* one long word, be it behind a sign */
		*at = end;
		return end;
	}
	*at = cut;
	while (*at < line->n && is_blank(&line->cells[*at]))
		++*at;
	while (cut > start && is_blank(&line->cells[cut - 1]))
		cut--;
	return cut;
}
