#include "server/state.h"

#include <stdlib.h>

#include "base/err.h"

static const char *const methods[] = {
	[CALL_START] = "_seal/start",
	[CALL_PROMPT] = "session/prompt",
	[CALL_HISTORY] = "_seal/history",
	[CALL_MODEL] = "_seal/model",
};

static const char *method_of(const struct call *call)
{
	return call->kind == CALL_LOOK ? rpc_method_name(call->look) : methods[call->kind];
}

/* Of a session that is open: its worker must have begun it. */
static bool needs_start(const struct call *call)
{
	return call->kind == CALL_PROMPT || call->kind == CALL_MODEL;
}

/* One request of a worker is under way at a time, so its id says only that the
 * answer is one. */
#define CALL_ID "1"

struct call *call_new(enum call_kind kind, struct client *client, const char *id, struct str params)
{
	cleanup_with(call_free) struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->kind = kind;
	call->client = client;
	call->client_id = id ? str_dup(str_of(id)) : NULL;
	call->params = str_dup(params);
	if ((id && !call->client_id) || !call->params)
		return NULL;
	return take_ptr(call);
}

struct call *call_new_look(enum rpc_method method, struct client *client, const char *id,
                           struct str params)
{
	struct call *call = call_new(CALL_LOOK, client, id, params);

	if (call)
		call->look = method;
	return call;
}

void call_free(struct call *call)
{
	if (!call)
		return;
	free(call->client_id);
	environment_free(call->params);
	free(call);
}

static void fail(struct call *call, struct str why)
{
	if (call->client)
		client_fail(call->client, call->client_id, RPC_INTERNAL, why);
	call_free(call);
}

static void tell_cancelled(struct call *call)
{
	if (call->client)
		client_reply(call->client, call->client_id, STR("{\"stopReason\":\"cancelled\"}"));
	call_free(call);
}

static struct call *pop(struct live *live)
{
	struct call *call = live->queue;

	if (call) {
		live->queue = call->next;
		call->next = NULL;
	}
	return call;
}

int call_add(struct live *live, struct call *call, struct err *err)
{
	struct call **end = &live->queue;
	size_t n = 0;

	for (; *end; end = &(*end)->next)
		n++;
	if (n >= CALLS_MAX) {
		call_free(call);
		return err_set(err, ERR_LIMIT, "more than %d requests wait for this session",
		               CALLS_MAX);
	}
	*end = call;
	(void)uv_timer_stop(&live->linger);
	call_next(live);
	return 0;
}

static void fail_queue(struct live *live, struct str why)
{
	struct call *call;

	while ((call = pop(live)))
		fail(call, why);
}

/* A worker that comes in later, or after another died, opens the session from
 * the disk before it gets the turn. */
static bool push_start(struct live *live)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct call *call;

	buf_addf(&params, "{\"sessionId\":\"%s\"", live->id);
	if (live->environment)
		buf_addf(&params, ",\"environment\":%s", live->environment);
	buf_addc(&params, '}');
	call = params.failed ? NULL : call_new(CALL_START, NULL, NULL, buf_str(&params));
	if (!call)
		return false;
	call->next = live->queue;
	live->queue = call;
	return true;
}

static void send_next(struct live *live)
{
	struct call *call = pop(live);
	struct buf line = BUF_INIT;

	live->running = call;
	buf_fini(&live->told);
	if (call->kind == CALL_PROMPT)
		live->is_cancelled = false;
	message_request(&line, STR(CALL_ID), method_of(call), str_of(call->params));
	peer_send(&live->worker->peer, &line);
}

/* A start that another client's start made needless. */
static void answer_described(struct live *live)
{
	struct call *call = pop(live);

	if (call->client)
		live_describe(live, call->client, call->client_id);
	call_free(call);
}

void call_next(struct live *live)
{
	struct err err;

	while (!live->running && live->queue && live->is_started && live->queue->kind == CALL_START)
		answer_described(live);
	if (live->running || live->is_closing)
		return;
	if (!live->queue) {
		live_rest(live);
		return;
	}
	if (!live->worker && worker_spawn(live, &err) < 0) {
		fail_queue(live, str_of(err.text));
		live_rest(live);
		return;
	}
	if (needs_start(live->queue) && !live->is_started && !push_start(live)) {
		fail_queue(live, STR("out of memory"));
		return;
	}
	send_next(live);
}

static void forward(struct call *call, const struct message *message)
{
	if (call->client)
		client_forward(call->client, call->client_id, message);
}

