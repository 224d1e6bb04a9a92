#include "base/err.h"

#include <errno.h>

#include "base/test.h"

static const struct row {
	const char *name;
	const char *context, *inner, *want;
} rows[] = {
	{ "context goes in front", "start s1", "no such key", "start s1: no such key" },
	{ "an empty cause keeps the context", "start", "", "start: " },
};

TEST(wrap)
{
	TEST_ROWS(rows, row) {
		struct err err;

		err_set(&err, ERR_INPUT, "%s", row->inner);
		EXPECT_EQ(row, err_wrap(&err, "%s", row->context), ERR_INPUT);
		EXPECT_STR(row, str_of(err.text), row->want);
	}
}

TEST(sys)
{
	struct err err;

	errno = ENOENT;
	assert_int_equal(err_sys(&err, "open %s", "x"), ERR_SYS);
	assert_string_equal(err.text, "open x: No such file or directory");
	assert_int_equal(err.sys, ENOENT);
}

TEST(long_text_is_cut_not_overrun)
{
	struct err err;
	char text[2 * ERR_TEXT_MAX];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_INPUT, "%s", text);
	err_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

TEST_MAIN(RUN(wrap), RUN(sys), RUN(long_text_is_cut_not_overrun))
