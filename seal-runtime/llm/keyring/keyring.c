#include "llm/keyring/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"

#define ANSWER_MAX ((size_t)32 * 1024)

/* A locked keyring asks the person for its password. */
#define WAIT_MS 60000

extern char **environ;

/* Either may be the way to the bus; without both there is none. */
bool keyring_may_be(void)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[256];

	if (address && address[0])
		return true;
	if (!runtime || !runtime[0])
		return false;
	(void)snprintf(path, sizeof(path), "%s/bus", runtime);
	return access(path, R_OK | W_OK) == 0;
}

struct asked {
	pid_t pid;
	int in, out;
};

static void asked_finip(struct asked *asked)
{
	closep(&asked->in);
	closep(&asked->out);
	if (asked->pid <= 0)
		return;
	(void)kill(asked->pid, SIGKILL);
	while (waitpid(asked->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* Its own words on stderr are a library's, not ours. */
static int start(const char *verb, const char *provider, struct asked *asked, struct err *err)
{
	cleanup_free char *seald = NULL;
	char *argv[] = {"seald", "keyring", (char *)(uintptr_t)verb, (char *)(uintptr_t)provider,
			NULL};
	cleanup_close int child_in = -1, child_out = -1;
	posix_spawn_file_actions_t actions;
	int in[2], out[2], r;

	if (dirs_part("seald", &seald, err) < 0)
		return err->code;
	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	child_in = in[0];
	asked->in = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	child_out = out[1];
	asked->out = out[0];
	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_nomem(err);
	(void)posix_spawn_file_actions_adddup2(&actions, child_in, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, child_out, 1);
	(void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	r = posix_spawn(&asked->pid, seald, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	errno = r;
	return r ? err_sys(err, "start %s keyring", seald) : 0;
}

/* To the end of its output; the room is taken at once, so that no copy of a key
 * stays behind where a buffer was. */
static int read_answer(int fd, struct buf *answer, struct err *err)
{
	struct pollfd poller = {fd, POLLIN, 0};

	if (!buf_reserve(answer, ANSWER_MAX))
		return err_nomem(err);
	for (;;) {
		int ready = poll(&poller, 1, WAIT_MS);
		ssize_t n = 0;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return err_set(err, ERR_INPUT,
				       "no answer within %d s: is it locked, and nobody unlocks it?",
				       WAIT_MS / 1000);
		if (ready > 0 && answer->len < ANSWER_MAX)
			n = read(fd, answer->data + answer->len, ANSWER_MAX - answer->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		answer->len += (size_t)n;
	}
}

static int reap(struct asked *asked, int *ret_status, struct err *err)
{
	pid_t pid = asked->pid;

	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, "wait for seald keyring");
	}
	asked->pid = 0;
	return 0;
}

static int ask(const char *verb, struct str provider, struct str key, struct buf *answer,
	       struct err *err)
{
	cleanup_with(asked_fini) struct asked asked = {0, -1, -1};
	cleanup_free char *name = str_dup(provider);
	struct err ignored;
	int status = 0, r;

	if (!keyring_may_be())
		return err_set(err, ERR_INPUT, "no session bus");
	if (!name)
		return err_nomem(err);
	r = start(verb, name, &asked, err);
	if (r < 0)
		return r;
	/* One that cannot take the key says why on its output. */
	if (key.len)
		(void)fd_write_all(asked.in, key, &ignored);
	closep(&asked.in);
	asked.in = -1;
	r = read_answer(asked.out, answer, err);
	if (r == 0)
		r = reap(&asked, &status, err);
	if (r < 0)
		return r;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && answer->len)
		return err_set(err, ERR_INPUT, "%.*s", STR_ARG(str_trim(buf_str(answer))));
	return err_set(err, ERR_INPUT, "seald keyring failed");
}

int keyring_find(struct str provider, struct buf *ret_key, struct err *err)
{
	return ask("find", provider, (struct str){"", 0}, ret_key, err);
}

int keyring_keep(struct str provider, struct str key, struct err *err)
{
	cleanup_buf struct buf answer = BUF_INIT;

	return ask("keep", provider, key, &answer, err);
}

int keyring_forget(struct str provider, struct err *err)
{
	cleanup_buf struct buf answer = BUF_INIT;

	return ask("forget", provider, (struct str){"", 0}, &answer, err);
}
