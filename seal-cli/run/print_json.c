/*
 * JSON lines on stdout: thread.started, turn.started, item.started,
 * item.completed, turn.completed or turn.failed.  `seq` is the number of the
 * log's newest record known at that line.
 */
#include "seal-cli/run/print.h"

#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

struct line {
	struct buf buf;
	struct json w;
};

static void line_begin(struct line *line, const struct print *print, const char *type)
{
	line->buf = BUF_INIT;
	line->w = json_to(&line->buf);
	json_object(&line->w);
	json_kv(&line->w, "type", str_of(type));
	json_kv_int(&line->w, "seq", print->seq);
}

/* Who does not read his end of the pipe gets no more; the turn goes on. */
static void line_end(struct line *line)
{
	struct err ignored;

	json_end(&line->w);
	buf_addc(&line->buf, '\n');
	if (!line->buf.failed)
		(void)fd_write_all(STDOUT_FILENO, buf_str(&line->buf), &ignored);
	buf_fini(&line->buf);
}

static void item_begin(struct line *line, const struct print *print, const char *state,
		       struct str id, const char *type)
{
	line_begin(line, print, state);
	json_key(&line->w, "item");
	json_object(&line->w);
	if (id.len)
		json_kv(&line->w, "id", id);
	json_kv(&line->w, "type", str_of(type));
}

static void item_end(struct line *line)
{
	json_end(&line->w);
	line_end(line);
}

static void begin(struct print *print, struct str session_id, const char *prompt)
{
	struct line line;

	(void)prompt;
	line_begin(&line, print, "thread.started");
	json_kv(&line.w, "thread_id", session_id);
	line_end(&line);
	line_begin(&line, print, "turn.started");
	line_end(&line);
}

static void again(struct print *print)
{
	struct line line;

	line_begin(&line, print, "turn.started");
	line_end(&line);
}

/* Words come in pieces; an item is a whole message. */
static void flush_words(struct print *print)
{
	struct line line;

	if (print->text.len == 0)
		return;
	item_begin(&line, print, "item.completed", STR(""),
		   print->is_thought ? "reasoning" : "agent_message");
	json_kv(&line.w, "text", buf_str(&print->text));
	item_end(&line);
	buf_clear(&print->text);
}

static void words(struct print *print, struct str text, bool is_thought)
{
	if (is_thought != print->is_thought)
		flush_words(print);
	print->is_thought = is_thought;
	buf_add(&print->text, text);
}

static void remark(struct print *print, struct str level, struct str text)
{
	struct line line;

	flush_words(print);
	item_begin(&line, print, "item.completed", STR(""), "remark");
	json_kv(&line.w, "level", level);
	json_kv(&line.w, "text", text);
	item_end(&line);
}

static const struct {
	const char *call, *item, *change;
} items[] = {
    {"tools.command-run", "command_execution", NULL},
    {"tools.file-write", "file_change", "update"},
    {"tools.file-edit", "file_change", "update"},
    {"tools.file-delete", "file_change", "delete"},
};

/* The members by which a reader tells what the item is about. */
static void put_item(struct line *line, const struct print_call *call)
{
	const char *change = NULL;

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (strcmp(items[i].call, call->call) == 0)
			change = items[i].change;
	if (strcmp(call->call, "tools.command-run") == 0) {
		json_kv(&line->w, "command", str_of(call->subject));
	} else if (change) {
		json_key(&line->w, "changes");
		json_array(&line->w);
		json_object(&line->w);
		json_kv(&line->w, "path", str_of(call->subject));
		json_kv(&line->w, "kind", str_of(change));
		json_end(&line->w);
		json_end(&line->w);
	} else {
		json_kv(&line->w, "tool", str_of(call->call));
		json_kv(&line->w, "subject", str_of(call->subject));
	}
}

static const char *item_of(const struct print_call *call)
{
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (strcmp(items[i].call, call->call) == 0)
			return items[i].item;
	return "tool_call";
}

static void call(struct print *print, const struct print_call *call)
{
	struct line line;

	flush_words(print);
	item_begin(&line, print, "item.started", str_of(call->id), item_of(call));
	put_item(&line, call);
	json_kv(&line.w, "status", STR("in_progress"));
	item_end(&line);
}

static const char *status_of(yyjson_val *update, struct str outcome)
{
	if (str_is(outcome, "denied"))
		return "declined";
	return str_is(json_str(update, "status"), "completed") ? "completed" : "failed";
}

static void call_end(struct print *print, const struct print_call *call, yyjson_val *update)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(update, "_meta"), "seal");
	yyjson_val *content = yyjson_arr_get(yyjson_obj_get(update, "content"), 0);
	struct str text = json_str(yyjson_obj_get(content, "content"), "text");
	struct str outcome = json_str(seal, "outcome");
	struct line line;

	item_begin(&line, print, "item.completed", str_of(call->id), item_of(call));
	put_item(&line, call);
	if (text.data)
		json_kv(&line.w, "aggregated_output", text);
	if (yyjson_obj_get(seal, "exitCode")) {
		json_key(&line.w, "exit_code");
		json_put_val(&line.w, yyjson_obj_get(seal, "exitCode"));
	}
	json_kv(&line.w, "status", str_of(status_of(update, outcome)));
	json_kv(&line.w, "outcome", outcome);
	if (json_str(seal, "rule").len)
		json_kv(&line.w, "rule", json_str(seal, "rule"));
	item_end(&line);
}

static void denied(struct print *print, struct str subject, struct str why)
{
	struct line line;

	flush_words(print);
	item_begin(&line, print, "item.completed", STR(""), "permission");
	json_kv(&line.w, "subject", subject);
	json_kv(&line.w, "answer", STR("deny"));
	json_kv(&line.w, "reason", why);
	item_end(&line);
}

static void put_usage(struct line *line, const struct print *print)
{
	static const struct {
		const char *from, *to;
	} names[] = {
	    {"input", "input_tokens"},
	    {"cache-read", "cached_input_tokens"},
	    {"cache-write", "cache_write_input_tokens"},
	    {"output", "output_tokens"},
	};
	cleanup_json yyjson_doc *doc = json_read(buf_str(&print->usage), NULL, NULL);
	yyjson_val *usage = yyjson_doc_get_root(doc);

	json_key(&line->w, "usage");
	json_object(&line->w);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_kv_int(&line->w, names[i].to, json_int(usage, names[i].from, 0));
	json_end(&line->w);
}

static void end(struct print *print, struct str stop, struct str failure)
{
	struct line line;

	flush_words(print);
	line_begin(&line, print, failure.len ? "turn.failed" : "turn.completed");
	if (failure.len) {
		json_key(&line.w, "error");
		json_object(&line.w);
		json_kv(&line.w, "message", failure);
		json_end(&line.w);
	} else {
		json_kv(&line.w, "stop_reason", stop);
		put_usage(&line, print);
		if (print->output) {
			json_key(&line.w, "output");
			json_put_val(&line.w, print->output);
		}
	}
	line_end(&line);
}

const struct print_kind print_json = {begin, words, remark, call, call_end, denied, again, end};
