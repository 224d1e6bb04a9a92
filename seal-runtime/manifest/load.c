#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "manifest/manifest.h"

/* O_NONBLOCK: a fifo of that name is refused instead of waited for. */
static int open_regular(const char *path, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_INPUT, "%s is not there; `seal init` makes one", path);
	if (fd < 0 && errno == ELOOP)
		return err_set(err, ERR_INPUT, "%s is a link; put the file itself there", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is no regular file; put one there", path);
	return take_fd(fd);
}

int manifest_load(const char *root, struct manifest **ret_manifest, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT, text = BUF_INIT;
	cleanup_close int fd = -1;
	int r;

	buf_addf(&path, "%s/%s", root, MANIFEST_NAME);
	if (path.failed)
		return err_nomem(err);
	fd = open_regular(path.data, err);
	if (fd < 0)
		return fd;
	r = fd_read_all(fd, MANIFEST_SIZE_MAX, &text, err);
	if (r == ERR_LIMIT)
		return err_set(err, ERR_INPUT, "%s:1:1: larger than %d bytes; make it smaller", path.data,
			       MANIFEST_SIZE_MAX);
	if (r < 0)
		return err_wrap(err, "%s", path.data);
	return manifest_parse(buf_str(&text), path.data, ret_manifest, err);
}

static int has_manifest(const char *folder)
{
	char path[PATH_MAX + sizeof(MANIFEST_NAME) + 1];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, MANIFEST_NAME);
	return lstat(path, &st) == 0;
}

int manifest_find_root(const char *start, char **ret_root, struct err *err)
{
	char folder[PATH_MAX];

	if (!realpath(start, folder))
		return err_sys(err, "%s", start);
	for (;;) {
		char *slash;

		if (has_manifest(folder)) {
			*ret_root = str_dup(str_of(folder));
			return *ret_root ? 0 : err_nomem(err);
		}
		if (strcmp(folder, "/") == 0)
			return err_set(err, ERR_INPUT,
				       "no %s in %s or above it; `seal init` makes one for this project",
				       MANIFEST_NAME, start);
		slash = strrchr(folder, '/');
		slash[slash == folder] = '\0';
	}
}