/* Who waits behind a start that failed gets the same answer. */
static void start_failed(struct live *live, struct call *call, const struct message *message)
{
	struct worker *worker = live->worker;
	struct call *next;

	forward(call, message);
	while ((next = pop(live))) {
		forward(next, message);
		call_free(next);
	}
	if (call->client)
		live_detach(live, call->client);
	if (live->is_closing || live->worker != worker)
		return;
	live->worker = NULL;
	worker_dismiss(worker);
}

static void keep_described(struct live *live, const struct message *message)
{
	cleanup_buf struct buf described = BUF_INIT;
	char *text;

	message_value(&described, message->result);
	text = buf_take(&described);
	if (!text)
		return;
	free(live->described);
	live->described = text;
}

static void model_set(struct live *live, struct call *call, const struct message *message)
{
	if (message->kind == MESSAGE_FAILURE) {
		forward(call, message);
		return;
	}
	keep_described(live, message);
	mode_model_set(live, call->client, call->client_id);
}

static void started(struct live *live, struct call *call, const struct message *message)
{
	keep_described(live, message);
	live->is_started = true;
	if (!call->client)
		return;
	live_describe(live, call->client, call->client_id);
}

/* The history is told; now its client takes part like any other. */
static void history_told(struct live *live, struct call *call, const struct message *message)
{
	if (message->kind == MESSAGE_FAILURE) {
		forward(call, message);
	} else if (call->client) {
		session_catch_up(call->client, live->id);
		session_join(call->client, call->client_id, live->id);
	}
	live_close(live);
}

void call_answered(struct live *live, const struct message *message)
{
	cleanup_with(call_free) struct call *call = take_ptr(live->running);

	if (!call)
		return;
	if (call->kind == CALL_HISTORY) {
		history_told(live, call, message);
		return;
	}
	if (call->kind == CALL_LOOK) {
		forward(call, message);
		live_close(live);
		return;
	}
	if (call->kind == CALL_PROMPT) {
		if (live->worker)
			worker_relax(live->worker);
		question_drop_all(live);
		forward(call, message);
	} else if (call->kind == CALL_MODEL) {
		model_set(live, call, message);
	} else if (message->kind == MESSAGE_FAILURE) {
		start_failed(live, call, message);
	} else {
		started(live, call, message);
	}
	call_next(live);
}

/* A session outlives its worker: the next prompt starts another. */
void call_worker_ended(struct live *live, struct str why)
{
	struct call *call = take_ptr(live->running);
	bool is_start = call && !needs_start(call);
	struct client *starter = is_start ? call->client : NULL;

	live->is_started = false;
	question_drop_all(live);
	if (call && call->kind == CALL_PROMPT && live->is_cancelled)
		tell_cancelled(call);
	else if (call)
		fail(call, why);
	/* One that dies at its start would die again. */
	if (is_start)
		fail_queue(live, why);
	if (starter)
		live_detach(live, starter);
	call_next(live);
}

/* The turn may need longer to end, or be ended by force; the session is busy until
 * then, and the next prompt waits for it, but no person does. */
static void on_cancel_wait(uv_timer_t *timer)
{
	struct live *live = timer->data;
	struct call *call = live->running;

	if (!call || call->kind != CALL_PROMPT || !live->is_cancelled || !call->client)
		return;
	client_reply(call->client, call->client_id, STR("{\"stopReason\":\"cancelled\"}"));
	call->client = NULL;
}

void call_cancel(struct live *live)
{
	struct call **at = &live->queue;

	while (*at) {
		struct call *call = *at;

		if (call->kind != CALL_PROMPT) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		tell_cancelled(call);
	}
	if (!live->running || live->running->kind != CALL_PROMPT || !live->worker)
		return;
	live->is_cancelled = true;
	question_drop_all(live);
	worker_cancel(live->worker, live->running->turn);
	(void)uv_timer_start(&live->cancel_wait, on_cancel_wait, SERVER_CANCEL_WAIT, 0);
}

void call_client_gone(struct live *live, struct client *client)
{
	struct call **at = &live->queue;

	if (live->running && live->running->client == client)
		live->running->client = NULL;
	/* What it had not begun is not begun. */
	while (*at) {
		struct call *call = *at;

		if (call->client != client) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		call_free(call);
	}
}

void call_close_all(struct live *live)
{
	struct call *running = take_ptr(live->running);
	struct call *call;

	if (running) {
		running->next = live->queue;
		live->queue = running;
	}
	while ((call = pop(live))) {
		if (call->kind == CALL_PROMPT)
			tell_cancelled(call);
		else
			fail(call, STR("the session was closed"));
	}
}
