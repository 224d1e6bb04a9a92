/* Keys -> what happens.  The ladder of Esc and Ctrl+C: question, turn, text, and
 * only Ctrl+C twice on nothing leaves. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "seal-cli/tui/app/state.h"
#include "seal-cli/tui/app/term.h"

#define TWICE_MS 1500

static bool is_ctrl(const struct key *key, char c)
{
	return key->sym == KEY_CHAR && (key->mods & MOD_CTRL) && key->text.len && key->text.data[0] == c;
}

static int interrupt(struct app *app, bool may_quit, struct err *err)
{
	if (app->prompt && !app->cancelling)
		return app_cancel(app, err);
	if (!edit_is_empty(app->edit)) {
		edit_wipe(app->edit);
		return 0;
	}
	if (!may_quit)
		return 0;
	if (app->interrupted_at && app_now() - app->interrupted_at < TWICE_MS) {
		app->quit = true;
		return 0;
	}
	app->interrupted_at = app_now();
	buf_adds(&app->footer, "Ctrl+C again to leave\n");
	return 0;
}

static int ask_key(struct app *app, const struct key *key, struct err *err)
{
	const char *option;

	if (is_ctrl(key, 'c') || key->sym == KEY_ESCAPE)
		return app_cancel(app, err);
	if (app_grace(app))
		return 0;
	option = ask_view_key(app->asks[0].view, key);
	return option ? app_answer(app, option, err) : 0;
}

int app_submit(struct app *app, struct str text, struct err *err)
{
	int r = 0;

	if (text.data[0] == '/' && slash_run(app, text, &r, err))
		return r;
	if (app->prompt || app->starting) {
		buf_adds(&app->queued, app->queued.len ? "\n" : "");
		buf_add(&app->queued, text);
		return 0;
	}
	return app_send(app, text, err);
}

static int submit(struct app *app, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	edit_text(app->edit, &text);
	if (str_trim(buf_str(&text)).len == 0)
		return 0;
	edit_remember(app->edit, buf_str(&text));
	history_add(buf_str(&text));
	edit_clear(app->edit);
	return app_submit(app, buf_str(&text), err);
}

static void complete(struct app *app)
{
	cleanup_buf struct buf common = BUF_INIT;
	struct str word = edit_word(app->edit);
	bool at_file = word.len && word.data[0] == '@';

	if (word.len && word.data[0] == '/')
		slash_complete(app, word, &app->footer, &common);
	else
		complete_path(app->setup->cwd, at_file ? str_from(word, 1) : word, &app->footer, &common);
	if (common.len + at_file > word.len) {
		cleanup_buf struct buf whole = BUF_INIT;

		buf_adds(&whole, at_file ? "@" : "");
		buf_add(&whole, buf_str(&common));
		edit_replace_word(app->edit, buf_str(&whole));
		buf_clear(&app->footer);
	}
}

static void pop_letter(struct buf *text)
{
	while (text->len && (text->data[text->len - 1] & 0xc0) == 0x80)
		text->len--;
	text->len -= text->len > 0;
}

/* Ctrl+R: what is typed narrows the search, Ctrl+R goes on, Enter takes what was
 * found, Esc goes back to the draft, others end it and do what they do. */
static bool search_key(struct app *app, const struct key *key)
{
	if (is_ctrl(key, 'r')) {
		if (!app->searching) {
			buf_clear(&app->needle);
			app->search_at = (size_t)-1;
		}
		app->searching = true;
	} else if (app->searching && key->sym == KEY_CHAR && !key->mods) {
		buf_add(&app->needle, key->text);
		app->search_at = (size_t)-1;
	} else if (app->searching && key->sym == KEY_BACKSPACE) {
		pop_letter(&app->needle);
		app->search_at = (size_t)-1;
	} else {
		bool was = app->searching, leaves = key->sym == KEY_ESCAPE || is_ctrl(key, 'c');

		app->searching = false;
		if (was && leaves)
			edit_show(app->edit, STR_NONE);
		return was && (leaves || key->sym == KEY_ENTER);
	}
	if (app->needle.len && edit_search(app->edit, buf_str(&app->needle), &app->search_at))
		edit_show(app->edit, app->search_at);
	return true;
}

