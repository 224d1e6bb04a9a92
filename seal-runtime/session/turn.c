#include "session/state.h"

#include <stdio.h>
#include <time.h>

#include "audit/audit.h"
#include "base/err.h"
#include "base/utf8.h"
#include "gate/gate.h"
#include "host/host.h"
#include "llm/llm.h"
#include "manifest/manifest.h"
#include "session/agents/agents.h"
#include "session/cancel.h"
#include "session/guidance/guidance.h"

#define TITLE_MAX 80

/* What the person attached is marked with its name, so that the agent can tell
 * it from what the person wrote. */
static void put_resource(struct buf *message, yyjson_val *resource)
{
	struct str text = json_str(resource, "text");

	buf_adds(message, "<file name=\"");
	buf_add(message, json_str(resource, "uri"));
	buf_adds(message, "\">\n");
	buf_add(message, text);
	buf_adds(message, str_ends(text, STR("\n")) ? "</file>" : "\n</file>");
}

static int put_block(struct buf *message, yyjson_val *block, struct err *err)
{
	struct str type = json_str(block, "type");

	if (message->len)
		buf_adds(message, "\n\n");
	if (str_is(type, "text")) {
		buf_add(message, json_str(block, "text"));
	} else if (str_is(type, "resource_link")) {
		buf_adds(message, "[");
		buf_add(message, json_str(block, "name"));
		buf_adds(message, "](");
		buf_add(message, json_str(block, "uri"));
		buf_adds(message, ")");
	} else if (str_is(type, "resource")) {
		put_resource(message, yyjson_obj_get(block, "resource"));
	} else {
		return err_set(err, ERR_INPUT,
			       "session/prompt: content of type \"%.*s\" is not supported",
			       STR_ARG(str_head(type, 64)));
	}
	return 0;
}

static int read_prompt(yyjson_val *params, struct buf *ret_message, struct err *err)
{
	yyjson_val *block;
	size_t i, n;

	yyjson_arr_foreach(yyjson_obj_get(params, "prompt"), i, n,
			   block) if (put_block(ret_message, block, err) < 0) return err->code;
	if (buf_check(ret_message, "the prompt", err) < 0)
		return err->code;
	if (str_trim(buf_str(ret_message)).len == 0)
		return err_set(err, ERR_INPUT, "session/prompt: the prompt is empty");
	return 0;
}

/* The person may have given the session another name meanwhile. */
static void look_at_title(struct session *session)
{
	cleanup_folder_meta struct folder_meta meta = {0};
	struct err ignored;

	if (folder_meta_read(session->dir, &meta, &ignored) < 0 || meta.title[0] == '\0')
		return;
	free(session->meta.title);
	session->meta.title = take_ptr(meta.title);
}

/* The first line of the first prompt names the session in lists. */
static int touch(struct session *session, struct str message, struct err *err)
{
	look_at_title(session);
	if (session->meta.title[0] == '\0') {
		struct str title = str_trim(message);

		title = str_head(title, str_chr(title, '\n'));
		title = str_head(title, utf8_cut(title, TITLE_MAX));
		free(session->meta.title);
		session->meta.title = str_dup(title);
		if (!session->meta.title)
			return err_nomem(err);
	}
	session->meta.updated = (int64_t)time(NULL);
	return folder_meta_write(session->dir, session->id, &session->meta, err);
}

/* Both ends of the export in the log; the second puts all of it on the disk. */
static int call(struct session *session, struct str args, struct buf *ret_result, struct err *err)
{
	const char *outcome = "ok";
	struct err log_err;
	uint64_t seq, fuel = 0;
	int r, logged;

	if (audit_export_begin(session->audit, "handle-message", args, &seq, err) < 0)
		return err->code;
	r = host_export(session->host, "handle-message", args, ret_result, &fuel, err);
	if (r < 0)
		outcome = cancel_is_wanted() ? "cancelled" : "trap";
	logged = audit_export_end(session->audit, seq, outcome,
				  r < 0 ? str_of(err->text) : buf_str(ret_result), fuel, &log_err);
	if (r >= 0 && logged < 0) {
		*err = log_err;
		return err->code;
	}
	return r;
}

/* The agent's word for why it stopped -> ACP's. */
static const struct {
	const char *agent, *wire;
} stops[] = {
    {"end-turn", "end_turn"}, {"max-tokens", "max_tokens"}, {"limit", "max_turn_requests"},
    {"refusal", "refusal"},   {"cancelled", "cancelled"},
};

static const char *stop_reason(struct str agent)
{
	if (cancel_is_wanted())
		return "cancelled";
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		if (str_is(agent, stops[i].agent))
			return stops[i].wire;
	return "end_turn";
}

static void put_result(struct session *session, yyjson_val *turn, struct buf *ret_json)
{
	const struct turn_counts *before = &session->counts;
	struct json w = json_to(ret_json);
	char head[65];
	uint64_t count = 0;

	audit_head(session->audit, head, &count);
	json_object(&w);
	json_kv(&w, "stopReason", str_of(stop_reason(json_str(turn, "stop"))));
	json_key(&w, "_meta");
	json_object(&w);
	json_key(&w, "seal");
	json_object(&w);
	json_kv_int(&w, "seq", (int64_t)count);
	json_kv_int(&w, "toolCalls", before->tool_calls + json_int(turn, "tool-calls", 0));
	json_kv_int(&w, "llmCalls", before->llm_calls + json_int(turn, "llm-calls", 0));
	json_end(&w);
	json_end(&w);
	json_end(&w);
}

