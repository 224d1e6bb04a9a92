/* The slash commands, by the table slash.def. */
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "rpc/client.h"
#include "seal-cli/tui/app/state.h"

/* `rest` is what stands behind the name. */
typedef int slash_fn(struct app *app, struct str rest, struct err *err);

static int say(struct app *app, const char *text)
{
	transcript_notice(app->transcript, str_of(text), false);
	return 0;
}

static int say_buf(struct app *app, const struct buf *text)
{
	transcript_notice(app->transcript, str_trim(buf_str(text)), false);
	return 0;
}

static int on_help(struct app *app, struct str rest, struct err *err);

/* Nothing that exchanges the session while a turn runs in it. */
static bool is_busy(struct app *app)
{
	if (app->prompt)
		(void)say(app, "a turn is running; Esc cancels it");
	return app->prompt != 0;
}

static int on_clear(struct app *app, struct str rest, struct err *err)
{
	(void)rest;
	if (is_busy(app))
		return 0;
	(void)say(app, "a new session; the one before is kept, /resume brings it back");
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

static int on_resume(struct app *app, struct str rest, struct err *err)
{
	cleanup_message struct message reply = { 0 };
	cleanup_free char *id = rest.len ? str_dup(rest) : NULL;
	yyjson_val *one;
	size_t i, n;

	if (is_busy(app))
		return 0;
	if (id)
		return app_start(app, id, err);
	if (ask_sessions(app, &reply, err) < 0)
		return err->code;
	choice_clear(&app->choice);
	yyjson_arr_foreach(yyjson_obj_get(reply.result, "sessions"), i, n, one) {
		struct str session = json_str(one, "sessionId"), title = json_str(one, "title");
		cleanup_buf struct buf label = BUF_INIT;

		if (app->session && str_is(session, app->session))
			continue;
		buf_addf(&label, "%.*s  %.16s  %.*s", STR_ARG(str_head(session, 8)),
			 json_str(one, "updatedAt").len >= 16 ? json_str(one, "updatedAt").data : "",
			 STR_ARG(title));
		choice_add(&app->choice, session, buf_str(&label));
	}
	return app->choice.n ? 0 : say(app, "no other session in this project");
}

static int on_compact(struct app *app, struct str rest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (is_busy(app))
		return 0;
	buf_adds(&text, "/compact");
	buf_adds(&text, rest.len ? " " : "");
	buf_add(&text, rest);
	return app_send(app, buf_str(&text), err);
}

static int on_tasks(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	return app->tasks.len ? say_buf(app, &app->tasks) : say(app, "no tasks");
}

static int on_status(struct app *app, struct str rest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)rest, (void)err;
	buf_addf(&text, "session         %s\nmodel           %.*s\n", app->session ? app->session : "-",
		 STR_ARG(buf_str(&app->model)));
	if (app->size)
		buf_addf(&text, "context         %lld of %lld tokens\n", (long long)app->used,
			 (long long)app->size);
	buf_addf(&text, "project folder  %s", app->root.len ? app->root.data : app->setup->cwd);
	return say_buf(app, &text);
}

static int on_cost(struct app *app, struct str rest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)rest, (void)err;
	if (!app->has_cost)
		return say(app, "no price is known for this model");
	buf_addf(&text, "$%.4f so far", app->cost);
	return say_buf(app, &text);
}

/* What `seal ARGUMENTS` says, as a notice. */
static int show(struct app *app, const char *const *arguments)
{
	cleanup_buf struct buf output = BUF_INIT;
	struct err why;

	if (app->setup->hooks->seal(arguments, &output, &why) < 0)
		transcript_notice(app->transcript, str_of(why.text), true);
	else
		(void)say_buf(app, &output);
	return 0;
}

static int on_permissions(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	(void)show(app, (const char *const[]){ "manifest", "show", NULL });
	return say(app, "seal.toml is yours to edit; `seal manifest sign` approves it");
}

static int on_audit(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	if (!app->session)
		return say(app, "no session yet");
	return show(app, (const char *const[]){ "audit", "verify", app->session, NULL });
}

static int on_doctor(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	return show(app, (const char *const[]){ "doctor", NULL });
}

static int on_theme(struct app *app, struct str rest, struct err *err)
{
	enum theme theme;

	(void)err;
	if (!theme_named(rest, &theme))
		return say(app, "/theme dark, light, 16 or mono");
	app->theme_is_fixed = true;
	if (app->screen)
		screen_set_theme(app->screen, theme);
	return 0;
}

