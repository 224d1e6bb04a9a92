/*
 * Reads a captured event stream as llm/ does, whole, cut in two at every byte,
 * and byte by byte, and prints the reply when all of them gave the same:
 *
 *   capture anthropic|chat|responses FILE        {"ok":reply} or {"err":llm-error}
 *   capture events FILE                          [[name, data], ...]
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
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

static void put_outcome(const struct reply *reply, struct buf *ret_json)
{
	struct json w = json_to(ret_json);

	json_object(&w);
	json_key(&w, reply->fault.kind ? "err" : "ok");
	if (reply->fault.kind)
		fault_write(&reply->fault, &w);
	else
		reply_write(reply, &w);
	json_end(&w);
}

/* In two pieces, or byte by byte when cut is past the end. */
static int feed(struct sse *sse, struct str bytes, size_t cut, struct err *err)
{
	int r = 0;

	if (cut <= bytes.len) {
		r = sse_feed(sse, str_head(bytes, cut), err);
		if (r == 0)
			r = sse_feed(sse, str_from(bytes, cut), err);
		return r;
	}
	for (size_t i = 0; r == 0 && i < bytes.len; i++)
		r = sse_feed(sse, (struct str){bytes.data + i, 1}, err);
	return r;
}

/* ---- the events alone ---- */

static int list_event(void *ctx, const struct sse_event *event, struct err *err)
{
	struct json *w = ctx;

	(void)err;
	json_array(w);
	json_put(w, event->name);
	json_put(w, event->data);
	json_end(w);
	return 0;
}

static int read_events(struct str bytes, size_t cut, struct buf *ret_json, struct err *err)
{
	cleanup_sse struct sse sse = {0};
	struct json w = json_to(ret_json);
	int r;

	json_array(&w);
	sse_init(&sse, list_event, &w);
	r = feed(&sse, bytes, cut, err);
	if (r == 0)
		r = sse_finish(&sse, err);
	json_end(&w);
	return r;
}

static int read_cut(const struct wire *wire, struct str bytes, size_t cut, struct buf *ret_json,
		    struct err *err)
{
	struct reading reading = {.wire = wire};
	cleanup_sse struct sse sse = {0};
	int r;

	if (!wire)
		return read_events(bytes, cut, ret_json, err);

	reply_init(&reading.reply, NULL);
	sse_init(&sse, take, &reading);
	r = feed(&sse, bytes, cut, err);
	if (r == 0)
		r = sse_finish(&sse, err);
	if (r == 0 && !reading.reply.is_ended && wire->finish)
		wire->finish(&reading.reply);
	if (r == 0)
		put_outcome(&reading.reply, ret_json);
	reply_fini(&reading.reply);
	return r;
}

static int run(const struct wire *wire, const char *path, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT, whole = BUF_INIT;
	int r = fd_read_file(AT_FDCWD, path, (size_t)1 << 24, &text, err);

	if (r == 0)
		r = read_cut(wire, buf_str(&text), text.len, &whole, err);
	for (size_t cut = 0; r == 0 && cut <= text.len + 1; cut++) {
		cleanup_buf struct buf other = BUF_INIT;

		r = read_cut(wire, buf_str(&text), cut, &other, err);
		if (r == 0 && !str_eq(buf_str(&whole), buf_str(&other)))
			r = err_set(err, ERR_INTERNAL, "%s: another reply when cut at %zu", path,
				    cut);
	}
	if (r < 0)
		return r;
	(void)printf("%.*s\n", STR_ARG(buf_str(&whole)));
	return 0;
}

int main(int argc, char **argv)
{
	const struct wire *wire;
	struct err err;

	if (argc != 3)
		return 64;
	wire = strcmp(argv[1], "anthropic") == 0 ? &wire_anthropic
	       : strcmp(argv[1], "chat") == 0    ? &wire_openai_chat
	       : strcmp(argv[1], "events") == 0  ? NULL
						 : &wire_openai_responses;
	if (run(wire, argv[2], &err) == 0)
		return 0;
	(void)fprintf(stderr, "%s\n", err.text);
	return 1;
}
