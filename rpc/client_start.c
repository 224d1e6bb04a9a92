#include "rpc/client.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/dirs.h"
#include "base/err.h"

extern char **environ;

/* Number of the ready descriptor in the daemon. */
#define READY_FD 3

struct actions {
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
};

static void actions_finip(struct actions *actions)
{
	(void)posix_spawn_file_actions_destroy(&actions->files);
	(void)posix_spawnattr_destroy(&actions->attributes);
}

/* A session of its own, so that a terminal's Ctrl+C and hang-up end the client
 * and not the daemon.  Its words go to the log file of the state folder. */
static int actions_fill(struct actions *actions, int ready, const char *log)
{
	posix_spawn_file_actions_t *files = &actions->files;
	sigset_t none;
	int r = 0;

	(void)sigemptyset(&none);
	r |= posix_spawnattr_setsigmask(&actions->attributes, &none);
	r |= posix_spawnattr_setflags(&actions->attributes,
	                              POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
	r |= posix_spawn_file_actions_adddup2(files, ready, READY_FD);
	r |= posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
	r |= posix_spawn_file_actions_addopen(files, 1, "/dev/null", O_WRONLY, 0);
	r |= posix_spawn_file_actions_addopen(files, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	return r;
}

static int spawn(const char *seald, int ready, const char *log, pid_t *ret_pid, struct err *err)
{
	cleanup_with(actions_fini) struct actions actions;
	char *argv[] = { (char *)(uintptr_t)seald, "daemon", "--ready-fd", "3", NULL };
	int r;

	if (posix_spawn_file_actions_init(&actions.files) ||
	    posix_spawnattr_init(&actions.attributes) || actions_fill(&actions, ready, log))
		return err_nomem(err);
	r = posix_spawn(ret_pid, seald, &actions.files, &actions.attributes, argv, environ);
	if (r == 0)
		return 0;
	errno = r;
	return err_sys(err, "run %s", seald);
}

/* One byte: it listens.  End of file: it ended without. */
static int wait_ready(int ready, pid_t pid, const char *log, struct err *err)
{
	char byte;
	ssize_t n;
	int status;

	do
		n = read(ready, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	(void)waitpid(pid, &status, 0);
	return err_set(err, ERR_GONE, "seald ended at once; it says why in %s", log);
}

/* A descriptor that is none of 0, 1, 2 and READY_FD, so that dup2 in the child
 * neither meets itself nor is overwritten by the opens. */
static int out_of_the_way(int fd, int *ret_fd, struct err *err)
{
	*ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, READY_FD + 1);
	return *ret_fd < 0 ? err_sys(err, "fcntl") : 0;
}

int rpc_client_start_daemon(struct err *err)
{
	cleanup_close int ready = -1;
	cleanup_close int theirs = -1;
	cleanup_close int moved = -1;
	cleanup_free char *seald = NULL;
	cleanup_free char *state = NULL;
	cleanup_buf struct buf log = BUF_INIT;
	int ends[2];
	pid_t pid;

	if (dirs_part("seald", &seald, err) < 0 || dirs_get(DIRS_STATE, &state, err) < 0)
		return err->code;
	buf_addf(&log, "%s/seald.log", state);
	if (buf_check(&log, "the path", err) < 0)
		return err->code;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	ready = ends[0];
	theirs = ends[1];
	if (out_of_the_way(theirs, &moved, err) < 0 || spawn(seald, moved, log.data, &pid, err) < 0)
		return err->code;
	(void)close(take_fd(theirs));
	(void)close(take_fd(moved));
	return wait_ready(ready, pid, log.data, err);
}
