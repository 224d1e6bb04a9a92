/* Commands about the session and where it stands. */
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "rpc/client.h"
#include "seal-cli/tui/app/slash/slash.h"

int slash_clear(struct app *app, struct str rest, struct err *err)
{
	(void)rest;
	if (slash_is_busy(app))
		return 0;
	(void)slash_say(app, "a new session; the one before is kept, /resume brings it back");
	return app_start(app, NULL, err);
}

static int ask_sessions(struct app *app, struct message *reply, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	json_object(&w);
	json_kv(&w, "cwd", str_of(app->setup->cwd));
	json_end(&w);
	return rpc_client_call(app->client, "session/list", buf_str(&params), reply, err);
}

static void offer_session(struct app *app, yyjson_val *one)
{
	struct str session = json_str(one, "sessionId"), at = json_str(one, "updatedAt");
	cleanup_buf struct buf label = BUF_INIT;

	if (app->session && str_is(session, app->session))
		return;
	buf_addf(&label, "%.*s  %.*s  %.*s", STR_ARG(str_head(session, 8)), STR_ARG(str_head(at, 16)),
		 STR_ARG(json_str(one, "title")));
	choice_add(&app->choice, session, buf_str(&label));
}

int slash_resume(struct app *app, struct str rest, struct err *err)
{
	cleanup_message struct message reply = { 0 };
	cleanup_free char *id = rest.len ? str_dup(rest) : NULL;
	yyjson_val *one;
	size_t i, n;

	if (slash_is_busy(app))
		return 0;
	if (id)
		return app_start(app, id, err);
	if (ask_sessions(app, &reply, err) < 0)
		return err->code;
	choice_open(&app->choice, app_start);
	yyjson_arr_foreach(yyjson_obj_get(reply.result, "sessions"), i, n, one)
		offer_session(app, one);
	return app->choice.n ? 0 : slash_say(app, "no other session in this project");
}

int slash_fork(struct app *app, struct str rest, struct err *err)
{
	uint64_t record = 0;

	if (slash_is_busy(app) || !app->session)
		return 0;
	for (size_t i = 0; i < rest.len && record < 1000000000; i++) {
		if (rest.data[i] < '0' || rest.data[i] > '9')
			return slash_say(app, "/fork N: the number of a call, as /audit show has it");
		record = record * 10 + (uint64_t)(rest.data[i] - '0');
	}
	if (!app->setup->hooks->has_command("fork"))
		return slash_say(app, "this version of seal forks no sessions");
	return record ? app_fork(app, record, err)
		      : slash_say(app, "/fork N: from which call? /audit show has the numbers");
}

int slash_compact(struct app *app, struct str rest, struct err *err)
{
	(void)rest;
	return slash_is_busy(app) ? 0 : app_send(app, STR("/compact"), err);
}

int slash_tasks(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	return app->tasks.len ? slash_say_buf(app, &app->tasks) : slash_say(app, "no tasks");
}

int slash_status(struct app *app, struct str rest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)rest, (void)err;
	buf_addf(&text, "session         %s\nmodel           %.*s\n", app->session ? app->session : "-",
		 STR_ARG(buf_str(&app->model)));
	if (app->size)
		buf_addf(&text, "context         %lld of %lld tokens\n", (long long)app->used,
			 (long long)app->size);
	buf_addf(&text, "project folder  %s", app->root.len ? app->root.data : app->setup->cwd);
	return slash_say_buf(app, &text);
}

int slash_cost(struct app *app, struct str rest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)rest, (void)err;
	if (!app->has_cost)
		return slash_say(app, "no price is known for this model, or nothing was asked yet");
	buf_addf(&text, "$%.4f so far", app->cost);
	return slash_say_buf(app, &text);
}

int slash_quit(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	app->quit = true;
	return 0;
}
