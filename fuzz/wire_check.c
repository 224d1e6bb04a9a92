#include "wire_check.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "llm/backend.h"
#include "llm/sse.h"

struct reading {
	const struct wire *wire;
	struct reply reply;
};

static int take(void *ctx, const struct sse_event *event, struct err *err)
{
	struct reading *reading = ctx;

	if (reading->reply.fault.kind || reading->reply.is_ended)
		return 0;
	return reading->wire->event(&reading->reply, event, err);
}

static void put_outcome(const struct reply *reply, struct buf *text)
{
	struct json w = json_to(text);

	json_array(&w);
	reply_write(reply, &w);
	if (reply->fault.kind)
		fault_write(&reply->fault, &w);
	json_end(&w);
}

/* Pieces of `step` bytes; an error ends the reading and is part of the outcome. */
static void read_in(const struct wire *wire, struct str bytes, size_t step, struct buf *text)
{
	struct reading reading = {.wire = wire};
	cleanup_sse struct sse sse = {0};
	struct err err = {0};
	int r = 0;

	reply_init(&reading.reply, NULL);
	sse_init(&sse, take, &reading);
	for (size_t at = 0; r == 0 && at < bytes.len; at += step)
		r = sse_feed(&sse, str_head(str_from(bytes, at), step), &err);
	if (r == 0)
		r = sse_finish(&sse, &err);
	if (r == 0 && !reading.reply.is_ended && wire->finish)
		wire->finish(&reading.reply);
	put_outcome(&reading.reply, text);
	buf_addf(text, "%d", r);
	reply_fini(&reading.reply);
}

static void must_be_json(struct str text)
{
	cleanup_json yyjson_doc *doc = NULL;
	enum json_fault fault;

	while (text.len && text.data[text.len - 1] != ']')
		text.len--;
	doc = json_read(text, &fault, NULL);
	if (!doc && fault != JSON_TOO_DEEP)
		abort();
}

void wire_check(const struct wire *wire, const uint8_t *bytes, size_t size)
{
	cleanup_buf struct buf whole = BUF_INIT, cut = BUF_INIT;
	struct str stream;

	if (size < 2)
		return;
	stream = (struct str){(const char *)bytes + 1, size - 1};
	read_in(wire, stream, stream.len, &whole);
	read_in(wire, stream, bytes[0] % 16 + 1, &cut);
	if (!str_eq(buf_str(&whole), buf_str(&cut)))
		abort();
	must_be_json(buf_str(&whole));
}
