#include "session/disk/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/err.h"

static int closedirp(DIR **dir)
{
	return *dir ? closedir(*dir) : 0;
}

/* Depth of a session's own folders, with room. */
#define REMOVE_DEPTH_MAX 16

/* Links are removed, never followed. */
static int remove_tree(int parent, const char *name, unsigned int depth, struct err *err)
{
	__attribute__((cleanup(closedirp))) DIR *dir = NULL;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *item;

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(parent, name, 0) < 0 ? err_sys(err, "remove %s", name) : 0;
	if (fd < 0)
		return err_sys(err, "open %s", name);
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_sys(err, "read %s", name);
	}
	while ((item = readdir(dir))) {
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		if (depth == 0)
			return err_set(err, ERR_LIMIT, "%s is nested too deeply", name);
		if (remove_tree(fd, item->d_name, depth - 1, err) < 0)
			return err->code;
	}
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? err_sys(err, "remove %s", name) : 0;
}

int folder_remove(const char *id, struct err *err)
{
	cleanup_free char *path = NULL;

	if (folder_find(id, &path, err) < 0)
		return err->code;
	return remove_tree(AT_FDCWD, path, REMOVE_DEPTH_MAX, err);
}