static int read_result(struct session *session, struct buf *result, struct buf *ret_json,
		       const char **ret_fault, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(buf_str(result), NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct str failed = json_str(root, "err");

	if (failed.data && !cancel_is_wanted()) {
		*ret_fault = !session->model_failed ? FAULT_AGENT
			     : gate_is_at_limit(session->gate) ? FAULT_LIMIT
							       : FAULT_MODEL;
		return err_set(err, ERR_GONE, "%.*s", STR_ARG(failed));
	}
	put_result(session, yyjson_obj_get(root, "ok"), ret_json);
	return 0;
}

/* A guest that trapped is of no more use; the next prompt makes another from
 * what it had saved. */
static int after_trap(struct session *session, struct buf *ret_json, const char **ret_fault,
		      struct err *err)
{
	cancel_set_host(NULL);
	host_free(take_ptr(session->host));
	if (cancel_is_wanted()) {
		put_result(session, NULL, ret_json);
		return 0;
	}
	*ret_fault = FAULT_AGENT;
	return err_wrap(err, "the agent was stopped");
}

/* The turn of the past that a fork was made in comes first: `is_all` when
 * nothing is to be said behind it. */
static int finish_fork(struct session *session, bool is_all, struct buf *ret_json,
		       const char **ret_fault, struct err *err)
{
	cleanup_buf struct buf result = BUF_INIT;

	int r;

	*ret_fault = FAULT_SESSION;
	session->model_failed = false;
	r = session_go_on(session, &result, err);
	session->is_forked = audit_is_forked(session->audit);
	if (r < 0)
		return r == ERR_GONE ? after_trap(session, ret_json, ret_fault, err) : r;
	return is_all ? read_result(session, &result, ret_json, ret_fault, err) : 0;
}

static int run(struct session *session, struct str message, struct buf *ret_json,
	       const char **ret_fault, struct err *err)
{
	cleanup_buf struct buf args = BUF_INIT;
	cleanup_buf struct buf result = BUF_INIT;
	cleanup_buf struct buf expanded = BUF_INIT;
	cleanup_json yyjson_doc *masked = NULL;
	struct json w = json_to(&args);

	session->model_failed = false;
	if (!session->host && session_wake(session, ret_fault, err) < 0)
		return err->code;
	*ret_fault = FAULT_SESSION;
	if (guidance_expand(session->meta.root, message, &expanded))
		message = buf_str(&expanded);
	json_array(&w);
	json_put(&w, message);
	json_end(&w);
	gate_mask(session->gate, &args);
	if (buf_check(&args, "the prompt", err) < 0)
		return err->code;
	masked = json_read(buf_str(&args), NULL, NULL);
	message = json_text(yyjson_arr_get_first(yyjson_doc_get_root(masked)));
	if (touch(session, message.data ? message : STR(""), err) < 0)
		return err->code;
	session->had_turns = true;
	session->counts = (struct turn_counts){ 0 };
	if (call(session, buf_str(&args), &result, err) < 0 ||
	    agents_run(session, &result, &session->counts, err) < 0)
		return after_trap(session, ret_json, ret_fault, err);
	return read_result(session, &result, ret_json, ret_fault, err);
}

double session_cost_limit(const struct session *session, double own)
{
	double asked = session->turn_max_cost;

	return asked > 0 && (own <= 0 || asked < own) ? asked : own;
}

static int64_t lower(int64_t a, int64_t b)
{
	return a && (!b || a < b) ? a : b;
}

/* What the prompt asks for may lower the manifest's limits, never raise them.  The
 * next turn begins with the manifest's again. */
static int limit(struct session *session, yyjson_val *params, struct err *err)
{
	double before = session->manifest->limits.max_cost_usd;
	yyjson_val *cost = yyjson_obj_get(params, "maxCostUsd");

	session->turn_max_cost = yyjson_is_num(cost) ? yyjson_get_num(cost) : 0;
	session->manifest->limits.max_cost_usd =
		session_cost_limit(session, session->manifest_max_cost);
	gate_begin_turn(session->gate,
			lower(json_int(params, "maxTurns", 0), session_max_turns(session)));
	if (session->manifest->limits.max_cost_usd == before)
		return 0;
	return llm_reload(session->llm, session->manifest, err);
}

int session_turn(struct session *session, yyjson_val *params, struct buf *ret_json,
		 const char **ret_fault, struct err *err)
{
	bool is_all = json_bool(params, "continue", false);
	cleanup_buf struct buf message = BUF_INIT;
	int r = 0;

	*ret_fault = FAULT_SESSION;
	if (read_prompt(params, &message, err) < 0)
		return err->code;
	/* The person may have edited and signed seal.toml since the last turn. */
	session_reload(session);
	if (limit(session, params, err) < 0)
		return err->code;
	cancel_turn_begin((int)json_int(params, "turn", 0));
	if (is_all && !session->is_forked)
		r = err_set(err, ERR_INPUT, "session/prompt: there is no turn to go on with");
	else if (session->is_forked)
		r = finish_fork(session, is_all, ret_json, ret_fault, err);
	if (r >= 0 && !is_all)
		r = run(session, buf_str(&message), ret_json, ret_fault, err);
	cancel_turn_end();
	return r;
}
