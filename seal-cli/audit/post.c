#include "seal-cli/audit/post.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

#define SAID_MAX 600

extern char **environ;

bool post_is_address(const char *target)
{
	return strncmp(target, "http://", 7) == 0 || strncmp(target, "https://", 8) == 0;
}

/* A file without a name: what goes in, or what comes out. */
static int room_for(struct str bytes, struct err *err)
{
	int fd = memfd_create("seal-post", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "memfd_create");
	if (fd_write_all(fd, bytes, err) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int start(const char *url, int in, int out, pid_t *ret_pid)
{
	/* -q: not what a .curlrc says; no redirect is followed. */
	const char *const argv[] = { "curl",
		                     "-q",
		                     "-sS",
		                     "--fail-with-body",
		                     "--max-time",
		                     "30",
		                     "--proto",
		                     "=http,https",
		                     "-H",
		                     "Content-Type: application/json",
		                     "--data-binary",
		                     "@-",
		                     "--url",
		                     url,
		                     NULL };
	posix_spawn_file_actions_t actions;
	int r;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	r = posix_spawnp(ret_pid, "curl", &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

int post_json(const char *url, struct str bytes, struct err *err)
{
	cleanup_close int in = room_for(bytes, err), out = in < 0 ? -1 : room_for(STR(""), err);
	char said[SAID_MAX];
	int status;
	ssize_t n;
	pid_t pid;

	if (out < 0)
		return err->code;
	errno = start(url, in, out, &pid);
	if (errno)
		return err_sys(err, "start curl, which sends to an address (apt install curl; or "
		                    "write to a file and send that)");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	n = pread(out, said, sizeof(said), 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(err, ERR_GONE, "%s did not take it: %.*s", url,
	               STR_ARG(str_trim((struct str){ said, n > 0 ? (size_t)n : 0 })));
}
