/* The question on a terminal that has no interface running: on stderr and stdin. */
#include "seal-cli/run/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/utf8.h"
#include "seal-cli/run/clean.h"
#include "seal-cli/tui/keys.h"

/* Of the terminal, while it is changed; for the signal handler too. */
static struct termios before;
static volatile sig_atomic_t is_changed;

void ask_restore_terminal(void)
{
	if (is_changed)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	is_changed = 0;
}

/* Keys one by one and unseen.  Ctrl+C stays a signal: it ends the turn. */
static bool change_terminal(void)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return false;
	now = before;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	now.c_cc[VSUSP] = _POSIX_VDISABLE;
	is_changed = 1;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) == 0;
}

struct prompt {
	struct question *question;
	size_t part;    /* whose scale the arrows move */
	size_t n_lines; /* painted below the head */
	enum question_choice choice;
	bool is_done;
};

static void put_head(const struct question *question)
{
	(void)fputs("\nseal asks: ", stderr);
	clean_put(stderr, question->call, true);
	(void)fputc('\n', stderr);
	clean_put(stderr, question->subject, false);
	(void)fputc('\n', stderr);
	if (question->cwd.len) {
		(void)fputs("in ", stderr);
		clean_put(stderr, question->cwd, true);
		(void)fputc('\n', stderr);
	}
	if (question->diff.len) {
		clean_put(stderr, question->diff, false);
		(void)fputc('\n', stderr);
	}
	for (size_t i = 0; i < question->n_parts; i++) {
		const struct question_part *part = &question->parts[i];

		if (part->is_allowed)
			continue;
		(void)fputs("  not granted: ", stderr);
		clean_put(stderr, part->text, true);
		(void)fputs("\n    because ", stderr);
		clean_put(stderr, part->reason, true);
		(void)fputc('\n', stderr);
	}
}

static size_t columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

/* One row each, so that they can be painted over: cut, with the whole pattern
 * in the head when it is a command's own text. */
static void put_row(const char *mark, struct str text)
{
	size_t room = columns() - 6;

	(void)fputs(mark, stderr);
	clean_put(stderr, str_head(text, utf8_cut(text, room)), true);
	if (text.len > room)
		(void)fputs("…", stderr);
	(void)fputs("\x1b[K\n", stderr);
}

static void paint(struct prompt *prompt)
{
	struct question *question = prompt->question;

	if (prompt->n_lines)
		(void)fprintf(stderr, "\x1b[%zuA\r\x1b[J", prompt->n_lines);
	prompt->n_lines = 2;
	for (size_t i = 0; i < question->n_parts; i++) {
		cleanup_buf struct buf line = BUF_INIT;

		if (question->parts[i].is_allowed)
			continue;
		question_line(&question->parts[i], CHOICE_ALLOW_ALWAYS, &line);
		put_row(i == prompt->part ? "  > " : "    ", buf_str(&line));
		prompt->n_lines++;
	}
	(void)fputs(question->only_once ? "  1 allow   3 deny   4 deny always\n"
					: "  1 allow   2 allow always   3 deny   4 deny always\n",
		    stderr);
	(void)fputs(
	    "  left: broader, right: narrower, tab: as recommended, up and down: other part\n",
	    stderr);
	(void)fflush(stderr);
}

static void recommend(struct question_part *part)
{
	for (size_t i = 0; i < part->n_steps; i++)
		if (json_bool(yyjson_arr_get(part->steps, i), "recommended", false))
			part->step = i;
}

static void move_part(struct prompt *prompt, bool down)
{
	const struct question *question = prompt->question;
	size_t at = prompt->part;

	for (size_t i = 0; i < question->n_parts; i++) {
		at = (at + (down ? 1 : question->n_parts - 1)) % question->n_parts;
		if (!question->parts[at].is_allowed)
			break;
	}
	prompt->part = at;
}

static void choose(struct prompt *prompt, char digit)
{
	static const enum question_choice choices[] = {CHOICE_ALLOW, CHOICE_ALLOW_ALWAYS,
						       CHOICE_DENY, CHOICE_DENY_ALWAYS};

	if (digit < '1' || digit > '4' || (digit == '2' && prompt->question->only_once))
		return;
	prompt->choice = choices[digit - '1'];
	prompt->is_done = true;
}

static void on_key(void *ctx, const struct key *key)
{
	struct prompt *prompt = ctx;
	struct question_part *part = &prompt->question->parts[prompt->part];

	if (prompt->is_done)
		return;
	if (key->sym == KEY_CHAR && key->text.len == 1 && key->mods == 0)
		choose(prompt, key->text.data[0]);
	else if (key->sym == KEY_LEFT && part->step > 0)
		part->step--;
	else if (key->sym == KEY_RIGHT && part->step + 1 < part->n_steps)
		part->step++;
	else if (key->sym == KEY_HOME)
		part->step = 0;
	else if (key->sym == KEY_END && part->n_steps)
		part->step = part->n_steps - 1;
	else if (key->sym == KEY_TAB)
		recommend(part);
	else if ((key->sym == KEY_UP || key->sym == KEY_DOWN) && prompt->question->n_parts)
		move_part(prompt, key->sym == KEY_DOWN);
}

/* false: the terminal ended, a signal came, or the daemon has something to say:
 * the question may be over. */
static bool read_keys(struct keys *keys, int daemon_fd)
{
	struct pollfd wait[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				{.fd = daemon_fd, .events = POLLIN}};
	char bytes[256];
	ssize_t n;
	int r = poll(wait, 2, keys_pending(keys) ? KEYS_ESCAPE_MS : -1);

	if (r < 0 || wait[1].revents)
		return false;
	if (r == 0) {
		keys_escape(keys);
		return true;
	}
	n = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (n > 0)
		keys_feed(keys, (struct str){bytes, (size_t)n});
	return n > 0;
}

bool ask_terminal(struct question *question, int daemon_fd, enum question_choice *ret_choice)
{
	struct prompt prompt = {.question = question};
	cleanup_with(keys_free) struct keys *keys = keys_new(on_key, &prompt);

	if (!keys || !change_terminal()) {
		ask_restore_terminal();
		return false;
	}
	if (question->n_parts && question->parts[0].is_allowed)
		move_part(&prompt, true);
	put_head(question);
	paint(&prompt);
	while (!prompt.is_done && read_keys(keys, daemon_fd))
		paint(&prompt);
	ask_restore_terminal();
	*ret_choice = prompt.choice;
	return prompt.is_done;
}
