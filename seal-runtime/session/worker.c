#include "session/worker.h"

#include <fcntl.h>

#include "audit/audit.h"
#include "base/err.h"
#include "base/log.h"
#include "gate/gate.h"
#include "host/host.h"
#include "llm/llm.h"
#include "manifest/manifest.h"
#include "session/cancel.h"
#include "session/history.h"
#include "session/look/look.h"
#include "session/state.h"
#include "session/guidance/guidance.h"

/* The host first: its guest must not call a gate that is gone. */
static void session_finip(struct session *session)
{
	cancel_set_host(NULL);
	host_free(session->host);
	gate_free(session->gate);
	audit_free(session->audit);
	llm_free(session->llm);
	manifest_free(session->manifest);
	manifest_free(session->manifest_before);
	folder_meta_fini(&session->meta);
	free(session->record);
	free(session->dir);
	closep(&session->lock);
	link_fini(&session->link);
}

static int start(struct session *session, yyjson_val *params, struct buf *ret_json,
                 const char **ret_fault, struct err *err)
{
	int r = session_start(session, params, ret_fault, err);

	if (r < 0)
		return r;
	session_describe(session, ret_json);
	return 0;
}

static const struct {
	const char *method;
	int (*run)(struct session *session, yyjson_val *params, struct buf *ret_json,
	           const char **ret_fault, struct err *err);
	bool needs_start;
} requests[] = {
	{ "_seal/start", start, false },
	{ "session/prompt", session_turn, true },
	{ "_seal/model", session_model, true },
	{ "_seal/history", session_history, false },
	{ "_seal/audit", look_audit, false },
	{ "_seal/records", look_records, false },
	{ "_seal/tasks", look_tasks, false },
	{ "_seal/undo", look_undo, false },
	{ "_seal/undo_list", look_undo_list, false },
	{ "_seal/diff", look_diff, false },
	{ "_seal/manifest", look_manifest, false },
};

#define N_REQUESTS (sizeof(requests) / sizeof(requests[0]))

static int run(struct session *session, const struct message *message, struct buf *ret_json,
               const char **ret_fault, struct err *err)
{
	for (size_t i = 0; i < N_REQUESTS; i++)
		if (str_is(message->method, requests[i].method) &&
		    session->is_started == requests[i].needs_start)
			return requests[i].run(session, message->params, ret_json, ret_fault, err);
	return err_set(err, ERR_INTERNAL, "the worker has no use for %.*s now",
	               STR_ARG(message->method));
}

static enum rpc_code wire_code(enum err_code code)
{
	switch (code) {
	case ERR_INPUT: return RPC_PARAMS;
	case ERR_CANCELLED: return RPC_CANCELLED;
	default: return RPC_INTERNAL;
	}
}

/* Behind the answer to the start, because before it nobody knows the session. */
static void tell_commands(struct session *session)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = session_update_begin(&params, session->id, "available_commands_update");

	json_key(&w, "availableCommands");
	json_array(&w);
	json_put_raw(&w, STR("{\"name\":\"compact\",\"description\":\"Make the conversation shorter by a "
			     "summary\"}"));
	guidance_put_commands(&w, session->meta.root);
	json_end(&w);
	session_update_end(&w);
	if (!params.failed)
		link_notice(&session->link, "session/update", buf_str(&params));
}

static int answer(struct session *session, const struct message *message, struct err *err)
{
	cleanup_buf struct buf result = BUF_INIT;
	cleanup_buf struct buf line = BUF_INIT;
	cleanup_buf struct buf id = BUF_INIT;
	const char *fault = FAULT_SYSTEM;
	bool is_start = !session->is_started;
	struct err why;

	message_value(&id, message->id);
	if (run(session, message, &result, &fault, &why) < 0)
		message_failure(&line, buf_str(&id), wire_code(why.code), str_of(why.text), fault);
	else
		message_reply(&line, buf_str(&id), buf_str(&result));
	if (link_send(&session->link, &line, err) < 0)
		return err->code;
	if (is_start && session->is_started)
		tell_commands(session);
	return 0;
}

static int serve(struct session *session, struct err *err)
{
	for (;;) {
		cleanup_message struct message message = { 0 };
		int r = link_next(&session->link, &message, err);

		if (r <= 0)
			return r;
		if (message.kind == MESSAGE_REQUEST && answer(session, &message, err) < 0)
			return err->code;
	}
}

int session_worker_run(int fd)
{
	cleanup_with(session_fini) struct session session = { .lock = -1 };
	struct err err;

	link_init(&session.link, fd);
	/* No command may hold the pair: its end tells the daemon that we are gone. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		log_say(LOG_ERROR, "worker", "started by hand: only seald starts workers");
		return 2;
	}
	if (cancel_setup(&session.cancel_fd, &err) < 0 || serve(&session, &err) < 0) {
		log_say(LOG_ERROR, "worker", "%s: %s", session.id[0] ? session.id : "?", err.text);
		return 1;
	}
	return 0;
}
