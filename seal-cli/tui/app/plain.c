/* The interface in plain lines: what is said is written once, below what was. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "rpc/client.h"
#include "seal-cli/tui/app/state.h"

#define COLUMNS ((size_t)INT32_MAX)	/* the reader or the terminal wraps */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static void put_line(void *ctx, const struct line *line)
{
	(void)ctx;
	for (size_t i = 0; i < line->n; i++)
		(void)fwrite(line->cells[i].bytes, 1, line->cells[i].len, stdout);
	(void)fputc('\n', stdout);
}

struct plain {
	struct app app;
	struct buf typed;	/* what is read and has no end of line yet */
	size_t told;	/* questions told: 0 or 1 */
	bool has_prompt;	/* "you: " stands at the end */
};

static void tell_question(struct plain *plain)
{
	cleanup_buf struct buf text = BUF_INIT, safe = BUF_INIT;
	struct str rest, one;

	if (plain->app.n_asks == 0 || plain->told)
		return;
	ask_view_tell(plain->app.asks[0].view, &text);
	rest = buf_str(&text);
	while (str_line(&rest, &one)) {	/* control characters shown, as everywhere */
		cleanup_line struct line line = { 0 };

		line_add(&line, (struct style){ 0 }, one);
		put_line(NULL, &line);
	}
	(void)fputs("Answer with a number: ", stdout);
	plain->told = 1;
}

static void tell(struct plain *plain)
{
	struct app *app = &plain->app;
	bool is_idle = !app->prompt && !app->starting && app->n_asks == 0;

	transcript_write(app->transcript, COLUMNS, put_line, NULL);
	tell_question(plain);
	if (is_idle && !plain->has_prompt)
		(void)fputs("\nyou: ", stdout);
	plain->has_prompt = is_idle;
	(void)fflush(stdout);
}

static int answer(struct plain *plain, struct str line, struct err *err)
{
	struct key key = { KEY_CHAR, 0, str_head(str_trim(line), 1) };
	const char *option = ask_view_key(plain->app.asks[0].view, &key);

	plain->told = 0;
	return option ? app_answer(&plain->app, option, err) : 0;
}

static int on_line(struct plain *plain, struct str line, struct err *err)
{
	plain->has_prompt = false;
	if (plain->app.n_asks)
		return answer(plain, line, err);
	if (str_trim(line).len == 0)
		return 0;
	return app_submit(&plain->app, line, err);
}

static int on_input(struct plain *plain, struct err *err)
{
	char bytes[4096];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	int r = 0;

	if (n < 0)
		return errno == EINTR ? 0 : err_sys(err, "read the terminal");
	if (n == 0)
		plain->app.quit = true;
	buf_add(&plain->typed, (struct str){ bytes, (size_t)n });
	while (r == 0) {
		size_t end = str_chr(buf_str(&plain->typed), '\n');
		cleanup_buf struct buf line = BUF_INIT;

		if (end == STR_NONE)
			return 0;
		buf_add(&line, str_head(buf_str(&plain->typed), end));
		buf_addc(&line, '\0');	/* app_submit() looks at the first byte */
		line.len--;
		buf_consume(&plain->typed, end + 1);
		r = on_line(plain, buf_str(&line), err);
	}
	return r;
}

static int step(struct plain *plain, struct err *err)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 },
				{ rpc_client_fd(plain->app.client), POLLIN, 0 } };
	int n, r = 0;

	tell(plain);
	n = poll(fds, 2, -1);
	if (n < 0 && errno != EINTR)
		return err_sys(err, "poll");
	if (interrupted) {
		interrupted = 0;
		if (!plain->app.prompt)
			plain->app.quit = true;
		else
			r = app_cancel(&plain->app, err);
	}
	if (r == 0 && n > 0 && fds[0].revents)
		r = on_input(plain, err);
	if (r == 0 && n > 0 && fds[1].revents) {
		r = app_receive(&plain->app, err);
		r = r == ERR_GONE ? app_reconnect(&plain->app, err) : r;
	}
	return r;
}

int app_run_plain(const struct app_setup *setup, struct err *err)
{
	struct sigaction act = { .sa_handler = on_interrupt };
	struct plain plain = { 0 };
	int r = app_init(&plain.app, setup, err);

	(void)sigaction(SIGINT, &act, NULL);
	if (r == 0) {
		(void)puts("seal, in plain lines. Type a message and Enter; /help lists the commands; "
			   "Ctrl+C cancels a turn, Ctrl+D leaves.");
		r = app_start(&plain.app, setup->session, err);
	}
	while (r == 0 && !plain.app.quit)
		r = step(&plain, err);
	(void)fputc('\n', stdout);
	buf_fini(&plain.typed);
	app_fini(&plain.app);
	return r;
}
