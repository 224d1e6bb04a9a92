/* Descriptors: whole reads and writes, pairs, and passing one on. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

#define FD_READ_SIZE 65536 /* what one read asks for */

/* Everything up to end of file; ERR_LIMIT beyond `limit` bytes. */
int fd_read_all(int fd, size_t limit, struct buf *buf, struct err *err);

/* All bytes, through partial writes and EINTR. */
int fd_write_all(int fd, struct str bytes, struct err *err);

/* Opens (O_RDONLY|O_CLOEXEC|O_NOFOLLOW) and reads; `dir` may be AT_FDCWD. */
int fd_read_file(int dir, const char *name, size_t limit, struct buf *buf, struct err *err);

/*
 * Replaces `name` in `dir` so that a crash leaves the old or the new file,
 * whole: temporary file in the same folder, fsync, rename, fsync of the folder.
 */
int fd_replace_file(int dir, const char *name, struct str bytes, mode_t mode, struct err *err);

/* The same without the last step, for many files of one folder: the old one may
 * come back after a power cut, until the caller syncs the folder. */
int fd_replace_soon(int dir, const char *name, struct str bytes, mode_t mode, struct err *err);

/* The same for a path: the temporary file stands beside it, not in the current folder. */
int fd_replace_path(const char *path, struct str bytes, mode_t mode, struct err *err);

/* Makes every missing folder of an absolute path, mode 0700. */
int fd_make_dirs(const char *path, struct err *err);

/* SOCK_SEQPACKET or SOCK_STREAM pair, close-on-exec. */
int fd_pair(int type, int ret_fds[2], struct err *err);

/* One message with one descriptor over a Unix socket; fd -1 sends none. */
int fd_send(int sock, struct str bytes, int fd, struct err *err);

/* Up to `size` bytes; *ret_fd is -1 when none came.  Returns bytes, 0 at end, < 0. */
ssize_t fd_recv(int sock, char *bytes, size_t size, int *ret_fd, struct err *err);
