#include "seal-cli/tui/text.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/test.h"

static const struct width_row {
	const char *name, *text;
	size_t want;
} width_rows[] = {
	{ "ascii", "abc", 3 },
	{ "wide characters take two", "\xe6\x97\xa5\xe6\x9c\xac", 4 },
	{ "a combining mark takes none", "e\xcc\x81x", 2 },
	{ "a family is one character of two", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", 2 },
	{ "a tab goes to the next stop", "a\tb", 9 },
	{ "escape is shown, not sent", "\x1b[31m", 6 + 4 },
	{ "an override of direction is shown", "\xe2\x80\xae", 8 },
	{ "a byte that is no UTF-8 takes one", "\xff", 1 },
	{ "nothing", "", 0 },
};

TEST(width)
{
	TEST_ROWS(width_rows, row)
		EXPECT_EQ(row, text_width(str_of(row->text)), row->want);
}

TEST(no_control_byte_reaches_a_cell)
{
	cleanup_line struct line line = { 0 };
	char all[256];

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	line_add(&line, (struct style){ 0 }, (struct str){ all, sizeof(all) });
	for (size_t i = 0; i < line.n; i++)
		for (size_t k = 0; k < line.cells[i].len; k++)
			assert_true((unsigned char)line.cells[i].bytes[k] >= 0x20 &&
				    line.cells[i].bytes[k] != 0x7f);
}

static const struct wrap_row {
	const char *name, *text;
	size_t width;
	const char *want;
} wrap_rows[] = {
	{ "behind a blank", "one two three", 8, "one two|three|" },
	{ "a word that fits exactly", "abc def", 3, "abc|def|" },
	{ "a word longer than the row", "abcdefg", 3, "abc|def|g|" },
	{ "several blanks at the break are dropped", "ab   cd", 3, "ab|cd|" },
	{ "a wide character is not halved", "a\xe6\x97\xa5\xe6\x9c\xac", 4, "a\xe6\x97\xa5|\xe6\x9c\xac|" },
	{ "short enough", "ab", 5, "ab|" },
};

TEST(wrap)
{
	TEST_ROWS(wrap_rows, row) {
		cleanup_line struct line line = { 0 };
		cleanup_buf struct buf got = BUF_INIT;
		size_t at = 0, start, end;

		line_adds(&line, (struct style){ 0 }, row->text);
		while (at < line.n) {
			end = line_wrap(&line, row->width, &at, &start);
			for (size_t i = start; i < end; i++)
				buf_add(&got, (struct str){ line.cells[i].bytes, line.cells[i].len });
			buf_addc(&got, '|');
		}
		EXPECT_STR(row, buf_str(&got), row->want);
	}
}

TEST_MAIN(RUN(width), RUN(no_control_byte_reaches_a_cell), RUN(wrap))
