#include "daemon/manager.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

/* The first that is passed; the protocol says so. */
#define FIRST_FD 3

/* NOTIFY_SOCKET, as it was before it was taken out of the environment. */
static char *notify_path;

static int check(int fd, struct err *err)
{
	int family = 0, is_listening = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0 || family != AF_UNIX)
		return err_set(err, ERR_INPUT,
			       "what systemd passes is no Unix socket: see seald.socket");
	len = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) < 0 || !is_listening)
		return err_set(err, ERR_INPUT, "the socket that systemd passes does not listen");
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, "the socket that systemd passes");
	return 0;
}

int manager_take_socket(int *ret_fd, struct err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	const char *notify = getenv("NOTIFY_SOCKET");
	bool is_ours = pid && fds && strtol(pid, NULL, 10) == (long)getpid();
	bool is_one = is_ours && strcmp(fds, "1") == 0;

	notify_path = notify ? strdup(notify) : NULL;
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	(void)unsetenv("NOTIFY_SOCKET");
	*ret_fd = -1;
	if (!is_ours)
		return 0;
	if (!is_one)
		return err_set(err, ERR_INPUT, "systemd must pass one socket: see seald.socket");
	if (check(FIRST_FD, err) < 0)
		return err->code;
	*ret_fd = FIRST_FD;
	return 0;
}

void manager_tell(const char *state)
{
	cleanup_close int fd = -1;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = notify_path ? strlen(notify_path) : 0;

	if (len < 2 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, notify_path, len);
	/* An abstract name begins with @ in the variable, with NUL on the wire. */
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}
