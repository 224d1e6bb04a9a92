#include "llm/sse.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/test.h"

/* Events are noted as "name|data;". */
static int note(void *ctx, const struct sse_event *event, struct err *err)
{
	struct buf *notes = ctx;

	(void)err;
	buf_add(notes, event->name);
	buf_addc(notes, '|');
	buf_add(notes, event->data);
	buf_addc(notes, ';');
	return 0;
}

static const struct sse_row {
	const char *name, *bytes, *want;
} sse_rows[] = {
    {"an event ends at an empty line", "data: a\n\n", "|a;"},
    {"CR LF ends a line", "event: e\r\ndata: a\r\n\r\n", "e|a;"},
    {"CR alone ends a line", "event: e\rdata: a\r\r", "e|a;"},
    {"the three line ends may be mixed", "data: a\r\n\rdata: b\n\ndata: c\r\r\n", "|a;|b;|c;"},
    {"CR LF is one line end, not two", "data: a\r\ndata: b\r\n\r\n", "|a\nb;"},
    {"data lines are joined by a line feed", "data: a\ndata: b\n\n", "|a\nb;"},
    {"an empty data line counts as a line", "data: a\ndata\ndata: b\n\n", "|a\n\nb;"},
    {"one blank after the colon is dropped, only one", "data:  a\ndata:b\n\n", "| a\nb;"},
    {"a comment is no event", ": ping\n\ndata: a\n\n", "|a;"},
    {"a name without data is no event, and is forgotten", "event: e\n\ndata: a\n\n", "|a;"},
    {"the last name counts", "event: e\nevent: f\ndata: a\n\n", "f|a;"},
    {"unknown fields are passed over", "id: 1\nretry: 5\nfoo: x\ndata: a\n\n", "|a;"},
    {"a byte order mark at the start is dropped",
     "\xef\xbb\xbf"
     "data: a\n\n",
     "|a;"},
    {"a byte order mark later is part of a field name",
     "data: a\n\n\xef\xbb\xbf"
     "data: b\n\n",
     "|a;"},
    {"a colon in the value stays", "data: a:b\n\n", "|a:b;"},
    {"UTF-8 is passed through whole", "data: \xc3\xa9\xf0\x9f\x98\x80\n\n",
     "|\xc3\xa9\xf0\x9f\x98\x80;"},
    {"whole JSON at the end of the stream is delivered", "data: {\"a\":1}", "|{\"a\":1};"},
    {"half a JSON at the end of the stream is dropped", "data: {\"a\":", ""},
    {"nothing gives nothing", "", ""},
};

/* Cut in two at every place, and byte by byte. */
TEST(every_cut_gives_the_same_events)
{
	TEST_ROWS(sse_rows, row)
	{
		struct str bytes = str_of(row->bytes);

		for (size_t cut = 0; cut <= bytes.len + 1; cut++) {
			cleanup_buf struct buf notes = BUF_INIT;
			cleanup_sse struct sse sse = {0};
			struct err err;

			sse_init(&sse, note, &notes);
			if (cut <= bytes.len) {
				MUST(sse_feed(&sse, str_head(bytes, cut), &err), &err);
				MUST(sse_feed(&sse, str_from(bytes, cut), &err), &err);
			}
			for (size_t i = 0; cut > bytes.len && i < bytes.len; i++)
				MUST(sse_feed(&sse, (struct str){bytes.data + i, 1}, &err), &err);
			MUST(sse_finish(&sse, &err), &err);
			EXPECT_STR(row, buf_str(&notes), row->want);
		}
	}
}

/* `total` bytes of one line, or of data lines of one event. */
static int feed_much(const char *piece, size_t total, struct err *err)
{
	cleanup_buf struct buf notes = BUF_INIT;
	cleanup_sse struct sse sse = {0};
	int r = 0;

	sse_init(&sse, note, &notes);
	for (size_t sent = 0; r == 0 && sent < total; sent += strlen(piece))
		r = sse_feed(&sse, str_of(piece), err);
	return r;
}

TEST(an_event_has_a_largest_size)
{
	static const char chunk[] =
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct err err;

	assert_int_equal(feed_much(chunk, SSE_EVENT_MAX, &err), 0);
	assert_int_equal(feed_much(chunk, SSE_EVENT_MAX + 64, &err), ERR_LIMIT);
	assert_non_null(strstr(err.text, "8388608"));
	assert_int_equal(feed_much("data: 0123456789abcdef0123456789abcdef\n", SSE_EVENT_MAX, &err),
			 0);
	assert_int_equal(
	    feed_much("data: 0123456789abcdef0123456789abcdef\n", SSE_EVENT_MAX * 3 / 2, &err),
	    ERR_LIMIT);
}

static int refuse(void *ctx, const struct sse_event *event, struct err *err)
{
	(void)ctx;
	return err_set(err, ERR_INPUT, "refused %.*s", STR_ARG(event->data));
}

TEST(a_refused_event_ends_the_feeding)
{
	cleanup_sse struct sse sse = {0};
	struct err err;

	sse_init(&sse, refuse, NULL);
	assert_int_equal(sse_feed(&sse, STR("data: a\n\ndata: b\n\n"), &err), ERR_INPUT);
	assert_string_equal(err.text, "refused a");
}

TEST_MAIN(RUN(every_cut_gives_the_same_events), RUN(an_event_has_a_largest_size),
	  RUN(a_refused_event_ends_the_feeding))
