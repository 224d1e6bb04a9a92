#include "session/agents/agents.h"

#include <stdio.h>

#include "audit/audit.h"
#include "base/err.h"
#include "gate/gate.h"
#include "host/host.h"
#include "session/cancel.h"
#include "session/state.h"

#define EXPORT_NAME_MAX 48

/* One agent: its instance, and its number in the log. */
struct running {
	struct session *session;
	struct host *host;
	unsigned int number;
};

/* Both ends of an export in the log. */
static int export(const struct running *agent, const char *name, struct str args,
		  struct buf *ret_result, struct err *err)
{
	struct audit *audit = agent->session->audit;
	char logged[EXPORT_NAME_MAX];
	struct err log_err;
	uint64_t seq, fuel = 0;
	int r, written;

	(void)snprintf(logged, sizeof(logged), "a%u.%s", agent->number, name);
	if (audit_export_begin(audit, logged, args, &seq, err) < 0)
		return err->code;
	r = host_export(agent->host, name, args, ret_result, &fuel, err);
	written = audit_export_end(audit, seq,
				   r >= 0 ? "ok" : cancel_is_wanted() ? "cancelled" : "trap",
				   r < 0 ? str_of(err->text) : buf_str(ret_result), fuel, &log_err);
	if (r >= 0 && written < 0) {
		*err = log_err;
		return err->code;
	}
	return r;
}

static int say(const struct running *agent, struct str message, struct buf *ret_result,
	       struct err *err)
{
	cleanup_buf struct buf args = BUF_INIT;
	struct json w = json_to(&args);

	json_array(&w);
	json_put(&w, message);
	json_end(&w);
	if (buf_check(&args, "the task", err) < 0)
		return err->code;
	return export(agent, "handle-message", buf_str(&args), ret_result, err);
}

static int init(const struct running *agent, const struct gate_agent *child, struct err *err)
{
	cleanup_buf struct buf context = BUF_INIT, args = BUF_INIT, result = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = json_to(&args);
	char id[64];

	if (session_context_of(agent->session, child, &context, err) < 0)
		return err->code;
	gate_mask(agent->session->gate, &context);
	(void)snprintf(id, sizeof(id), "%s/a%u", agent->session->id, agent->number);
	json_array(&w);
	json_put(&w, str_of(id));
	json_put(&w, buf_str(&context));
	json_end(&w);
	if (buf_check(&args, "the project context", err) < 0 ||
	    export(agent, "init", buf_str(&args), &result, err) < 0)
		return err->code;
	doc = json_read(buf_str(&result), NULL, NULL);
	if (json_str(yyjson_doc_get_root(doc), "err").data)
		return err_set(err, ERR_GONE, "%.*s",
			       STR_ARG(json_str(yyjson_doc_get_root(doc), "err")));
	return 0;
}

static int work(struct running *agent, struct buf *result, struct turn_counts *counts,
		struct err *err);

static int run_child(struct session *session, const struct gate_agent *child, struct buf *result,
		     struct turn_counts *counts, struct err *err)
{
	cleanup_with(host_free) struct host *host = NULL;
	struct running agent = { session, NULL, gate_agent_number(child) };
	int r = session_make_host(session, &host, err);

	if (r < 0)
		return r;
	agent.host = host;
	cancel_set_host(host);
	r = init(&agent, child, err);
	if (r >= 0)
		r = say(&agent, str_of(gate_agent_task(child)), result, err);
	if (r >= 0)
		r = work(&agent, result, counts, err);
	cancel_set_host(NULL);
	return r;
}

static void count(yyjson_val *turn, struct turn_counts *counts)
{
	counts->tool_calls += json_int(turn, "tool-calls", 0);
	counts->llm_calls += json_int(turn, "llm-calls", 0);
}

/* The child's last text, or after "the agent" what became of it. */
static void leave(struct session *session, int r, struct buf *result, const struct err *why,
		  struct turn_counts *counts)
{
	cleanup_json yyjson_doc *doc = json_read(buf_str(result), NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc), *turn = yyjson_obj_get(root, "ok");
	cleanup_buf struct buf text = BUF_INIT;
	struct str stop = json_str(turn, "stop");

	count(turn, counts);
	if (r >= 0 && turn && (str_is(stop, "end-turn") || str_is(stop, "max-tokens"))) {
		gate_agent_leave(session->gate, true, json_str(turn, "text"));
		return;
	}
	if (r < 0)
		buf_addf(&text, "was stopped: %s", why->text);
	else if (turn)
		buf_addf(&text, "ended with \"%.*s\" before it was done; so far it said: %.*s",
			 STR_ARG(stop), STR_ARG(json_str(turn, "text")));
	else
		buf_addf(&text, "failed: %.*s", STR_ARG(json_str(root, "err")));
	gate_agent_leave(session->gate, false, buf_str(&text));
}

/* False: there was none, so nothing will ever be answered. */
static bool run_children(struct session *session, struct turn_counts *counts)
{
	bool has_run = false;
	struct gate_agent *child;

	while (!cancel_is_wanted() && (child = gate_agent_next(session->gate))) {
		cleanup_buf struct buf result = BUF_INIT;
		struct err why = { 0 };
		int r;

		gate_agent_enter(session->gate, child);
		r = run_child(session, child, &result, counts, &why);
		leave(session, r, &result, &why, counts);
		has_run = true;
	}
	return has_run;
}

static bool waits_for_agents(const struct buf *result)
{
	cleanup_json yyjson_doc *doc = json_read(buf_str(result), NULL, NULL);
	yyjson_val *turn = yyjson_obj_get(yyjson_doc_get_root(doc), "ok");

	return str_is(json_str(turn, "stop"), "agents");
}

static int work(struct running *agent, struct buf *result, struct turn_counts *counts,
		struct err *err)
{
	while (waits_for_agents(result) && !cancel_is_wanted()) {
		cleanup_json yyjson_doc *doc = json_read(buf_str(result), NULL, NULL);

		count(yyjson_obj_get(yyjson_doc_get_root(doc), "ok"), counts);
		if (!run_children(agent->session, counts) || cancel_is_wanted())
			return 0;
		cancel_set_host(agent->host);
		buf_clear(result);
		if (say(agent, STR("/agents"), result, err) < 0)
			return err->code;
	}
	return 0;
}

int agents_run(struct session *session, struct buf *result, struct turn_counts *counts,
	       struct err *err)
{
	struct running agent = { session, session->host, 0 };
	int r = work(&agent, result, counts, err);

	cancel_set_host(session->host);
	return r;
}
