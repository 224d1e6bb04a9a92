#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/tmp.h"

int fd_read_all(int fd, size_t limit, struct buf *buf, struct err *err)
{
	size_t start = buf->len;

	for (;;) {
		char *at = buf_reserve(buf, FD_READ_SIZE);
		ssize_t n;

		if (!at)
			return buf_check(buf, "the input", err);
		n = read(fd, at, FD_READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read");
		at[n] = '\0';
		buf->len += (size_t)n;
		if (buf->len - start > limit)
			return err_set(err, ERR_LIMIT, "larger than %zu bytes", limit);
		if (n == 0)
			return 0;
	}
}

int fd_write_all(int fd, struct str bytes, struct err *err)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write");
		bytes = str_from(bytes, (size_t)n);
	}
	return 0;
}

int fd_read_file(int dir, const char *name, size_t limit, struct buf *buf, struct err *err)
{
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return err_sys(err, "open %s", name);
	r = fd_read_all(fd, limit, buf, err);
	if (r < 0)
		return err_wrap(err, "%s", name);
	return 0;
}

static int replace(int dir, const char *name, struct str bytes, mode_t mode, struct err *err)
{
	cleanup_with(tmp_drop) struct tmp tmp = { .dir = dir, .fd = -1 };
	int r;

	r = tmp_open(&tmp, mode, err);
	if (r < 0)
		return r;
	r = fd_write_all(tmp.fd, bytes, err);
	if (r < 0)
		return r;
	if (fsync(tmp.fd) < 0)
		return err_sys(err, "fsync");
	if (renameat(dir, tmp.name, dir, name) < 0)
		return err_sys(err, "rename into place");
	tmp.name[0] = '\0';
	return 0;
}

int fd_replace_soon(int dir, const char *name, struct str bytes, mode_t mode, struct err *err)
{
	if (replace(dir, name, bytes, mode, err) < 0)
		return err_wrap(err, "write %s", name);
	return 0;
}

int fd_replace_file(int dir, const char *name, struct str bytes, mode_t mode, struct err *err)
{
	if (fd_replace_soon(dir, name, bytes, mode, err) < 0)
		return err->code;
	if (dir >= 0)
		(void)fsync(dir);
	return 0;
}

int fd_replace_path(const char *path, struct str bytes, mode_t mode, struct err *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *folder = str_dup(slash ? str_head(str_of(path), (size_t)(slash - path) + 1) :
						    STR("."));
	cleanup_close int dir = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (!folder)
		return err_nomem(err);
	if (dir < 0)
		return err_sys(err, "open %s", folder);
	return fd_replace_file(dir, slash ? slash + 1 : path, bytes, mode, err);
}

int fd_make_dirs(const char *path, struct err *err)
{
	char part[4096];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return err_set(err, ERR_LIMIT, "path longer than %zu bytes", sizeof(part) - 1);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make folder %s", part);
	}
	return 0;
}

int fd_pair(int type, int ret_fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return err_sys(err, "socketpair");
	return 0;
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int fd_send(int sock, struct str bytes, int fd, struct err *err)
{
	union control control = { 0 };
	struct iovec io = { (void *)(uintptr_t)bytes.data, bytes.len };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *head;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &fd, sizeof(int));
	}
	while (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return err_sys(err, "sendmsg");
	return 0;
}

ssize_t fd_recv(int sock, char *bytes, size_t size, int *ret_fd, struct err *err)
{
	union control control = { 0 };
	struct iovec io = { bytes, size };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *head;
	ssize_t n;

	*ret_fd = -1;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "recvmsg");
	head = CMSG_FIRSTHDR(&msg);
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(head), sizeof(int));
	return n;
}
