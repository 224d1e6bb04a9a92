#include "seal-cli/tui/app.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "rpc/client.h"
#include "seal-cli/tui/app_state.h"
#include "seal-cli/tui/term.h"

#define FRAME_MS 16	/* at most sixty frames a second, however fast a reply streams */

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

static void app_fini(struct app *app)
{
	app_drop_asks(app);
	screen_free(app->screen);
	keys_free(app->keys);
	edit_free(app->edit);
	transcript_free(app->transcript);
	free(app->session);
	buf_fini(&app->model);
	buf_fini(&app->tasks);
	buf_fini(&app->footer);
	buf_fini(&app->queued);
	buf_fini(&app->needle);
}

static int app_init(struct app *app, const struct app_setup *setup, struct feeding *feeding,
		    struct err *err)
{
	size_t columns, rows;
	bool mono = getenv("NO_COLOR") && getenv("NO_COLOR")[0];

	term_size(&columns, &rows);
	*app = (struct app){ .setup = setup, .has_focus = true, .dirty = true };
	app->screen = screen_new(columns, rows, mono ? SCREEN_MONO : SCREEN_COLOURS);
	app->keys = keys_new(on_key, feeding);
	app->edit = edit_new();
	app->transcript = transcript_new();
	if (!app->screen || !app->keys || !app->edit || !app->transcript)
		return err_nomem(err);
	return 0;
}

static void paint(struct app *app)
{
	app_draw(app);
	(void)term_write(buf_str(screen_out(app->screen)));
	buf_clear(screen_out(app->screen));
}

static void on_terminal(struct app *app)
{
	size_t columns, rows;

	switch (term_event()) {
	case TERM_END: app->quit = true; break;
	case TERM_RESIZED:
		term_size(&columns, &rows);
		screen_resize(app->screen, columns, rows);
		app->dirty = true;
		break;
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

/* How long poll may sleep: for ever, unless a frame or a lone ESC waits. */
static int patience(const struct app *app, int64_t drawn_at)
{
	int64_t left = FRAME_MS - (app_now() - drawn_at);

	if (app->dirty)
		return left > 0 ? (int)left : 0;
	return keys_pending(app->keys) ? KEYS_ESCAPE_MS : -1;
}

static int loop(struct app *app, struct feeding *feeding, struct err *err)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 },
				{ rpc_client_fd(app->setup->client), POLLIN, 0 },
				{ term_event_fd(), POLLIN, 0 } };
	int64_t drawn_at = 0;
	int r = 0;

	while (!app->quit && r >= 0) {
		int n;

		if (app->dirty && app_now() - drawn_at >= FRAME_MS) {
			paint(app);
			drawn_at = app_now();
		}
		n = poll(fds, 3, patience(app, drawn_at));
		if (n < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (n == 0 && keys_pending(app->keys)) {
			feeding->r = 0;
			keys_escape(app->keys);
			r = feeding->r;
		}
		if (n > 0 && fds[2].revents)
			on_terminal(app);
		if (n > 0 && fds[0].revents)
			r = on_input(app, feeding, err);
		if (r >= 0 && n > 0 && fds[1].revents)
			r = app_receive(app, err);
	}
	return r;
}

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
	int r;

	r = app_init(&app, setup, &feeding, err);
	if (r == 0) {
		rpc_client_handle(setup->client, keep_update, &app);
		r = app_start(&app, err);
	}
	if (r == 0)
		r = term_open(setup->alternate, err);
	if (r == 0) {
		transcript_settle(app.transcript);
		r = loop(&app, &feeding, err);
		screen_leave(app.screen, true);
		(void)term_write(buf_str(screen_out(app.screen)));
		term_close();
	}
	app_fini(&app);
	return r;
}
