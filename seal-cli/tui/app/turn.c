/* The protocol's side of the interface: session, turn, updates, questions. */
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "rpc/client.h"
#include "seal-cli/tui/app/state.h"

/* A longer text is a paste: what looks like a path in it is not meant. */
#define ATTACH_TEXT_MAX 8192

static void keep_description(struct app *app, yyjson_val *result)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(result, "_meta"), "seal");

	buf_clear(&app->model);
	buf_add(&app->model, json_str(seal, "model"));
	buf_clear(&app->provider);
	buf_add(&app->provider, json_str(seal, "provider"));
	buf_clear(&app->name);
	buf_add(&app->name, json_str(seal, "name"));
	buf_clear(&app->root);
	buf_add(&app->root, json_str(seal, "root"));
}

static void forget_session(struct app *app)
{
	free(app->session);
	app->session = NULL;
	app->used = 0;
	app->has_cost = app->goes_on = false;
	buf_clear(&app->tasks);
	app->dirty = true;
}

static void put_fork(struct json *w, const char *session, uint64_t record)
{
	json_key(w, "_meta");
	json_object(w);
	json_key(w, "seal");
	json_object(w);
	json_key(w, "fork");
	json_object(w);
	json_kv(w, "session", str_of(session));
	json_kv_int(w, "record", (int64_t)record);
	json_end(w);
	json_end(w);
	json_end(w);
}

int app_fork(struct app *app, uint64_t record, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	json_object(&w);
	json_kv(&w, "cwd", str_of(app->setup->cwd));
	json_kv_raw(&w, "mcpServers", STR("[]"));
	put_fork(&w, app->session, record);
	json_end(&w);
	forget_session(app);
	app->goes_on = true;
	return rpc_client_send(app->client, "session/new", buf_str(&params), &app->starting, err);
}

static int ask_session(struct app *app, const char *method, const char *session, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	json_object(&w);
	if (session)
		json_kv(&w, "sessionId", str_of(session));
	json_kv(&w, "cwd", str_of(app->setup->cwd));
	json_kv_raw(&w, "mcpServers", STR("[]"));
	/* Of a session's history, what anybody scrolls back through. */
	if (strcmp(method, "session/load") == 0)
		json_kv_raw(&w, "_meta", STR("{\"seal\":{\"recent\":true}}"));
	json_end(&w);
	return rpc_client_send(app->client, method, buf_str(&params), &app->starting, err);
}

/* The answer comes while the person may type already. */
int app_start(struct app *app, const char *session, struct err *err)
{
	forget_session(app);
	if (session) {
		app->session = str_dup(str_of(session));
		if (!app->session)
			return err_nomem(err);
	}
	return ask_session(app, session ? "session/load" : "session/new", session, err);
}

int app_reconnect(struct app *app, struct err *err)
{
	struct rpc_client *client = NULL;
	int r;

	app->prompt = app->starting = 0;
	app->cancelling = false;
	app_drop_asks(app);
	transcript_settle(app->transcript);
	transcript_notice(app->transcript, STR("the daemon went away; connecting again"), true);
	r = rpc_client_open(&client, err);
	if (r < 0)
		return r;
	if (app->client != app->setup->client)
		rpc_client_free(app->client);
	app->client = client;
	r = rpc_client_initialize(client, true, err);
	if (r < 0)
		return r;
	app->dirty = true;
	if (!app->session)
		return ask_session(app, "session/new", NULL, err);
	return ask_session(app, "session/resume", app->session, err);
}

static int send_queued(struct app *app, struct err *err)
{
	cleanup_buf struct buf next = BUF_INIT;

	if (app->queued.len == 0)
		return 0;
	buf_add(&next, buf_str(&app->queued));
	buf_clear(&app->queued);
	return app_send(app, buf_str(&next), err);
}

/* A first session that cannot start ends the interface; a later one that cannot,
 * of /resume or /fork, leaves the person with a new one. */
static int on_no_session(struct app *app, struct str why, struct err *err)
{
	if (!app->was_started)
		return err_set(err, ERR_INPUT, "%.*s", STR_ARG(why));
	transcript_notice(app->transcript, why, true);
	return app_start(app, NULL, err);
}

static int on_started(struct app *app, const struct message *message, struct err *err)
{
	struct str id = json_str(message->result, "sessionId");

	app->starting = 0;
	if (message->kind == MESSAGE_FAILURE)
		return on_no_session(app, json_str(message->error, "message"), err);
	if (!app->session)
		app->session = str_dup(id);
	if (!app->session)
		return err_nomem(err);
	app->was_started = true;
	keep_description(app, message->result);
	transcript_settle(app->transcript);
	return app->goes_on ? app_send(app, STR("go on"), err) : send_queued(app, err);
}

