#include "base/utf8.h"

#include "base/test.h"

static const struct row {
	const char *name, *text;
	size_t valid;
} rows[] = {
	{ "ascii", "abc", 3 },
	{ "two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x80", 9 },
	{ "overlong slash", "a\xc0\xaf", 1 },
	{ "overlong three bytes", "\xe0\x80\x80", 0 },
	{ "surrogate", "\xed\xa0\x80", 0 },
	{ "beyond U+10FFFF", "\xf4\x90\x80\x80", 0 },
	{ "cut short", "ab\xe2\x82", 2 },
	{ "a lone continuation", "\x80", 0 },
};

TEST(valid)
{
	TEST_ROWS(rows, row)
		EXPECT_EQ(row, utf8_valid_len(str_of(row->text)), row->valid);
}

TEST(cut_never_splits)
{
	struct str text = STR("a\xe2\x82\xac" "b");
	static const size_t want[] = { 0, 1, 1, 1, 4, 5, 5 };

	for (size_t max = 0; max < sizeof(want) / sizeof(want[0]); max++)
		assert_int_equal(utf8_cut(text, max), want[max]);
}

TEST_MAIN(RUN(valid), RUN(cut_never_splits))
