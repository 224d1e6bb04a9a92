/* Commands that change how the next turn is made, and how it looks. */
#include "base/err.h"
#include "seal-cli/tui/app/slash/slash.h"

/* Into seal.toml, signed: the session reads it again when the next turn begins. */
static int set_word(struct app *app, const char *key, const char *value)
{
	const char *root = app->root.len ? app->root.data : app->setup->cwd;
	cleanup_buf struct buf text = BUF_INIT;
	struct err why;

	if (app->setup->hooks->set_model(root, key, str_of(value), &why) < 0) {
		transcript_notice(app->transcript, str_of(why.text), true);
		return 0;
	}
	if (strcmp(key, "name") == 0) {
		buf_clear(&app->model);
		buf_adds(&app->model, value);
	}
	buf_addf(&text, "model.%s is \"%s\" from the next turn on; seal.toml says so, signed", key,
		 value);
	return slash_say_buf(app, &text);
}

static int set_name(struct app *app, const char *value, struct err *err)
{
	(void)err;
	return set_word(app, "name", value);
}

static int set_effort(struct app *app, const char *value, struct err *err)
{
	(void)err;
	return set_word(app, "effort", value);
}

static void offer(void *ctx, const char *name)
{
	struct app *app = ctx;
	cleanup_buf struct buf label = BUF_INIT;

	buf_adds(&label, name);
	buf_adds(&label, str_is(buf_str(&app->model), name) ? "  (now)" : "");
	choice_add(&app->choice, str_of(name), buf_str(&label));
}

int slash_model(struct app *app, struct str rest, struct err *err)
{
	cleanup_free char *name = str_dup(rest);

	if (slash_is_busy(app) || !name)
		return 0;
	if (rest.len)
		return set_name(app, name, err);
	choice_open(&app->choice, set_name);
	app->setup->hooks->each_model(buf_str(&app->provider), offer, app);
	return app->choice.n ? 0
			     : slash_say(app, "/model NAME; no names of this provider's are known");
}

int slash_effort(struct app *app, struct str rest, struct err *err)
{
	static const char *const words[] = { "low", "medium", "high" };
	cleanup_free char *word = str_dup(rest);

	if (slash_is_busy(app) || !word)
		return 0;
	if (rest.len)
		return set_effort(app, word, err);
	choice_open(&app->choice, set_effort);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		choice_add(&app->choice, str_of(words[i]), str_of(words[i]));
	return 0;
}

int slash_theme(struct app *app, struct str rest, struct err *err)
{
	enum theme theme;

	(void)err;
	if (!theme_named(rest, &theme))
		return slash_say(app, "/theme dark, light, 16 or mono");
	app->theme_is_fixed = true;
	if (app->screen)
		screen_set_theme(app->screen, theme);
	return 0;
}
