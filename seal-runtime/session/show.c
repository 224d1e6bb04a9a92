#include "session/readable.h"
#include "session/state.h"

#include "base/utf8.h"

/* More than this of a tool's output is not put on the screen; the log and the
 * agent have it. */
#define SHOWN_MAX ((size_t)64 << 10)

struct json session_update_begin(struct buf *buf, const char *session_id, const char *kind)
{
	struct json w = json_to(buf);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(session_id));
	json_key(&w, "update");
	json_object(&w);
	json_kv(&w, "sessionUpdate", str_of(kind));
	return w;
}

void session_update_end(struct json *w)
{
	json_end(w);
	json_end(w);
}

static void put_text(struct json *w, const char *key, struct str text)
{
	json_key(w, key);
	json_object(w);
	json_kv(w, "type", STR("text"));
	json_kv(w, "text", text);
	json_end(w);
}

static void put_contents(struct json *w, struct str text)
{
	json_key(w, "content");
	json_array(w);
	json_object(w);
	json_kv(w, "type", STR("content"));
	put_text(w, "content", str_head(text, utf8_cut(text, SHOWN_MAX)));
	json_end(w);
	json_end(w);
}

/* ACP knows two kinds of words; console.print and warnings are told apart for
 * our own clients in _meta. */
static void show_words(struct session *session, enum show_kind kind, struct str text)
{
	static const struct {
		const char *update, *meta;
	} kinds[] = {
	    [SHOW_TEXT] = {"agent_message_chunk", NULL},
	    [SHOW_THOUGHT] = {"agent_thought_chunk", NULL},
	    [SHOW_PRINT] = {"agent_thought_chunk", "{\"seal\":{\"level\":\"print\"}}"},
	    [SHOW_WARN] = {"agent_thought_chunk", "{\"seal\":{\"level\":\"warn\"}}"},
	};
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = session_update_begin(&params, session->id, kinds[kind].update);

	put_text(&w, "content", text);
	if (kinds[kind].meta)
		json_kv_raw(&w, "_meta", str_of(kinds[kind].meta));
	session_update_end(&w);
	if (!params.failed)
		link_notice(&session->link, "session/update", buf_str(&params));
}

static void put_if(struct json *w, const char *key, struct str text)
{
	if (text.len)
		json_kv(w, key, text);
}

static void put_title(struct json *w, yyjson_val *tool)
{
	struct str subject = json_str(tool, "subject");
	cleanup_buf struct buf title = BUF_INIT;

	buf_add(&title, json_str(tool, "title"));
	if (subject.len)
		buf_addc(&title, ' ');
	buf_add(&title, subject);
	json_kv(w, "title", buf_str(&title));
}

/* Absolute, as editors want it. */
static void put_path(struct json *w, const struct session *session, struct str path)
{
	cleanup_buf struct buf whole = BUF_INIT;

	if (!str_starts(path, STR("/"))) {
		buf_adds(&whole, session->meta.root);
		buf_addc(&whole, '/');
	}
	buf_add(&whole, path);
	json_kv(w, "path", buf_str(&whole));
}

static void put_location(struct json *w, const struct session *session, struct str path)
{
	json_key(w, "locations");
	json_array(w);
	json_object(w);
	put_path(w, session, path);
	json_end(w);
	json_end(w);
}

static void put_change(struct json *w, const struct session *session, struct str path,
		       struct str before, struct str after)
{
	json_object(w);
	json_kv(w, "type", STR("diff"));
	put_path(w, session, path);
	json_key(w, "oldText");
	if (before.data)
		json_put(w, before);
	else
		json_put_null(w);
	json_kv(w, "newText", after);
	json_end(w);
}

/* The arguments of file-edit: path, edits; of file-write: path, text. */
static void put_changes(struct json *w, const struct session *session, yyjson_val *tool)
{
	yyjson_val *args = yyjson_obj_get(tool, "args");
	struct str path = json_text(yyjson_arr_get(args, 0));
	yyjson_val *what = yyjson_arr_get(args, 1);
	yyjson_val *edit;
	size_t i, n;

	json_key(w, "content");
	json_array(w);
	if (yyjson_is_str(what))
		put_change(w, session, path, (struct str){NULL, 0}, json_text(what));
	yyjson_arr_foreach(what, i, n, edit)
	    put_change(w, session, path, json_str(edit, "old"), json_str(edit, "new"));
	json_end(w);
}

/* The gate's word for the kind of a call is ACP's. */
void session_put_tool(struct json *w, const struct session *session, yyjson_val *tool)
{
	struct str kind = json_str(tool, "kind");
	struct str subject = json_str(tool, "subject");

	json_kv(w, "toolCallId", json_str(tool, "id"));
	put_title(w, tool);
	json_kv(w, "kind", kind);
	json_kv(w, "status", STR("in_progress"));
	if (subject.len && (str_is(kind, "read") || str_is(kind, "edit") || str_is(kind, "delete")))
		put_location(w, session, subject);
	if (str_is(kind, "edit"))
		put_changes(w, session, tool);
	json_key(w, "rawInput");
	json_object(w);
	json_kv(w, "call", json_str(tool, "call"));
	json_kv(w, "subject", subject);
	json_key(w, "args");
	json_put_val(w, yyjson_obj_get(tool, "args"));
	json_end(w);
}

