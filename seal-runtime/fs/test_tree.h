/* Private to the tests of fs/: a folder on disk that a test makes and leaves
 * no trace of. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"
#include "fs/fs.h"

static char tree[64];
static struct fs_roots *roots;

static int tree_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static inline const char *tree_path(const char *name)
{
	static char paths[4][256];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, 256, "%s/%s", tree, name);
	return path;
}

static inline void tree_file(const char *name, struct str bytes)
{
	int fd = open(tree_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	struct err err;

	assert_true(fd >= 0);
	MUST(fd_write_all(fd, bytes, &err), &err);
	close(fd);
}

static inline void tree_folder(const char *name)
{
	assert_int_equal(mkdir(tree_path(name), 0755), 0);
}

static inline void tree_link(const char *target, const char *name)
{
	assert_int_equal(symlink(target, tree_path(name)), 0);
}

/* <tree>/p is the root, <tree>/more an additional folder, <tree>/out neither. */
static inline void tree_begin(void)
{
	const char *more[2] = { NULL, NULL };
	struct err err;

	snprintf(tree, sizeof(tree), "/tmp/seal-fs-XXXXXX");
	assert_non_null(mkdtemp(tree));
	tree_folder("p");
	tree_folder("more");
	tree_folder("out");
	more[0] = tree_path("more");
	MUST(fs_roots_new(tree_path("p"), more, &roots, &err), &err);
}

static inline void tree_end(void)
{
	fs_roots_free(roots);
	roots = NULL;
	(void)nftw(tree, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct grant_file tree_grant(const struct fs_pin *pin)
{
	return (struct grant_file){ pin->object, pin->parent, pin->name, pin->path };
}

static inline bool tree_is(const char *name, struct str want)
{
	struct buf got = BUF_INIT;
	struct err err;
	bool same;

	MUST(fd_read_file(AT_FDCWD, tree_path(name), 1 << 26, &got, &err), &err);
	same = str_eq(buf_str(&got), want);
	buf_fini(&got);
	return same;
}
