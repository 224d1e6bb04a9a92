#include "daemon/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "rpc/client.h"

/* Does somebody answer at the socket? */
static bool is_answered(const struct sockaddr_un *at)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;
}

/* A daemon on its way out no longer listens but still holds the lock: its
 * workers have PLACE_WAIT_MS to end. */
#define PLACE_WAIT_MS 5000

/* `at` NULL: the socket is ours already, and answers for that reason. */
static int wait_for_lock(int fd, const char *path, const struct sockaddr_un *at, struct err *err)
{
	const struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };

	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += 10) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(err, "lock %s", path);
		if (waited >= PLACE_WAIT_MS || (at && is_answered(at)))
			return err_set(err, ERR_INPUT,
				       "another seald runs already (%s is locked); `seal daemon "
				       "stop` ends it",
				       path);
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

static int lock(const char *dir, const struct sockaddr_un *at, int *ret_fd, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_close int fd = -1;

	buf_addf(&path, "%s/%s", dir, RPC_LOCK_NAME);
	if (buf_check(&path, "the path", err) < 0)
		return err->code;
	fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, "open %s", path.data);
	if (wait_for_lock(fd, path.data, at, err) < 0)
		return err->code;
	*ret_fd = take_fd(fd);
	return 0;
}

static int address(const char *dir, struct sockaddr_un *ret_address, struct err *err)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((size_t)snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/%s", dir,
			     RPC_SOCKET_NAME) >= sizeof(ret_address->sun_path))
		return err_set(
		    err, ERR_INPUT,
		    "%s/%s is too long for a socket; set XDG_RUNTIME_DIR to a shorter path", dir,
		    RPC_SOCKET_NAME);
	return 0;
}

/* Who holds the lock may remove the socket: its owner is dead. */
static int listen_at(const struct sockaddr_un *at, int *ret_fd, struct err *err)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return err_sys(err, "socket");
	if (unlink(at->sun_path) < 0 && errno != ENOENT)
		return err_sys(err, "remove the stale socket %s", at->sun_path);
	(void)umask(0177);
	r = bind(fd, (const struct sockaddr *)at, sizeof(*at));
	(void)umask(077);
	if (r < 0 || listen(fd, 128) < 0)
		return err_sys(err, "listen at %s", at->sun_path);
	*ret_fd = take_fd(fd);
	return 0;
}

int place_take(int *ret_lock_fd, int *listen_fd, struct err *err)
{
	cleanup_free char *dir = NULL;
	cleanup_close int lock_fd = -1;
	bool is_given = *listen_fd >= 0;
	struct sockaddr_un at;

	if (dirs_get(DIRS_RUNTIME, &dir, err) < 0 || address(dir, &at, err) < 0 ||
	    lock(dir, is_given ? NULL : &at, &lock_fd, err) < 0)
		return err->code;
	if (!is_given && listen_at(&at, listen_fd, err) < 0)
		return err->code;
	(void)umask(077);
	*ret_lock_fd = take_fd(lock_fd);
	return 0;
}

void place_leave(void)
{
	cleanup_free char *dir = NULL;
	struct sockaddr_un at;
	struct err err;

	if (dirs_get(DIRS_RUNTIME, &dir, &err) >= 0 && address(dir, &at, &err) >= 0)
		(void)unlink(at.sun_path);
}
