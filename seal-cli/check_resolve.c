#include "seal-cli/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/err.h"

#define LINKS_MAX 16

static int open_place(const char *name, uint64_t flags)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags,
			       .resolve = RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof(how));
}

static int describe(int fd, struct check_place *place, struct err *err)
{
	char link[64];
	struct stat st;
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, place->path, sizeof(place->path) - 1);
	if (len < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "read %s", link);
	place->path[len] = '\0';
	place->exists = true;
	place->is_regular = S_ISREG(st.st_mode);
	place->links = (unsigned int)st.st_nlink;
	return 0;
}

/* The folder's place and the name below it. */
static int resolve_missing(const char *name, struct check_place *place, struct err *err)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(name, '/');
	size_t len = slash ? (size_t)(slash - name) : 0;
	int r;

	if (!slash || len >= sizeof(parent) || slash[1] == '\0')
		return err_set(err, ERR_INPUT, "%s cannot be resolved", name);
	memcpy(parent, name, len);
	parent[len] = '\0';
	r = check_resolve(len ? parent : "/", true, place, err);
	if (r < 0)
		return r;
	len = strlen(place->path);
	if (len + strlen(slash) >= sizeof(place->path))
		return err_set(err, ERR_LIMIT, "%s is too long", name);
	(void)snprintf(place->path + len, sizeof(place->path) - len, "%s",
		       len > 1 ? slash : slash + 1);
	place->exists = place->is_regular = false;
	place->links = 0;
	return 0;
}

/* A link whose target is not there: a write would make the target. */
static int follow_dangling(const char *name, struct check_place *place, struct err *err)
{
	char target[PATH_MAX], full[PATH_MAX * 2];
	ssize_t len = readlink(name, target, sizeof(target) - 1);
	const char *slash = strrchr(name, '/');

	if (len < 0)
		return resolve_missing(name, place, err);
	target[len] = '\0';
	if (target[0] == '/')
		return check_resolve(target, true, place, err);
	(void)snprintf(full, sizeof(full), "%.*s/%s", slash ? (int)(slash - name) : 0, name,
		       target);
	return check_resolve(full, true, place, err);
}

int check_resolve(const char *name, bool follow_last, struct check_place *ret_place,
		  struct err *err)
{
	static _Thread_local unsigned int depth;
	cleanup_close int fd = open_place(name, follow_last ? 0 : O_NOFOLLOW);
	int r;

	if (fd >= 0)
		return describe(fd, ret_place, err);
	if (errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, "resolve %s", name);
	if (depth >= LINKS_MAX)
		return err_set(err, ERR_INPUT, "%s: too many links", name);
	depth++;
	r = follow_last ? follow_dangling(name, ret_place, err)
			: resolve_missing(name, ret_place, err);
	depth--;
	return r;
}

bool check_resolve_name(void *ctx, const char *path, char *ret_path, size_t size)
{
	struct check_place place;
	struct err err;

	(void)ctx;
	if (check_resolve(path, true, &place, &err) < 0 || strlen(place.path) >= size)
		return false;
	(void)snprintf(ret_path, size, "%s", place.path);
	return true;
}
