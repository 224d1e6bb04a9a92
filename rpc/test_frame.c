#include "base/test.h"

#include <stdlib.h>

#include "base/err.h"
#include "rpc/frame.h"

#define LIMIT 16

static const struct row {
	const char *name, *bytes, *lines; /* lines joined by '|' */
	bool too_long;
} rows[] = {
	{ "a line without its newline is no line yet", "{}", "", false },
	{ "a line ends at its newline", "{}\n", "{}", false },
	{ "two lines in one piece are two lines", "a\nb\n", "a|b", false },
	{ "the rest waits for more", "a\nb", "a", false },
	{ "blank lines are left out", "\n\n  \na\n\r\nb\n", "a|b", false },
	{ "a carriage return stays with its line", "a\r\n", "a\r", false },
	{ "a line of the greatest length passes", "0123456789abcdef\n", "0123456789abcdef", false },
	{ "a line longer by one does not", "0123456789abcdefg\n", "", true },
	{ "nor does its beginning, before the newline came", "0123456789abcdefg", "", true },
	{ "a long line behind a short one is found", "a\n0123456789abcdefg", "a", true },
};

struct feed {
	struct frame frame;
	struct buf got;
	bool too_long;
};

static void feed(struct feed *feed, struct str bytes)
{
	struct err err;
	struct str line;
	char *at = frame_room(&feed->frame, bytes.len);

	assert_non_null(at);
	memcpy(at, bytes.data, bytes.len);
	if (frame_added(&feed->frame, bytes.len, &err) < 0)
		feed->too_long = true;
	while (!feed->too_long && frame_next(&feed->frame, &line)) {
		if (feed->got.len)
			buf_addc(&feed->got, '|');
		buf_add(&feed->got, line);
	}
}

static void split_at(const struct row *row, size_t at)
{
	struct feed state = { .frame = { .line_max = LIMIT } };
	struct str bytes = str_of(row->bytes);

	feed(&state, str_head(bytes, at));
	if (!state.too_long)
		feed(&state, str_from(bytes, at));
	EXPECT_EQ(row, state.too_long, row->too_long);
	if (!row->too_long)
		EXPECT_STR(row, buf_str(&state.got), row->lines);
	frame_fini(&state.frame);
	buf_fini(&state.got);
}

TEST(every_split_point)
{
	TEST_ROWS (rows, row)
		for (size_t at = 0; at <= strlen(row->bytes); at++)
			split_at(row, at);
}

TEST(a_large_line_gives_its_memory_back)
{
	cleanup_frame struct frame frame = FRAME_INIT;
	size_t len = (size_t)4 << 20;
	struct err err;
	struct str line;
	char *at = frame_room(&frame, len);

	memset(at, 'x', len);
	at[len - 1] = '\n';
	MUST(frame_added(&frame, len, &err), &err);
	assert_true(frame_next(&frame, &line));
	assert_int_equal(line.len, len - 1);
	assert_non_null(frame_room(&frame, 10));
	assert_true(frame.buf.size < len);
}

TEST_MAIN(RUN(every_split_point), RUN(a_large_line_gives_its_memory_back))
