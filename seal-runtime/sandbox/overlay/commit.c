#include "sandbox/overlay/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "sandbox/overlay/change.h"
#include "sandbox/tree.h"

#define ATTRIBUTES_MAX 4096

int commit_parent(int top, const char *path, const char **ret_leaf, struct err *err)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	int fd;

	(void)snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) : 1,
	               slash ? path : ".");
	*ret_leaf = slash ? slash + 1 : path;
	fd = (int)syscall(SYS_openat2, top, parent, &how, sizeof(how));
	return fd < 0 ? err_sys(err, "open %s", parent) : fd;
}

/* The overlay's own notes are nothing to the project, and would mean something
 * to the next overlay on it. */
static void drop_notes(int folder, const char *name)
{
	cleanup_close int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char names[ATTRIBUTES_MAX];
	ssize_t n = fd < 0 ? 0 : flistxattr(fd, names, sizeof(names));

	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(names + at) + 1)
		if (str_starts(str_of(names + at), STR("user.overlay.")))
			(void)fremovexattr(fd, names + at);
}

int commit_place(int from, const char *name, int to, const char *new_name, struct err *err)
{
	char half[NAME_MAX + 1];

	if (renameat(from, name, to, new_name) == 0)
		return 0;
	if (errno != EXDEV)
		return err_sys(err, "put %s in place", new_name);
	(void)snprintf(half, sizeof(half), ".seal-%d-%.200s", (int)getpid(), new_name);
	if (tree_copy_exact(from, name, to, half, err) < 0) {
		tree_remove(to, half);
		return err->code;
	}
	if (renameat(to, half, to, new_name) < 0) {
		err_sys(err, "put %s in place", new_name);
		tree_remove(to, half);
		return err->code;
	}
	return 0;
}

/* A second name for a file that is to be replaced; what is removed, or is a
 * folder in the way of a file, moves. */
static int keep_before(const struct commit *commit, const struct change *change, int parent,
                       const char *leaf, size_t index, struct err *err)
{
	char name[24];
	int r;

	(void)snprintf(name, sizeof(name), "%zu", index);
	if (change->before.type == '-' || (change->before.type == 'd' && change->after.type == 'd'))
		return 0;
	if (change->after.type == '-' || change->before.type == 'd') {
		r = commit_place(parent, leaf, commit->before, name, err);
		if (r >= 0)
			tree_remove(parent, leaf);
		return r;
	}
	if (linkat(parent, leaf, commit->before, name, 0) == 0)
		return 0;
	return tree_copy_exact(parent, leaf, commit->before, name, err);
}

static int set_mode(const struct change *change, int parent, const char *leaf, mode_t mode,
                    struct err *err)
{
	return fchmodat(parent, leaf, mode, 0) < 0
	               ? err_sys(err, "set the mode of %s", change->path)
	               : 0;
}

/* Its owner may write it until it is full. */
static int make_folder(const struct change *change, int parent, const char *leaf, struct err *err)
{
	if (change->before.type != 'd') {
		if (change->before.type != '-')
			(void)unlinkat(parent, leaf, 0);
		if (mkdirat(parent, leaf, change->after.mode | 0700) < 0)
			return err_sys(err, "create %s", change->path);
	}
	return set_mode(change, parent, leaf, change->after.mode | 0700, err);
}

static int commit_one(const struct commit *commit, const struct change *change, size_t index,
                      struct err *err)
{
	const char *leaf, *upper_leaf;
	cleanup_close int parent = commit_parent(commit->project, change->path, &leaf, err);
	cleanup_close int upper = -1;

	if (parent < 0 || keep_before(commit, change, parent, leaf, index, err) < 0)
		return err->code;
	if (change->after.type == '-')
		return 0;
	if (change->after.type == 'd')
		return make_folder(change, parent, leaf, err);
	upper = commit_parent(commit->upper, change->path, &upper_leaf, err);
	if (upper < 0)
		return err->code;
	(void)fchmodat(upper, ".", 0700, 0);
	drop_notes(upper, upper_leaf);
	return commit_place(upper, upper_leaf, parent, leaf, err);
}

/* Innermost first: the mode that the command gave it. */
static int close_folder(const struct commit *commit, const struct change *change, struct err *err)
{
	const char *leaf;

	if (change->after.type != 'd' || (change->after.mode & 0700) == 0700)
		return 0;
	cleanup_close int parent = commit_parent(commit->project, change->path, &leaf, err);
	return parent < 0 ? err->code : set_mode(change, parent, leaf, change->after.mode, err);
}

int commit_changes(const struct commit *commit, const struct changes *changes, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < changes->n; i++)
		r = commit_one(commit, &changes->items[i], i, err);
	for (size_t i = changes->n; r >= 0 && i > 0; i--)
		r = close_folder(commit, &changes->items[i - 1], err);
	return r < 0 ? err_wrap(err, "put the command's changes into the project") : 0;
}