static void put_tool_output(struct json *w, const struct session *session, yyjson_val *tool)
{
	(void)session;
	json_kv(w, "toolCallId", json_str(tool, "id"));
	json_kv(w, "status", STR("in_progress"));
	put_contents(w, json_str(tool, "text"));
	json_kv_raw(w, "_meta", STR("{\"seal\":{\"tail\":true}}"));
}

/* Text for the screen: the diff, or what the call gave. */
static void put_tool_result(struct json *w, yyjson_val *tool)
{
	cleanup_buf struct buf text = BUF_INIT;

	buf_add(&text, json_str(tool, "diff"));
	if (text.len == 0)
		readable_result(yyjson_obj_get(tool, "result"), &text);
	if (text.len)
		put_contents(w, buf_str(&text));
}

static void put_tool_end(struct json *w, const struct session *session, yyjson_val *tool)
{
	struct str outcome = json_str(tool, "outcome");
	bool is_done = str_is(outcome, "done");

	(void)session;
	json_kv(w, "toolCallId", json_str(tool, "id"));
	json_kv(w, "status", is_done ? STR("completed") : STR("failed"));
	put_tool_result(w, tool);
	json_key(w, "_meta");
	json_object(w);
	json_key(w, "seal");
	json_object(w);
	json_kv(w, "outcome", outcome);
	put_if(w, "rule", json_str(tool, "rule"));
	put_if(w, "diff", json_str(tool, "diff"));
	put_if(w, "path", json_str(tool, "path"));
	json_end(w);
	json_end(w);
}

static void put_usage(struct json *w, const struct session *session, yyjson_val *usage)
{
	yyjson_val *cost = yyjson_obj_get(usage, "cost");

	(void)session;
	json_kv_int(w, "used", json_int(usage, "context", 0));
	json_kv_int(w, "size", json_int(usage, "size", 0));
	if (yyjson_is_num(cost) && yyjson_get_num(cost) >= 0) {
		json_key(w, "cost");
		json_object(w);
		json_key(w, "amount");
		json_put_val(w, cost);
		json_kv(w, "currency", STR("USD"));
		json_end(w);
	}
	json_key(w, "_meta");
	json_object(w);
	json_key(w, "seal");
	json_put_val(w, usage);
	json_end(w);
}

void session_put_plan(struct json *w, yyjson_val *tasks)
{
	static const struct {
		const char *agent, *wire;
	} states[] = {
	    {"pending", "pending"},
	    {"active", "in_progress"},
	    {"done", "completed"},
	    {"dropped", "completed"},
	};
	yyjson_val *task;
	size_t i, n;

	json_key(w, "entries");
	json_array(w);
	yyjson_arr_foreach(tasks, i, n, task)
	{
		json_object(w);
		json_kv(w, "content", json_str(task, "title"));
		json_kv(w, "priority", STR("medium"));
		for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++)
			if (str_is(json_str(task, "state"), states[k].agent))
				json_kv(w, "status", str_of(states[k].wire));
		json_end(w);
	}
	json_end(w);
}

static void put_plan(struct json *w, const struct session *session, yyjson_val *tasks)
{
	(void)session;
	session_put_plan(w, tasks);
}

static const struct {
	const char *update;
	void (*put)(struct json *w, const struct session *session, yyjson_val *val);
} structured[] = {
    [SHOW_TOOL] = {"tool_call", session_put_tool},
    [SHOW_TOOL_OUTPUT] = {"tool_call_update", put_tool_output},
    [SHOW_TOOL_END] = {"tool_call_update", put_tool_end},
    [SHOW_USAGE] = {"usage_update", put_usage},
    [SHOW_TASKS] = {"plan", put_plan},
    [SHOW_WARN] = {NULL, NULL},
};

/* Never blocks for long and may drop: what is shown is not what is logged. */
void session_show(void *ctx, enum show_kind kind, struct str text)
{
	struct session *session = ctx;
	cleanup_json yyjson_doc *doc = NULL;
	cleanup_buf struct buf params = BUF_INIT;
	struct json w;

	if (!structured[kind].put) {
		show_words(session, kind, text);
		return;
	}
	doc = json_read(text, NULL, NULL);
	if (!doc)
		return;
	w = session_update_begin(&params, session->id, structured[kind].update);
	structured[kind].put(&w, session, yyjson_doc_get_root(doc));
	session_update_end(&w);
	if (!params.failed)
		link_notice(&session->link, "session/update", buf_str(&params));
}
