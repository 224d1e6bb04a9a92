#include "session/history.h"

#include <stdio.h>

#include "audit/read.h"
#include "base/err.h"
#include "base/utf8.h"
#include "session/state.h"

/* As in show.c: the log keeps the whole. */
#define SHOWN_MAX ((size_t)64 << 10)

/* Of the log, for a client that wants no more than a screen: hundreds of calls, so
 * that a session of any length is there at once. */
#define RECENT_MAX ((size_t)256 << 10)

struct telling {
	struct session *session;
	struct buf turn; /* lines of the turn that is being read */
	char call[64];   /* the open call */
	uint64_t seq;    /* its record */
	bool in_child;   /* what is said goes to another agent, not to the person */
};

static void telling_finip(struct telling *telling)
{
	buf_fini(&telling->turn);
}

static void add_line(struct telling *telling, struct json *w, struct buf *params)
{
	session_update_end(w);
	if (!params->failed)
		message_notice(&telling->turn, "session/update", buf_str(params));
}

static void tell_words(struct telling *telling, const char *kind, struct str text)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = session_update_begin(&params, telling->session->id, kind);

	json_key(&w, "content");
	json_object(&w);
	json_kv(&w, "type", STR("text"));
	json_kv(&w, "text", text);
	json_end(&w);
	add_line(telling, &w, &params);
}

static void tell_message(struct telling *telling, struct str args)
{
	cleanup_json yyjson_doc *doc = json_read(args, NULL, NULL);
	yyjson_val *message = yyjson_arr_get(yyjson_doc_get_root(doc), 0);

	if (yyjson_is_str(message))
		tell_words(telling, "user_message_chunk", json_text(message));
}

/* A reply of the model: its words and thoughts.  Its tool calls have records of
 * their own. */
static void tell_reply(struct telling *telling, struct str result)
{
	cleanup_json yyjson_doc *doc = json_read(result, NULL, NULL);
	yyjson_val *reply = yyjson_obj_get(yyjson_doc_get_root(doc), "ok");
	yyjson_val *block;
	size_t i, n;

	yyjson_arr_foreach(yyjson_obj_get(reply, "content"), i, n, block)
	{
		struct str text = json_str(yyjson_obj_get(block, "text"), "text");
		struct str thought = json_str(yyjson_obj_get(block, "thinking"), "text");

		if (thought.len)
			tell_words(telling, "agent_thought_chunk", thought);
		if (text.len)
			tell_words(telling, "agent_message_chunk", text);
	}
}

static void tell_plan(struct telling *telling, struct str args)
{
	cleanup_json yyjson_doc *doc = json_read(args, NULL, NULL);
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = session_update_begin(&params, telling->session->id, "plan");

	session_put_plan(&w, yyjson_arr_get(yyjson_doc_get_root(doc), 0));
	add_line(telling, &w, &params);
}

static void put_id(struct json *w, uint64_t seq)
{
	char id[24];

	(void)snprintf(id, sizeof(id), "c%llu", (unsigned long long)seq);
	json_kv(w, "toolCallId", str_of(id));
}

/* The first argument is the subject of every tool, or holds it. */
static struct str subject_of(yyjson_val *args)
{
	yyjson_val *first = yyjson_arr_get(args, 0);

	return yyjson_is_str(first) ? json_text(first) : json_str(first, "command");
}

/* As the gate showed it when it was made. */
static void tell_tool(struct telling *telling, struct str args)
{
	cleanup_json yyjson_doc *doc = json_read(args, NULL, NULL), *shown = NULL;
	cleanup_buf struct buf params = BUF_INIT;
	cleanup_buf struct buf tool = BUF_INIT;
	struct json w = json_to(&tool);
	char id[24];

	(void)snprintf(id, sizeof(id), "c%llu", (unsigned long long)telling->seq);
	json_object(&w);
	json_kv(&w, "id", str_of(id));
	json_kv(&w, "call", str_of(telling->call));
	json_kv(&w, "title", str_of(session_call_title(telling->call)));
	json_kv(&w, "kind", str_of(session_call_kind(telling->call)));
	json_kv(&w, "subject", subject_of(yyjson_doc_get_root(doc)));
	json_kv_raw(&w, "args", args);
	json_end(&w);
	shown = tool.failed ? NULL : json_read(buf_str(&tool), NULL, NULL);
	w = session_update_begin(&params, telling->session->id, "tool_call");
	session_put_tool(&w, telling->session, yyjson_doc_get_root(shown));
	add_line(telling, &w, &params);
}