static int on_restart(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	if (is_busy(app))
		return 0;
	/* The daemon's end is what reconnects us. */
	return show(app, (const char *const[]){ "daemon", "restart", NULL });
}

static int on_quit(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	app->quit = true;
	return 0;
}

static const struct slash {
	const char *name, *arguments, *sentence;
	slash_fn *run;
} commands[] = {
#define SLASH(name, arguments, function, sentence) { name, arguments, sentence, function },
#include "seal-cli/tui/app/slash.def"
#undef SLASH
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void add_row(struct buf *text, struct str name, const char *arguments, struct str sentence)
{
	int width = (int)(name.len + strlen(arguments));

	buf_addf(text, "%.*s %s%*s %.*s\n", STR_ARG(name), arguments, width < 22 ? 22 - width : 0, "",
		 STR_ARG(sentence));
}

static void add_custom(void *ctx, struct str name, struct str sentence)
{
	cleanup_buf struct buf slashed = BUF_INIT;

	buf_addf(&slashed, "/%.*s", STR_ARG(name));
	add_row(ctx, buf_str(&slashed), "", sentence);
}

static int on_help(struct app *app, struct str rest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)rest, (void)err;
	for (size_t i = 0; i < N_COMMANDS; i++)
		add_row(&text, str_of(commands[i].name), commands[i].arguments, str_of(commands[i].sentence));
	custom_each(app, add_custom, &text);
	buf_adds(&text, "\n"
			"Enter                   send; while a turn runs: after it\n"
			"Shift+Enter, Alt+Enter  a new line (Ctrl+J too)\n"
			"Tab                     complete a command, a path, @path\n"
			"Up, Down, Ctrl+R        what was sent before\n"
			"Ctrl+O                  show what is folded, the last first\n"
			"Ctrl+G                  the text in $EDITOR\n"
			"Ctrl+L                  draw the screen again\n"
			"Esc                     cancel the turn, then clear the text\n"
			"Ctrl+C twice, Ctrl+D    leave");
	return say_buf(app, &text);
}

static int run_custom(struct app *app, struct str name, struct str rest, bool *ret_found,
		      struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	*ret_found = custom_expand(app, str_from(name, 1), rest, &text);
	if (!*ret_found)
		return 0;
	if (app->prompt || app->starting) {
		buf_add(&app->queued, buf_str(&text));
		return 0;
	}
	return app_send(app, buf_str(&text), err);
}

bool slash_run(struct app *app, struct str line, int *ret_r, struct err *err)
{
	struct str rest = str_trim(line), name = { "", 0 };
	bool found;

	(void)str_split(&rest, ' ', &name);
	rest = str_trim(rest);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (str_is(name, commands[i].name)) {
			*ret_r = commands[i].run(app, rest, err);
			return true;
		}
	*ret_r = run_custom(app, name, rest, &found, err);
	if (found)
		return true;
	/* A path is a message; a word is a command that is not there. */
	if (str_chr(str_from(name, 1), '/') != STR_NONE)
		return false;
	(void)say(app, "no such command; /help lists them");
	*ret_r = 0;
	return true;
}

/* -- completion -- */

/* The letters of `part` are in `name`, in order. */
static bool fits(struct str name, struct str part)
{
	size_t at = 0;

	for (size_t i = 0; i < part.len; i++, at++) {
		while (at < name.len && name.data[at] != part.data[i])
			at++;
		if (at == name.len)
			return false;
	}
	return true;
}

struct completion {
	struct str part;
	struct buf *ret, *common;
	bool is_first, by_start;	/* by_start: only names that begin so */
};

static void offer(struct completion *to, struct str name, const char *arguments, struct str sentence)
{
	if (to->by_start ? !str_starts(name, to->part) : !fits(name, to->part))
		return;
	complete_common(to->common, name, to->is_first);
	to->is_first = false;
	add_row(to->ret, name, arguments, sentence);
}

static void offer_custom(void *ctx, struct str name, struct str sentence)
{
	cleanup_buf struct buf slashed = BUF_INIT;

	buf_addf(&slashed, "/%.*s", STR_ARG(name));
	offer(ctx, buf_str(&slashed), "", sentence);
}

void slash_complete(const struct app *app, struct str prefix, struct buf *ret, struct buf *ret_common)
{
	for (int round = 0; round < 2 && ret->len == 0; round++) {
		struct completion to = { prefix, ret, ret_common, true, round == 0 };

		for (size_t i = 0; i < N_COMMANDS; i++)
			offer(&to, str_of(commands[i].name), commands[i].arguments,
			      str_of(commands[i].sentence));
		custom_each(app, offer_custom, &to);
	}
}