int app_send(struct app *app, struct str text, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(app->session));
	json_key(&w, "prompt");
	json_array(&w);
	json_object(&w);
	json_kv(&w, "type", STR("text"));
	json_kv(&w, "text", text);
	json_end(&w);
	if (text.len < ATTACH_TEXT_MAX && !str_starts(text, STR("!")))
		app_attach(app, text, &w);
	json_end(&w);
	if (app->goes_on) {
		json_key(&w, "_meta");
		json_object(&w);
		json_key(&w, "seal");
		json_object(&w);
		json_kv_bool(&w, "continue", true);
		json_end(&w);
		json_end(&w);
	}
	app->goes_on = false;
	json_end(&w);
	transcript_user(app->transcript, text);
	app->dirty = true;
	app->began_at = app_now();
	app->cancelling = false;
	return rpc_client_send(app->client, "session/prompt", buf_str(&params), &app->prompt, err);
}

int app_cancel(struct app *app, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	app->cancelling = true;
	/* What waited was meant for after this turn: the person decides anew. */
	if (app->queued.len && app->edit && edit_is_empty(app->edit))
		edit_set(app->edit, buf_str(&app->queued));
	buf_clear(&app->queued);
	json_object(&w);
	json_kv(&w, "sessionId", str_of(app->session));
	json_end(&w);
	return rpc_client_notify(app->client, "session/cancel", buf_str(&params), err);
}

/* -- updates -- */

static void on_plan(struct app *app, yyjson_val *entries)
{
	static const struct {
		const char *status, *mark;
	} marks[] = { { "pending", "☐ " }, { "in_progress", "▸ " }, { "completed", "☑ " } };
	yyjson_val *one;
	size_t i, n;

	buf_clear(&app->tasks);
	app->has_open_tasks = false;
	yyjson_arr_foreach(entries, i, n, one) {
		app->has_open_tasks |= !str_is(json_str(one, "status"), "completed");
		for (size_t k = 0; k < 3; k++)
			if (str_is(json_str(one, "status"), marks[k].status))
				buf_adds(&app->tasks, marks[k].mark);
		buf_add(&app->tasks, json_str(one, "content"));
		buf_addc(&app->tasks, '\n');
	}
}

static void on_update(struct app *app, yyjson_val *update)
{
	struct str kind = json_str(update, "sessionUpdate");
	yyjson_val *cost = yyjson_obj_get(yyjson_obj_get(update, "cost"), "amount");

	if (str_is(kind, "plan")) {
		on_plan(app, yyjson_obj_get(update, "entries"));
	} else if (str_is(kind, "usage_update")) {
		app->used = json_int(update, "used", app->used);
		app->size = json_int(update, "size", app->size);
		app->has_cost = app->has_cost || yyjson_is_num(cost);
		app->cost = yyjson_is_num(cost) ? yyjson_get_num(cost) : app->cost;
	} else {
		transcript_update(app->transcript, update);
	}
}

static const char *words_of(struct str stop)
{
	static const char *const words[][2] = {
		{ "cancelled", "cancelled" },
		{ "max_tokens", "stopped: the answer reached the model's limit of length" },
		{ "max_turn_requests", "stopped: the limit of model calls a turn was reached" },
		{ "refusal", "stopped: the model refuses this: put it in other words, or use another model" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(stop, words[i][0]))
			return words[i][1];
	return NULL;
}

static int on_turn_end(struct app *app, const struct message *message, struct err *err)
{
	struct str text = json_str(message->error, "message");
	const char *words = words_of(json_str(message->result, "stopReason"));

	app->prompt = 0;
	app->cancelling = false;
	app_drop_asks(app);
	transcript_settle(app->transcript);
	if (message->kind == MESSAGE_FAILURE)
		transcript_notice(app->transcript, text, true);
	else if (words)
		transcript_notice(app->transcript, str_of(words), false);
	app_notify(app, message->kind == MESSAGE_FAILURE ? "the turn failed" : "is ready");
	if (!app->has_open_tasks)
		buf_clear(&app->tasks);
	return send_queued(app, err);
}

static bool answers(const struct message *message, uint64_t id)
{
	return (message->kind == MESSAGE_REPLY || message->kind == MESSAGE_FAILURE) && id &&
	       message_number(message->id) == id;
}

static int on_message(struct app *app, struct message *message, struct err *err)
{
	app->dirty = true;
	if (message->kind == MESSAGE_NOTICE && str_is(message->method, "session/update"))
		on_update(app, yyjson_obj_get(message->params, "update"));
	else if (message->kind == MESSAGE_NOTICE && str_is(message->method, "$/cancel_request"))
		app_dismiss(app, yyjson_obj_get(message->params, "requestId"));
	else if (message->kind == MESSAGE_REQUEST &&
		 str_is(message->method, "session/request_permission"))
		app_ask(app, message);
	else if (answers(message, app->starting))
		return on_started(app, message, err);
	else if (answers(message, app->prompt))
		return on_turn_end(app, message, err);
	return 0;
}

int app_receive(struct app *app, struct err *err)
{
	for (;;) {
		cleanup_message struct message message = { 0 };
		int r = rpc_client_next(app->client, 0, &message, err);

		if (r <= 0)
			return r;
		r = on_message(app, &message, err);
		if (r < 0)
			return r;
	}
}
