#include "sandbox/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

#define COPY_AT_ONCE (1 << 30)

static void close_dirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}
#define cleanup_dir __attribute__((cleanup(close_dirp)))

/* The next entry that is not the folder itself or its parent. */
static struct dirent *next(DIR *list)
{
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry;
	return NULL;
}

/* A folder that its owner may neither list nor write is still the owner's to remove. */
static int open_folder(int dir, const char *name)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir, name, flags);

	if (fd < 0 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
		fd = openat(dir, name, flags);
	if (fd >= 0)
		(void)fchmod(fd, 0700);
	return fd;
}

void tree_remove(int dir, const char *name)
{
	int fd = open_folder(dir, name);
	cleanup_dir DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while ((entry = next(list)))
		if (unlinkat(fd, entry->d_name, 0) < 0 && errno == EISDIR)
			tree_remove(fd, entry->d_name);
	(void)unlinkat(dir, name, list ? AT_REMOVEDIR : 0);
}

struct copy {
	int from, to;
	const char *name, *new_name;
	int follow, depth;
	int exact; /* modes and times too */
};

/* As exact as the owner can make it; what fails is no reason to lose the copy. */
static void match(const struct copy *copy, int out, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };

	if (!copy->exact)
		return;
	(void)fchmod(out, st->st_mode & 07777);
	(void)futimens(out, times);
}

static int copy_file(const struct copy *copy, const struct stat *st, struct err *err)
{
	cleanup_close int in = openat(copy->from, copy->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cleanup_close int out = -1;
	ssize_t n;

	if (in < 0)
		return 0;
	out = openat(copy->to, copy->new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	             st->st_mode & 0777);
	if (out < 0)
		return err_sys(err, "create %s", copy->new_name);
	while ((n = sendfile(out, in, NULL, COPY_AT_ONCE)) > 0)
		continue;
	match(copy, out, st);
	return n < 0 ? err_sys(err, "copy %s", copy->name) : 0;
}

static int copy_any(const struct copy *copy, struct err *err);

static int copy_folder(const struct copy *copy, const struct stat *st, struct err *err)
{
	int in = openat(copy->from, copy->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *list = in < 0 ? NULL : fdopendir(in);
	cleanup_close int out = -1;
	struct dirent *entry;
	int r = 0;

	if (!list)
		return 0;
	if (copy->depth > TREE_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "%s is nested too deep", copy->name);
	if (mkdirat(copy->to, copy->new_name, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "create %s", copy->new_name);
	out = openat(copy->to, copy->new_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_sys(err, "open %s", copy->new_name);
	while (r >= 0 && (entry = next(list)))
		r = copy_any(&(struct copy){ in, out, entry->d_name, entry->d_name, 0,
		                             copy->depth + 1, copy->exact },
		             err);
	match(copy, out, st);
	return r;
}

static int copy_link(const struct copy *copy, struct err *err)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(copy->from, copy->name, text, sizeof(text) - 1);

	if (n < 0)
		return 0;
	text[n] = '\0';
	return symlinkat(text, copy->to, copy->new_name) < 0
	               ? err_sys(err, "link %s", copy->new_name)
	               : 0;
}

static int copy_any(const struct copy *copy, struct err *err)
{
	struct stat st;

	if (fstatat(copy->from, copy->name, &st, copy->follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return copy_folder(copy, &st, err);
	if (S_ISREG(st.st_mode))
		return copy_file(copy, &st, err);
	return S_ISLNK(st.st_mode) ? copy_link(copy, err) : 0;
}

int tree_copy(int from, const char *name, int to, const char *new_name, int follow, struct err *err)
{
	return copy_any(&(struct copy){ from, to, name, new_name, follow, 0, 0 }, err);
}

int tree_copy_exact(int from, const char *name, int to, const char *new_name, struct err *err)
{
	return copy_any(&(struct copy){ from, to, name, new_name, 0, 0, 1 }, err);
}

int tree_move(int from, const char *name, int to, const char *new_name, struct err *err)
{
	int r;

	if (renameat(from, name, to, new_name) == 0)
		return 0;
	if (errno != EXDEV)
		return err_sys(err, "move %s away", name);
	r = tree_copy_exact(from, name, to, new_name, err);
	if (r < 0)
		return err_wrap(err, "move %s away", name);
	tree_remove(from, name);
	return 0;
}
