#include "seal-cli/tui/app/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"

/* Asked for: bracketed paste, focus, kitty keys, modifyOtherKeys, background. */
static const char on[] = "\x1b[?2004h\x1b[?1004h\x1b[>1u\x1b[>4;1m\x1b]11;?\x1b\\";
static const char off[] = "\x1b[?2026l\x1b[>4;0m\x1b[<u\x1b[?1004l\x1b[?2004l\x1b[0m\x1b[?25h";

static struct termios cooked;
static volatile sig_atomic_t is_open, in_alternate;
static int events[2] = { -1, -1 };

static void put(const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd out = { STDOUT_FILENO, POLLOUT, 0 };

			(void)poll(&out, 1, 1000);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
}

void term_close(void)
{
	if (!is_open)
		return;
	is_open = 0;
	put(off, sizeof(off) - 1);
	if (in_alternate)
		put("\x1b[?1049l", 8);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
}

static void on_event(int number)
{
	char byte = number == SIGWINCH ? 'w' : number == SIGCONT ? 'c' : 'e';
	int saved = errno;

	(void)!write(events[1], &byte, 1);
	errno = saved;
}

static void on_crash(int number)
{
	term_close();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void raw(void)
{
	struct termios mode = cooked;

	cfmakeraw(&mode);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
	if (in_alternate)
		put("\x1b[?1049h", 8);
	put(on, sizeof(on) - 1);
	is_open = 1;
}

int term_open(bool alternate, struct err *err)
{
	static const int told[] = { SIGWINCH, SIGTERM, SIGHUP, SIGCONT };
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	struct sigaction act = { .sa_handler = on_event, .sa_flags = SA_RESTART };

	if (tcgetattr(STDIN_FILENO, &cooked) < 0 || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_INPUT, "no terminal here; use `seal run \"…\"`");
	if (pipe2(events, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, "pipe");
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		(void)sigaction(told[i], &act, NULL);
	act.sa_handler = on_crash;
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		(void)sigaction(crashes[i], &act, NULL);
	in_alternate = alternate;
	raw();
	return 0;
}

void term_suspend(void)
{
	term_close();
	(void)kill(0, SIGTSTP);	/* the whole foreground job, as the terminal would */
	raw();
}

bool term_edit(const char *path)
{
	const char *editor = getenv("VISUAL") ? getenv("VISUAL") : getenv("EDITOR");
	const char *const argv[] = { "sh", "-c", "exec $0 \"$1\"", editor && editor[0] ? editor : "vi",
				     path, NULL };
	pid_t pid;
	int status = -1;

	term_close();
	if (posix_spawnp(&pid, "sh", NULL, NULL, (char *const *)(uintptr_t)argv, environ) == 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	raw();
	return status == 0;
}

void term_size(size_t *ret_columns, size_t *ret_rows)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		size = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	*ret_columns = size.ws_col;
	*ret_rows = size.ws_row;
}

bool term_write(struct str bytes)
{
	put(bytes.data, bytes.len);
	return true;
}

int term_event_fd(void)
{
	return events[0];
}

enum term_event term_event(void)
{
	char byte;

	if (read(events[0], &byte, 1) != 1)
		return TERM_NOTHING;
	return byte == 'w' ? TERM_RESIZED : byte == 'c' ? TERM_RESUMED : TERM_END;
}
