/* The slash commands, by the table slash.def. */
#include <stdlib.h>

#include "base/err.h"
#include "seal-cli/tui/app_state.h"

typedef int slash_fn(struct app *app, struct err *err);

static void say(struct app *app, const char *text)
{
	transcript_notice(app->transcript, str_of(text), false);
}

static int on_help(struct app *app, struct err *err);

static int on_clear(struct app *app, struct err *err)
{
	struct app_setup setup = *app->setup;
	const struct app_setup *before = app->setup;
	int r;

	if (app->prompt) {
		say(app, "a turn is running; Esc cancels it");
		return 0;
	}
	setup.session = NULL;
	app->setup = &setup;
	r = app_start(app, err);
	app->setup = before;
	app->used = 0;
	buf_clear(&app->tasks);
	if (r == 0)
		say(app, "a new session; the old one is kept");
	return r;
}

static int on_tasks(struct app *app, struct err *err)
{
	(void)err;
	transcript_notice(app->transcript, app->tasks.len ? buf_str(&app->tasks) : STR("no tasks"), false);
	return 0;
}

static int on_status(struct app *app, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)err;
	buf_addf(&text, "session %s\nmodel %.*s\ncontext %lld of %lld tokens\nproject folder %s",
		 app->session, STR_ARG(buf_str(&app->model)), (long long)app->used,
		 (long long)app->size, app->setup->cwd);
	transcript_notice(app->transcript, buf_str(&text), false);
	return 0;
}

static int on_cost(struct app *app, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)err;
	if (app->has_cost)
		buf_addf(&text, "$%.4f so far", app->cost);
	else
		buf_adds(&text, "no price is known for this model");
	transcript_notice(app->transcript, buf_str(&text), false);
	return 0;
}

static int on_audit(struct app *app, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)err;
	buf_addf(&text, "seal audit show %.8s\nseal audit verify %.8s\nseal replay %.8s", app->session,
		 app->session, app->session);
	transcript_notice(app->transcript, buf_str(&text), false);
	return 0;
}

static int on_permissions(struct app *app, struct err *err)
{
	(void)err;
	say(app, "seal manifest show    what the manifest grants, in words\n"
		 "seal check command 'make test'    explains a verdict\n"
		 "seal.toml is yours to edit; `seal manifest sign` approves it");
	return 0;
}

static int on_quit(struct app *app, struct err *err)
{
	(void)err;
	app->quit = true;
	return 0;
}

static const struct {
	const char *name, *sentence;
	slash_fn *run;
} commands[] = {
#define SLASH(name, function, sentence) { name, sentence, function },
#include "seal-cli/tui/slash.def"
#undef SLASH
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int on_help(struct app *app, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)err;
	for (size_t i = 0; i < N_COMMANDS; i++)
		buf_addf(&text, "%-14s %s\n", commands[i].name, commands[i].sentence);
	buf_adds(&text, "Enter sends · Shift+Enter, Alt+Enter, Ctrl+J a new line · Tab completes · @file\n"
			"Up, Down, Ctrl+R history · Ctrl+O unfold · Ctrl+G editor · Ctrl+L redraw\n"
			"Esc cancels the turn, then clears the text · Ctrl+C twice, Ctrl+D leave");
	transcript_notice(app->transcript, buf_str(&text), false);
	return 0;
}

bool slash_run(struct app *app, struct str line, int *ret_r, struct err *err)
{
	struct str rest = str_trim(line), name = { "", 0 };

	(void)str_split(&rest, ' ', &name);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (str_is(name, commands[i].name)) {
			*ret_r = commands[i].run(app, err);
			return true;
		}
	/* A path is a message; a word is a command that is not there. */
	if (str_chr(str_from(name, 1), '/') != STR_NONE)
		return false;
	say(app, "no such command; /help lists them");
	*ret_r = 0;
	return true;
}

void slash_complete(struct str prefix, struct buf *ret, struct buf *ret_common)
{
	bool is_first = true;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!str_starts(str_of(commands[i].name), prefix))
			continue;
		complete_common(ret_common, str_of(commands[i].name), is_first);
		is_first = false;
		buf_addf(ret, "%-14s %s\n", commands[i].name, commands[i].sentence);
	}
}
