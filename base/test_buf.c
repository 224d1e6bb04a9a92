#include "base/buf.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/test.h"

TEST(appends_and_formats)
{
	cleanup_buf struct buf buf = BUF_INIT;

	buf_adds(&buf, "a");
	buf_addc(&buf, 'b');
	buf_addu(&buf, 18446744073709551615ull);
	buf_addf(&buf, " %d-%s", -1, "x");
	assert_string_equal(buf.data, "ab18446744073709551615 -1-x");
	buf_consume(&buf, 2);
	assert_string_equal(buf.data, "18446744073709551615 -1-x");
}

TEST(the_limit_is_sticky)
{
	cleanup_buf struct buf buf = { .limit = 4 };
	struct err err;

	buf_adds(&buf, "abcd");
	assert_int_equal(buf_check(&buf, "the line", &err), 0);
	buf_addc(&buf, 'e');
	buf_adds(&buf, "");
	assert_int_equal(buf_check(&buf, "the line", &err), ERR_LIMIT);
	assert_string_equal(err.text, "the line is larger than 4 bytes");
	assert_int_equal(buf.len, 4);
	assert_null(buf_take(&buf));
}

TEST(take_hands_over)
{
	cleanup_buf struct buf buf = BUF_INIT;
	cleanup_free char *text = NULL;

	buf_adds(&buf, "x");
	text = buf_take(&buf);
	assert_string_equal(text, "x");
	assert_int_equal(buf.len, 0);
}

TEST_MAIN(RUN(appends_and_formats), RUN(the_limit_is_sticky), RUN(take_hands_over))
