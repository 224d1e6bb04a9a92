/* The slash commands, by the table slash.def. */
#include "seal-cli/tui/app/slash/slash.h"

int slash_say(struct app *app, const char *text)
{
	transcript_notice(app->transcript, str_of(text), false);
	return 0;
}

int slash_say_buf(struct app *app, const struct buf *text)
{
	transcript_notice(app->transcript, str_trim(buf_str(text)), false);
	return 0;
}

bool slash_is_busy(struct app *app)
{
	if (app->prompt || app->starting)
		(void)slash_say(app, app->prompt ? "a turn is running; Esc cancels it"
						 : "the session is starting");
	return app->prompt || app->starting;
}

static const struct slash {
	const char *name, *arguments, *sentence;
	slash_fn *run;
} commands[] = {
#define SLASH(name, arguments, function, sentence) { name, arguments, sentence, slash_##function },
#include "seal-cli/tui/app/slash/slash.def"
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

enum scope { TALK, EDIT, VIM, ASK };

static const struct {
	enum scope scope;
	const char *names, *sentence;
} keys[] = {
#define KEY(scope, names, sentence) { scope, names, sentence },
#include "seal-cli/tui/keys.def"
#undef KEY
};

static void add_keys(struct buf *text, enum scope scope)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].scope == scope)
			add_row(text, str_of(keys[i].names), "", str_of(keys[i].sentence));
}

static void help_keys(struct buf *text)
{
	add_keys(text, TALK);
	buf_adds(text, "\nin the text:\n");
	add_keys(text, EDIT);
	buf_adds(text, "\nin the text after Esc, with `seal config set tui.keys vim`:\n");
	add_keys(text, VIM);
	buf_adds(text, "\nin a question:\n");
	add_keys(text, ASK);
}

int slash_help(struct app *app, struct str rest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)err;
	if (str_is(rest, "keys")) {
		help_keys(&text);
		return slash_say_buf(app, &text);
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		add_row(&text, str_of(commands[i].name), commands[i].arguments, str_of(commands[i].sentence));
	custom_each(app, add_custom, &text);
	buf_adds(&text, "\n");
	add_keys(&text, TALK);
	add_row(&text, STR("@path"), "",
		STR("the file goes along as a link, an image's path too; the agent may read it"));
	add_row(&text, STR("!command"), "", STR("run it by hand: same rules, same sandbox, no model"));
	return slash_say_buf(app, &text);
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
	(void)slash_say(app, "no such command; /help lists them");
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
