/* Questions of the daemon and the person's answers. */
#include "base/err.h"
#include "base/json.h"
#include "rpc/client.h"
#include "seal-cli/tui/app/state.h"

#define GRACE_MS 400

void app_ask(struct app *app, struct message *message)
{
	struct app_ask *ask = &app->asks[app->n_asks];
	cleanup_buf struct buf text = BUF_INIT;

	if (app->n_asks == APP_ASKS_MAX)
		return;
	ask->view = ask_view_new(message->params, app->setup->hooks->line);
	if (!ask->view)
		return;
	ask->message = *message;
	*message = (struct message){ 0 };
	if (app->n_asks++ == 0)
		app->asked_at = 0;
	buf_addf(&text, "asks to %s", ask_view_title(ask->view));
	app_notify(app, text.data);
}

static void drop(struct app *app, size_t i)
{
	ask_view_free(app->asks[i].view);
	message_fini(&app->asks[i].message);
	memmove(&app->asks[i], &app->asks[i + 1], (--app->n_asks - i) * sizeof(app->asks[0]));
	/* The next one appears now: what is typed this moment was not meant for it. */
	if (i == 0)
		app->asked_at = 0;
}

int64_t app_grace(const struct app *app)
{
	int64_t past = app->asked_at ? app_now() - app->asked_at : 0;

	return app->n_asks && past < GRACE_MS ? GRACE_MS - past : 0;
}

void app_drop_asks(struct app *app)
{
	while (app->n_asks)
		drop(app, 0);
}

/* $/cancel_request: the daemon needs no answer any more. */
void app_dismiss(struct app *app, yyjson_val *id)
{
	for (size_t i = 0; i < app->n_asks; i++)
		if (yyjson_equals(app->asks[i].message.id, id)) {
			drop(app, i);
			return;
		}
}

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
	r = rpc_client_reply(app->client, ask->message.id, buf_str(&result), err);
	drop(app, 0);
	app->dirty = true;
	return r;
}