/* Ctrl+G: the text in $VISUAL or $EDITOR, by way of a private file. */
static void external_editor(struct app *app)
{
	char path[] = "/tmp/seal-edit-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;

	if (fd < 0)
		return;
	edit_text(app->edit, &text);
	if (fd_write_all(fd, buf_str(&text), &err) == 0 && term_edit(path)) {
		buf_clear(&text);
		if (fd_read_file(AT_FDCWD, path, EDIT_TEXT_MAX, &text, &err) == 0)
			edit_set(app->edit, buf_str(&text));
	}
	(void)close(fd);
	(void)unlink(path);
	screen_redraw(app->screen);
}

static bool view_key(struct app *app, const struct key *key)
{
	if (is_ctrl(key, 'l')) {
		screen_redraw(app->screen);
	} else if (is_ctrl(key, 'o')) {
		if (!transcript_unfold(app->transcript, app->screen))
			buf_adds(&app->footer, "nothing more is folded\n");
	} else if (app->setup->alternate && (key->sym == KEY_PAGE_UP || key->sym == KEY_PAGE_DOWN)) {
		long half = (long)screen_rows(app->screen) / 2;

		screen_scroll(app->screen, key->sym == KEY_PAGE_UP ? half : -half);
	} else if (is_ctrl(key, 'g')) {
		external_editor(app);
	} else if (is_ctrl(key, 'z')) {
		screen_leave(app->screen, true);
		(void)term_write(buf_str(screen_out(app->screen)));
		buf_clear(screen_out(app->screen));
		term_suspend();
	} else {
		return false;
	}
	return true;
}

/* The terminal's answer about its background; a look that was asked for stays. */
static void on_background(struct app *app, struct str colour)
{
	if (!app->theme_is_fixed && theme_is_light(colour))
		screen_set_theme(app->screen, THEME_LIGHT);
}

static bool report(struct app *app, const struct key *key)
{
	if (key->sym == KEY_FOCUS_IN || key->sym == KEY_FOCUS_OUT)
		app->has_focus = key->sym == KEY_FOCUS_IN;
	else if (key->sym == KEY_BACKGROUND)
		on_background(app, key->text);
	else
		return false;
	return true;
}

static int choose(struct app *app, const struct key *key, struct err *err)
{
	cleanup_free char *copy = NULL;
	choice_fn *chosen = app->choice.chosen;
	const char *value;

	if (!choice_key(&app->choice, key, &value))
		return 0;
	copy = value ? str_dup(str_of(value)) : NULL;
	choice_clear(&app->choice);
	return copy ? chosen(app, copy, err) : 0;
}

/* While a command's name is typed, those that fit are shown. */
static void hint(struct app *app)
{
	cleanup_buf struct buf common = BUF_INIT;
	struct str word = edit_word(app->edit);

	if (edit_is_command(app->edit) && word.len && word.data[0] == '/' && app->footer.len == 0)
		slash_complete(app, word, &app->footer, &common);
}

static int edit_or_submit(struct app *app, const struct key *key, struct err *err)
{
	if (edit_key(app->edit, key) == EDIT_SUBMIT)
		return submit(app, err);
	hint(app);
	return 0;
}

int app_key(struct app *app, const struct key *key, struct err *err)
{
	app->dirty = app->urgent = true;
	if (report(app, key))
		return 0;
	if (app->n_asks)
		return ask_key(app, key, err);
	buf_clear(&app->footer);
	if (app->choice.n)
		return choose(app, key, err);
	if (search_key(app, key) || view_key(app, key))
		return 0;
	if (key->sym == KEY_ESCAPE && edit_escape(app->edit))
		return 0;
	if (is_ctrl(key, 'c') || key->sym == KEY_ESCAPE)
		return interrupt(app, is_ctrl(key, 'c'), err);
	if (is_ctrl(key, 'd') && edit_is_empty(app->edit) && !app->prompt) {
		app->quit = true;
		return 0;
	}
	if (key->sym == KEY_TAB) {
		complete(app);
		return 0;
	}
	return edit_or_submit(app, key, err);
}
