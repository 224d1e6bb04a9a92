#include "base/str.h"

#include "base/cleanup.h"
#include "base/test.h"

static const struct find_row {
	const char *name, *hay, *needle;
	size_t from;
	long long want;
} find_rows[] = {
	{ "at the start", "abcabc", "abc", 0, 0 },
	{ "after from", "abcabc", "abc", 1, 3 },
	{ "a false start is passed over", "aab", "ab", 0, 1 },
	{ "not there", "abc", "abd", 0, -1 },
	{ "longer than the text", "ab", "abc", 0, -1 },
	{ "empty needle is everywhere", "ab", "", 2, 2 },
	{ "nothing past the end", "ab", "", 3, -1 },
};

TEST(find)
{
	TEST_ROWS(find_rows, row)
		EXPECT_EQ(row, str_find(str_of(row->hay), str_of(row->needle), row->from), row->want);
}

static const struct split_row {
	const char *name, *text, *want;
} split_rows[] = {
	{ "pieces", "a,b,c", "a|b|c|" },
	{ "an empty piece between", "a,,c", "a||c|" },
	{ "no empty piece after the last separator", "a,", "a|" },
	{ "nothing", "", "" },
};

TEST(split)
{
	TEST_ROWS(split_rows, row) {
		struct str rest = str_of(row->text), piece;
		char got[64] = "";

		while (str_split(&rest, ',', &piece)) {
			strncat(got, piece.data, piece.len);
			strcat(got, "|");
		}
		EXPECT_STR(row, str_of(got), row->want);
	}
}

TEST(trim_and_dup)
{
	cleanup_free char *copy = str_dup(str_trim(STR(" \t a b\r\n")));

	assert_string_equal(copy, "a b");
}

TEST_MAIN(RUN(find), RUN(split), RUN(trim_and_dup))