static void tell_tool_end(struct telling *telling, struct str outcome, struct str result)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = session_update_begin(&params, telling->session->id, "tool_call_update");

	put_id(&w, telling->seq);
	json_kv(&w, "status", str_is(outcome, "done") ? STR("completed") : STR("failed"));
	json_key(&w, "content");
	json_array(&w);
	json_object(&w);
	json_kv(&w, "type", STR("content"));
	json_key(&w, "content");
	json_object(&w);
	json_kv(&w, "type", STR("text"));
	json_kv(&w, "text", str_head(result, utf8_cut(result, SHOWN_MAX)));
	json_end(&w);
	json_end(&w);
	json_end(&w);
	json_key(&w, "_meta");
	json_object(&w);
	json_key(&w, "seal");
	json_object(&w);
	json_kv(&w, "outcome", outcome);
	json_end(&w);
	json_end(&w);
	add_line(telling, &w, &params);
}

/* What the agent asks for itself, without the model, is on no screen. */
static bool is_tool(const struct telling *telling)
{
	return str_starts(str_of(telling->call), STR("tools.")) &&
	       strcmp(telling->call, "tools.external-tools") != 0;
}

/* Turns are told whole: the one under way comes to the client as it happens. */
static int flush(struct telling *telling, struct err *err)
{
	int r = link_send(&telling->session->link, &telling->turn, err);

	buf_clear(&telling->turn);
	return r;
}

static int tell(struct telling *telling, const struct audit_record *record, struct err *err)
{
	switch (record->kind) {
	case AUDIT_EXPORT_BEGIN:
		telling->in_child = str_starts(record->call, STR("a")) &&
				    !str_starts(record->call, STR("a0."));
		if (str_is(record->call, "handle-message"))
			tell_message(telling, record->payload);
		return 0;
	case AUDIT_EXPORT_END:
		return flush(telling, err);
	case AUDIT_BEGIN:
		if (str_is(record->call, "console.show-tasks") && !telling->in_child)
			tell_plan(telling, record->payload);
		(void)snprintf(telling->call, sizeof(telling->call), "%.*s", STR_ARG(record->call));
		telling->seq = record->seq;
		if (is_tool(telling))
			tell_tool(telling, record->payload);
		return 0;
	case AUDIT_END:
		if (is_tool(telling))
			tell_tool_end(telling, record->outcome, record->payload);
		else if (strcmp(telling->call, "llm.chat") == 0 && !telling->in_child)
			tell_reply(telling, record->payload);
		return 0;
	default:
		return 0;
	}
}

/* Nobody takes the end for the whole. */
static void tell_left_out(struct telling *telling, uint64_t n)
{
	cleanup_buf struct buf text = BUF_INIT;

	buf_addf(&text, "(%llu earlier records are not shown here: `seal audit show %s` has all.)\n\n",
		 (unsigned long long)n, telling->session->id);
	if (!text.failed)
		tell_words(telling, "agent_message_chunk", buf_str(&text));
}

static int read_log(struct telling *telling, const char *dir, bool is_recent, struct err *err)
{
	size_t size = is_recent ? RECENT_MAX : SIZE_MAX;
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_record record;
	uint64_t first;
	bool more;

	if (audit_reader_open_last(dir, size, &reader, &first, err) < 0)
		return err->code;
	if (first)
		tell_left_out(telling, first);
	for (;;) {
		if (audit_next(reader, &record, &more, err) < 0)
			return err->code;
		if (!more)
			return 0;
		if (tell(telling, &record, err) < 0)
			return err->code;
	}
}

int session_history(struct session *session, yyjson_val *params, struct buf *ret_json,
		    const char **ret_fault, struct err *err)
{
	cleanup_with(telling_fini) struct telling telling = {.session = session};
	struct str id = json_str(params, "sessionId");
	cleanup_free char *dir = NULL;

	*ret_fault = FAULT_SESSION;
	if (!folder_id_is_valid(id))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no session id",
			       STR_ARG(str_head(id, 64)));
	memcpy(session->id, id.data, id.len);
	if (folder_find(session->id, &dir, err) < 0 ||
	    folder_meta_read(dir, &session->meta, err) < 0)
		return err->code;
	if (read_log(&telling, dir, json_bool(params, "recent", false), err) < 0)
		return err_wrap(err, "the session's log");
	if (!json_bool(params, "running", false) && flush(&telling, err) < 0)
		return err->code;
	buf_adds(ret_json, "{}");
	return 0;
}
