#include "seal-cli/tui/app/app.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "rpc/client.h"
#include "seal-cli/tui/app/state.h"
#include "seal-cli/tui/app/term.h"

#define FRAME_MS 17	/* less than sixty frames a second, however fast a reply streams */
#define CLOCK_MS 1000	/* the seconds of a turn, while one runs */

int64_t app_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Keys come through a callback; the first fault ends the loop. */
struct feeding {
	struct app *app;
	struct err *err;
	int r;
};

static void on_key(void *ctx, const struct key *key)
{
	struct feeding *feeding = ctx;

	if (feeding->r == 0)
		feeding->r = app_key(feeding->app, key, feeding->err);
}

void app_fini(struct app *app)
{
	app_drop_asks(app);
	choice_clear(&app->choice);
	screen_free(app->screen);
	keys_free(app->keys);
	edit_free(app->edit);
	transcript_free(app->transcript);
	links_free(app->links);
	if (app->client != app->setup->client)
		rpc_client_free(app->client);
	free(app->session);
	buf_fini(&app->model);
	buf_fini(&app->provider);
	buf_fini(&app->name);
	buf_fini(&app->root);
	buf_fini(&app->tasks);
	buf_fini(&app->footer);
	buf_fini(&app->queued);
	buf_fini(&app->needle);
}

int app_init(struct app *app, const struct app_setup *setup, struct err *err)
{
	*app = (struct app){ .setup = setup, .client = setup->client, .has_focus = true, .dirty = true };
	app->links = links_new();
	app->transcript = transcript_new(app->links);
	return app->links && app->transcript ? 0 : err_nomem(err);
}

static int init_terminal(struct app *app, struct feeding *feeding, struct err *err)
{
	enum theme theme = theme_of_environment();
	size_t columns, rows;

	/* Only a terminal of 256 colours is asked for its background. */
	app->theme_is_fixed = theme != THEME_DARK || app->setup->theme;
	if (app->setup->theme && !theme_named(str_of(app->setup->theme), &theme))
		return err_set(err, ERR_INPUT, "no theme \"%s\"; dark, light, 16 or mono", app->setup->theme);
	term_size(&columns, &rows);
	app->screen = screen_new(columns, rows, theme);
	app->keys = keys_new(on_key, feeding);
	app->edit = edit_new();
	if (!app->screen || !app->keys || !app->edit)
		return err_nomem(err);
	screen_set_links(app->screen, app->links);
	if (app->setup->alternate && !screen_keep_lines(app->screen))
		return err_nomem(err);
	if (app->setup->vim)
		edit_use_vim(app->edit);
	history_load(app->edit);
	return 0;
}

static void flush(struct app *app)
{
	(void)term_write(buf_str(screen_out(app->screen)));
	buf_clear(screen_out(app->screen));
}

static void follow_size(struct app *app)
{
	size_t columns, rows;

	term_size(&columns, &rows);
	screen_resize(app->screen, columns, rows);
	app->dirty = true;
}

static void on_terminal(struct app *app)
{
	switch (term_event()) {
	case TERM_END: app->quit = true; break;
	case TERM_RESIZED: follow_size(app); break;
	case TERM_RESUMED: app->dirty = true; break;
	case TERM_NOTHING: break;
	}
}

static int on_input(struct app *app, struct feeding *feeding, struct err *err)
{
	char bytes[65536];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return err_sys(err, "read the terminal");
	if (n == 0)
		app->quit = true;
	feeding->r = 0;
	keys_feed(app->keys, (struct str){ bytes, (size_t)n });
	return feeding->r;
}

static int on_daemon(struct app *app, struct err *err)
{
	int r = app_receive(app, err);

	return r == ERR_GONE ? app_reconnect(app, err) : r;
}

/* How long poll may sleep: for ever, unless a frame, a lone ESC or the clock of
 * a running turn waits, or a question that just appeared. */
static int patience(const struct app *app, int64_t drawn_at)
{
	int64_t left = FRAME_MS - (app_now() - drawn_at);

	if (app->dirty)
		return left > 0 ? (int)left : 0;
	if (keys_pending(app->keys))
		return KEYS_ESCAPE_MS;
	if (app_grace(app))
		return (int)app_grace(app) + 1;
	return app->prompt ? CLOCK_MS : -1;
}

static void draw_if_due(struct app *app, int64_t *drawn_at)
{
	/* A key is answered at once; what streams waits for its frame. */
	if (!app->dirty || (!app->urgent && app_now() - *drawn_at < FRAME_MS))
		return;
	app_draw(app);
	flush(app);
	*drawn_at = app_now();
}

static void on_timeout(struct app *app, struct feeding *feeding)
{
	feeding->r = 0;
	if (keys_pending(app->keys))
		keys_escape(app->keys);
	app->dirty = app->dirty || app->prompt || app->n_asks;
}

static int loop(struct app *app, struct feeding *feeding, struct err *err)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { term_event_fd(), POLLIN, 0 },
				{ -1, POLLIN, 0 } };
	int64_t drawn_at = 0;
	int r = 0;

	while (!app->quit && r >= 0) {
		int n;

		draw_if_due(app, &drawn_at);
		/* While a frame waits the daemon's next words can wait too: one
		 * wake-up a frame, however many pieces come.  But nobody waits
		 * for the frames of a history that is being told. */
		fds[2].fd = app->dirty && !app->starting ? -1 : rpc_client_fd(app->client);
		n = poll(fds, 3, patience(app, drawn_at));
		if (n < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (n == 0)
			on_timeout(app, feeding);
		if (n > 0 && fds[1].revents)
			on_terminal(app);
		r = feeding->r;
		if (r >= 0 && n > 0 && fds[0].revents)
			r = on_input(app, feeding, err);
		if (r >= 0 && n > 0 && fds[2].revents)
			r = on_daemon(app, err);
	}
	return r;
}

static int run(struct app *app, struct feeding *feeding, struct err *err)
{
	int r = term_open(app->setup->alternate, err);

	if (r < 0)
		return r;
	follow_size(app);	/* it may have changed before we were told of changes */
	r = loop(app, feeding, err);
	screen_leave(app->screen, true);
	flush(app);
	term_close();
	return r;
}

/* Updates that come while an answer is waited for (/resume's list). */
static int keep_update(void *ctx, struct rpc_client *client, const struct message *message,
		       struct err *err)
{
	struct app *app = ctx;

	(void)client, (void)err;
	if (str_is(message->method, "session/update"))
		transcript_update(app->transcript, yyjson_obj_get(message->params, "update"));
	return 0;
}

int app_run(const struct app_setup *setup, struct err *err)
{
	struct app app = { 0 };
	struct feeding feeding = { &app, err, 0 };
	int r = app_init(&app, setup, err);

	if (r == 0)
		r = init_terminal(&app, &feeding, err);
	if (r == 0) {
		rpc_client_handle(app.client, keep_update, &app);
		r = app_start(&app, setup->session, err);
	}
	if (r == 0)
		r = run(&app, &feeding, err);
	app_fini(&app);
	return r;
}
