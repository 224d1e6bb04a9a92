/* The protocol's side of the interface: session, turn, updates, questions. */
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "rpc/client.h"
#include "seal-cli/tui/app_state.h"

static void keep_model(struct app *app, yyjson_val *result)
{
	struct str model = json_str(yyjson_obj_get(yyjson_obj_get(result, "_meta"), "seal"), "model");

	buf_clear(&app->model);
	buf_add(&app->model, model);
}

int app_start(struct app *app, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	cleanup_message struct message reply = { 0 };
	struct json w = json_to(&params);
	const char *session = app->setup->session;
	struct str id;
	int r;

	json_object(&w);
	if (session)
		json_kv(&w, "sessionId", str_of(session));
	json_kv(&w, "cwd", str_of(app->setup->cwd));
	json_kv_raw(&w, "mcpServers", STR("[]"));
	json_end(&w);
	r = rpc_client_call(app->setup->client, session ? "session/load" : "session/new",
			    buf_str(&params), &reply, err);
	if (r < 0)
		return r;
	id = json_str(reply.result, "sessionId");
	free(app->session);
	app->session = session ? str_dup(str_of(session)) : str_dup(id);
	keep_model(app, reply.result);
	app->dirty = true;
	return app->session ? 0 : err_nomem(err);
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
	json_end(&w);
	json_end(&w);
	transcript_user(app->transcript, text);
	app->dirty = true;
	return rpc_client_send(app->setup->client, "session/prompt", buf_str(&params), &app->prompt, err);
}

int app_cancel(struct app *app, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(app->session));
	json_end(&w);
	return rpc_client_notify(app->setup->client, "session/cancel", buf_str(&params), err);
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
	yyjson_arr_foreach(entries, i, n, one)
	{
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

static void on_question(struct app *app, struct message *message)
{
	struct app_ask *ask = &app->asks[app->n_asks];

	if (app->n_asks == APP_ASKS_MAX)
		return;
	ask->view = ask_view_new(message->params);
	if (!ask->view)
		return;
	ask->message = *message;
	*message = (struct message){ 0 };
	if (app->n_asks++ == 0)
		app->asked_at = app_now();
}

static void drop_ask(struct app *app, size_t i)
{
	ask_view_free(app->asks[i].view);
	message_fini(&app->asks[i].message);
	memmove(&app->asks[i], &app->asks[i + 1], (--app->n_asks - i) * sizeof(app->asks[0]));
	if (i == 0)
		app->asked_at = app_now();
}

void app_drop_asks(struct app *app)
{
	while (app->n_asks)
		drop_ask(app, 0);
}

/* $/cancel_request: the daemon needs no answer any more. */
static void on_dismiss(struct app *app, yyjson_val *id)
{
	for (size_t i = 0; i < app->n_asks; i++)
		if (yyjson_equals(app->asks[i].message.id, id)) {
			drop_ask(app, i);
			return;
		}
}

static int on_turn_end(struct app *app, const struct message *message, struct err *err)
{
	struct str text = json_str(message->error, "message");
	struct str stop = json_str(message->result, "stopReason");
	cleanup_buf struct buf next = BUF_INIT;

	app->prompt = 0;
	app_drop_asks(app);
	transcript_settle(app->transcript);
	if (message->kind == MESSAGE_FAILURE)
		transcript_notice(app->transcript, text, true);
	else if (str_is(stop, "cancelled"))
		transcript_notice(app->transcript, STR("cancelled"), false);
	else if (!str_is(stop, "end_turn"))
		transcript_notice(app->transcript, stop, false);
	if (app->queued.len == 0)
		return 0;
	buf_add(&next, buf_str(&app->queued));
	buf_clear(&app->queued);
	return app_send(app, buf_str(&next), err);
}

static int on_message(struct app *app, struct message *message, struct err *err)
{
	app->dirty = true;
	if (message->kind == MESSAGE_NOTICE && str_is(message->method, "session/update"))
		on_update(app, yyjson_obj_get(message->params, "update"));
	else if (message->kind == MESSAGE_NOTICE && str_is(message->method, "$/cancel_request"))
		on_dismiss(app, yyjson_obj_get(message->params, "requestId"));
	else if (message->kind == MESSAGE_REQUEST &&
		 str_is(message->method, "session/request_permission"))
		on_question(app, message);
	else if ((message->kind == MESSAGE_REPLY || message->kind == MESSAGE_FAILURE) &&
		 app->prompt && message_number(message->id) == app->prompt)
		return on_turn_end(app, message, err);
	return 0;
}

int app_receive(struct app *app, struct err *err)
{
	for (;;) {
		cleanup_message struct message message = { 0 };
		int r = rpc_client_next(app->setup->client, 0, &message, err);

		if (r <= 0)
			return r;
		r = on_message(app, &message, err);
		if (r < 0)
			return r;
	}
}

/* -- answers -- */

static int remember(struct app *app, const struct app_ask *ask, const char *option, struct err *err)
{
	bool allow = strncmp(option, "allow", 5) == 0, once = strcmp(option, "allow_once") == 0;
	const struct ask_entry *entries;
	size_t n = ask_view_entries(ask->view, &entries);

	if (ask_view_is_question(ask->view) || strcmp(option, "reject_once") == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		int r;

		if (once && entries[i].is_granted)
			continue;
		r = app->setup->hooks->remember(ask_view_root(ask->view), allow, entries[i].verb,
						entries[i].pattern, once, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void put_answer(struct buf *result, const struct app_ask *ask, const char *option)
{
	const struct ask_entry *entries;
	size_t n = ask_view_entries(ask->view, &entries);
	struct json w = json_to(result);

	json_object(&w);
	json_key(&w, "outcome");
	json_object(&w);
	json_kv(&w, "outcome", STR("selected"));
	json_kv(&w, "optionId", str_of(option));
	json_end(&w);
	json_key(&w, "_meta");
	json_object(&w);
	json_key(&w, "seal");
	json_object(&w);
	json_key(&w, "patterns");
	json_array(&w);
	for (size_t i = 0; i < n; i++)
		json_put(&w, str_of(entries[i].pattern));
	json_end(&w);
	json_end(&w);
	json_end(&w);
	json_end(&w);
}

int app_answer(struct app *app, const char *option, struct err *err)
{
	struct app_ask *ask = &app->asks[0];
	cleanup_buf struct buf result = BUF_INIT;
	struct err why;
	int r;

	if (remember(app, ask, option, &why) < 0) {
		/* What cannot be written down is not granted for longer than now. */
		transcript_notice(app->transcript, str_of(why.text), true);
		option = strncmp(option, "allow", 5) == 0 ? "allow_once" : "reject_once";
	}
	put_answer(&result, ask, option);
	r = rpc_client_reply(app->setup->client, ask->message.id, buf_str(&result), err);
	drop_ask(app, 0);
	app->dirty = true;
	return r;
}
