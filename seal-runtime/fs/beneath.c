/*
 * A name becomes an object once, here.  The kernel resolves it beneath a root
 * (openat2), and what it found is held by descriptor: every later step, the
 * check included, is about that descriptor and never about the string.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "fs/fs.h"
#include "fs/fs_private.h"

#define ROOTS_MAX      64
#define COMPONENT_MAX  255
#define PIN_TRIES      16	/* a renaming thread can win this often before it is an error */

struct root {
	int fd;		/* O_PATH; held for the session, so the name is used once */
	char *path;	/* canonical */
};

struct fs_roots {
	size_t n;
	struct root roots[ROOTS_MAX];
};

static int resolve(int dir, const char *path, uint64_t flags, uint64_t limits)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags,
				.resolve = RESOLVE_NO_MAGICLINKS | limits };
	long fd;

	/* EAGAIN: something was renamed while ".." was being resolved. */
	for (int i = 0; i < PIN_TRIES; i++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)fd;
}

/* Where the object is now, by the kernel; NULL when it was unlinked. */
static char *path_of(int fd, struct stat *ret_st)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (n <= 0 || (size_t)n >= sizeof(path) || path[0] != '/')
		return NULL;
	if (fstat(fd, ret_st) < 0 || ret_st->st_nlink == 0)
		return NULL;
	return str_dup((struct str){ path, (size_t)n });
}

static int add_root(struct fs_roots *roots, const char *path, struct err *err)
{
	cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	char *canonical;

	if (fd < 0)
		return err_sys(err, "open folder %s", path);
	if (roots->n == ROOTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d folders may not be named", ROOTS_MAX);
	canonical = path_of(fd, &st);
	if (!canonical)
		return err_set(err, ERR_GONE, "folder %s: no path leads to it any more", path);
	roots->roots[roots->n++] = (struct root){ take_fd(fd), canonical };
	return 0;
}

int fs_roots_new(const char *root, const char *const *additional, struct fs_roots **ret_roots,
		 struct err *err)
{
	cleanup_with(fs_roots_free) struct fs_roots *roots = calloc(1, sizeof(*roots));
	int r;

	if (!roots)
		return err_nomem(err);
	r = add_root(roots, root, err);
	if (r < 0)
		return r;
	for (size_t i = 0; additional && additional[i]; i++) {
		r = add_root(roots, additional[i], err);
		/* An additional folder need not exist. */
		if (r < 0 && err->sys != ENOENT)
			return r;
	}
	*ret_roots = take_ptr(roots);
	return 0;
}

void fs_roots_free(struct fs_roots *roots)
{
	if (!roots)
		return;
	for (size_t i = 0; i < roots->n; i++) {
		closep(&roots->roots[i].fd);
		free(roots->roots[i].path);
	}
	free(roots);
}

/* `path` without the folder, when the folder holds it by whole components. */
static bool beneath(struct str path, const char *folder, struct str *ret_rest)
{
	struct str top = str_of(folder);

	if (str_is(top, "/"))
		top.len = 0;
	if (!str_starts(path, top) || (path.len > top.len && path.data[top.len] != '/'))
		return false;
	*ret_rest = str_from(path, top.len);
	while (ret_rest->len && ret_rest->data[0] == '/')
		*ret_rest = str_from(*ret_rest, 1);
	return true;
}

/* The deepest root that holds the absolute path; NULL when none does. */
static const struct root *root_of(const struct fs_roots *roots, struct str path,
				  struct str *ret_rest)
{
	const struct root *best = NULL;
	struct str rest;

	for (size_t i = 0; i < roots->n; i++) {
		const struct root *root = &roots->roots[i];

		if (!beneath(path, root->path, &rest))
			continue;
		if (best && strlen(best->path) >= strlen(root->path))
			continue;
		best = root;
		*ret_rest = rest;
	}
	return best;
}

bool fs_root_of(const struct fs_roots *roots, const char *path, int *ret_fd, const char **ret_rest)
{
	struct str rest;
	const struct root *root = root_of(roots, str_of(path), &rest);

	if (!root)
		return false;
	*ret_fd = root->fd;
	*ret_rest = rest.data;	/* the tail of `path`, so NUL-terminated */
	return true;
}

static int check_name(struct str path, struct err *err)
{
	struct str rest = path, part;

	if (path.len == 0)
		return err_set(err, ERR_INPUT, "the path is empty; name a file");
	if (str_chr(path, '\0') != STR_NONE)
		return err_set(err, ERR_INPUT, "the path holds a NUL byte");
	if (path.len >= PATH_MAX)
		return err_set(err, ERR_INPUT, "the path is longer than %d bytes", PATH_MAX - 1);
	while (str_split(&rest, '/', &part))
		if (part.len > COMPONENT_MAX)
			return err_set(err, ERR_INPUT, "a part of the path is longer than %d bytes",
				       COMPONENT_MAX);
	return 0;
}

/* The name as words: absolute, without ".", ".." and doubled slashes. */
char *fs_lexical(const struct fs_roots *roots, struct str path)
{
	cleanup_buf struct buf out = BUF_INIT;
	struct str part;

	if (!path.len || path.data[0] != '/')
		buf_adds(&out, roots->roots[0].path);
	while (str_split(&path, '/', &part)) {
		if (part.len == 0 || str_is(part, "."))
			continue;
		if (!str_is(part, "..")) {
			if (!out.len || out.data[out.len - 1] != '/')
				buf_addc(&out, '/');
			buf_add(&out, part);
			continue;
		}
		while (out.len && out.data[--out.len] != '/')
			;
	}
	if (out.len == 0)
		buf_addc(&out, '/');
	return buf_take(&out);
}

/* Opens a name beneath the roots.  A link that leaves its root may still lead
 * into a root (an absolute link does): the object is found without the fence,
 * then opened again by its own name with the fence, and must be the same. */
static int open_named(const struct fs_roots *roots, const char *path, uint64_t flags,
		      bool *ret_outside, struct err *err)
{
	struct str rest = str_of(path);
	const struct root *root = &roots->roots[0];
	cleanup_free char *canonical = NULL;
	cleanup_close int fd = -1;
	cleanup_close int again = -1;
	struct stat a, b;

	if (path[0] == '/')
		root = root_of(roots, str_of(path), &rest);
	*ret_outside = false;
	if (root) {
		fd = resolve(root->fd, rest.len ? rest.data : ".", flags, RESOLVE_BENEATH);
		if (fd >= 0)
			return take_fd(fd);
		if (errno != EXDEV && errno != ELOOP)
			return err_sys(err, "%s", path);
	}
	fd = resolve(path[0] == '/' ? AT_FDCWD : roots->roots[0].fd, path, flags, 0);
	if (fd < 0 && errno == ELOOP)
		return err_set(err, ERR_INPUT,
			       "%s: its links form a circle or lead through /proc; name the file itself",
			       path);
	if (fd < 0)
		return err_sys(err, "%s", path);
	canonical = path_of(fd, &a);
	if (!canonical)
		return err_set(err, ERR_GONE, "%s: it was removed meanwhile; try again", path);
	root = root_of(roots, str_of(canonical), &rest);
	if (root)
		again = resolve(root->fd, rest.len ? rest.data : ".", O_NOFOLLOW, RESOLVE_BENEATH);
	*ret_outside = again < 0 || fstat(again, &b) < 0 ||
		       a.st_dev != b.st_dev || a.st_ino != b.st_ino;
	return take_fd(fd);
}

void fs_pin_fini(struct fs_pin *pin)
{
	closep(&pin->object);
	closep(&pin->parent);
	free(pin->name);
	free(pin->path);
	*pin = FS_PIN_NONE;
}

static void pin_facts(struct fs_pin *pin, const struct stat *st)
{
	pin->is_regular = S_ISREG(st->st_mode);
	pin->is_directory = S_ISDIR(st->st_mode);
	pin->links = (unsigned int)st->st_nlink;
	pin->size = st->st_size;
	pin->mode = st->st_mode & 07777;
}

/* The folder that holds an object already found, and its name in there. */
static int pin_parent(const struct fs_roots *roots, struct fs_pin *pin, struct err *err)
{
	const char *slash = strrchr(pin->path, '/');
	cleanup_free char *folder = NULL;
	bool outside;

	if (slash[1] == '\0')
		return err_set(err, ERR_INPUT, "/ is no file");
	folder = str_dup((struct str){ pin->path, slash == pin->path ? 1 : (size_t)(slash - pin->path) });
	pin->name = str_dup(str_of(slash + 1));
	if (!folder || !pin->name)
		return err_nomem(err);
	/* The parent of a root lies outside; that alone says nothing about the object. */
	pin->parent = open_named(roots, folder, O_DIRECTORY | O_NOFOLLOW, &outside, err);
	return pin->parent < 0 ? pin->parent : 0;
}

/* 1: again, somebody renamed it in between. */
static int pin_object(const struct fs_roots *roots, const char *path, enum fs_intent intent,
		      struct fs_pin *pin, struct err *err)
{
	struct stat st, named;
	int r;

	pin->object = open_named(roots, path, 0, &pin->outside, err);
	if (pin->object < 0)
		return pin->object;
	pin->path = path_of(pin->object, &st);
	if (!pin->path)
		return 1;
	pin_facts(pin, &st);
	/* A reader needs no name to act on, only the object. */
	if (intent == FS_READ)
		return 0;
	r = pin_parent(roots, pin, err);
	if (r < 0)
		return err->sys == ENOENT ? 1 : r;
	if (fstatat(pin->parent, pin->name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return 1;
	return named.st_ino != st.st_ino || named.st_dev != st.st_dev;
}

/* What is left of a name below the folder that exists: plain components only. */
static char *plain_rest(struct str rest)
{
	cleanup_buf struct buf out = BUF_INIT;
	struct str part;

	while (str_split(&rest, '/', &part)) {
		if (part.len == 0)
			continue;
		if (str_is(part, ".") || str_is(part, ".."))
			return NULL;
		if (out.len)
			buf_addc(&out, '/');
		buf_add(&out, part);
	}
	return out.len ? buf_take(&out) : NULL;
}

/* Splits the name at `end`: the folder before it is opened, the rest kept. */
static int pin_leaf(const struct fs_roots *roots, struct str path, size_t end, struct fs_pin *pin,
		    struct err *err)
{
	cleanup_free char *folder = end ? str_dup(str_head(path, end)) : str_dup(STR("."));
	cleanup_free char *parent = NULL;
	cleanup_buf struct buf full = BUF_INIT;
	struct stat st;

	pin->name = plain_rest(str_from(path, end));
	if (!pin->name || !folder)
		return err_set(err, ERR_INPUT, "%.*s names no file", STR_ARG(path));
	pin->parent = open_named(roots, folder, O_DIRECTORY, &pin->outside, err);
	if (pin->parent < 0)
		return pin->parent;
	parent = path_of(pin->parent, &st);
	if (!parent)
		return err_set(err, ERR_GONE, "%s: it was removed meanwhile; try again", folder);
	buf_adds(&full, strcmp(parent, "/") == 0 ? "" : parent);
	buf_addf(&full, "/%s", pin->name);
	pin->path = buf_take(&full);
	return pin->path ? 0 : err_nomem(err);
}

/* Where the last component before `end` starts. */
static size_t last_component(struct str path, size_t end)
{
	while (end && path.data[end - 1] == '/')
		end--;
	while (end && path.data[end - 1] != '/')
		end--;
	return end;
}

/* A file to be made: the deepest folder that exists holds the rest of the name. */
static int pin_absent(const struct fs_roots *roots, struct str path, struct fs_pin *pin,
		      struct err *err)
{
	size_t end = last_component(path, path.len);
	struct stat st;
	int r;

	for (;;) {
		r = pin_leaf(roots, path, end, pin, err);
		if (r >= 0 || err->sys != ENOENT || end == 0)
			break;
		fs_pin_fini(pin);
		end = last_component(path, end);
	}
	if (r < 0)
		return r;
	if (fstatat(pin->parent, pin->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISLNK(st.st_mode) ?
			       err_set(err, ERR_INPUT,
				       "%s is a link that leads nowhere; name its target, or delete it",
				       pin->path) :
			       1;
	return errno == ENOENT ? 0 : err_sys(err, "%s", pin->path);
}

static int pin_for_delete(const struct fs_roots *roots, struct str path, struct fs_pin *pin,
			  struct err *err)
{
	struct stat st;
	int r = pin_leaf(roots, path, last_component(path, path.len), pin, err);

	if (r < 0)
		return r;
	pin->object = resolve(pin->parent, pin->name, O_NOFOLLOW, RESOLVE_BENEATH);
	if (pin->object < 0 || fstat(pin->object, &st) < 0)
		return err_sys(err, "%s", pin->path);
	pin_facts(pin, &st);
	/* Removing a link removes a name, which is what a regular file's removal is. */
	if (S_ISLNK(st.st_mode))
		pin->is_regular = true;
	return 0;
}

static int pin_once(const struct fs_roots *roots, struct str path, enum fs_intent intent,
		    struct fs_pin *pin, struct err *err)
{
	cleanup_free char *name = str_dup(path);
	int r;

	if (!name)
		return err_nomem(err);
	if (intent == FS_DELETE)
		return pin_for_delete(roots, path, pin, err);
	r = pin_object(roots, name, intent, pin, err);
	if (r >= 0 || intent != FS_WRITE || err->sys != ENOENT)
		return r;
	fs_pin_fini(pin);
	return pin_absent(roots, path, pin, err);
}

int fs_pin(const struct fs_roots *roots, struct str path, enum fs_intent intent,
	   struct fs_pin *ret_pin, struct err *err)
{
	int r = check_name(path, err);

	if (r < 0)
		return r;
	for (int i = 0; i < PIN_TRIES; i++) {
		struct fs_pin pin = FS_PIN_NONE;

		r = pin_once(roots, path, intent, &pin, err);
		if (r == 0) {
			*ret_pin = pin;
			return 0;
		}
		fs_pin_fini(&pin);
		if (r < 0)
			return r;
	}
	return err_set(err, ERR_GONE, "%.*s: it is being renamed all the time; try again",
		       STR_ARG(path));
}

int fs_open_object(const struct grant_file *grant, struct stat *ret_st, struct err *err)
{
	char link[64];
	cleanup_close int fd = -1;

	if (grant->object < 0)
		return err_set(err, ERR_INPUT, "%s does not exist", grant->path);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", grant->object);
	/* O_NONBLOCK: a FIFO must not hold the caller. */
	if (fstat(grant->object, ret_st) < 0)
		return err_sys(err, "%s", grant->path);
	if (!S_ISREG(ret_st->st_mode))
		return err_set(err, ERR_INPUT, "%s is no regular file", grant->path);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_sys(err, "%s", grant->path);
	return take_fd(fd);
}

int fs_recheck(const struct grant_file *grant, struct err *err)
{
	struct stat checked, named;
	cleanup_free char *folder = path_of(grant->parent, &checked);
	size_t len = folder ? strlen(folder) : 0;
	bool same;

	/* The folder may have been moved since the check; its rules with it. */
	if (!folder || strncmp(grant->path, folder, len) != 0 ||
	    strcmp(grant->path + len + (strcmp(folder, "/") != 0), grant->name) != 0)
		return err_set(err, ERR_GONE, "%s: its folder was moved meanwhile; try again",
			       grant->path);
	if (fstatat(grant->parent, grant->name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		same = errno == ENOENT && grant->object < 0;
	else
		same = grant->object >= 0 && fstat(grant->object, &checked) == 0 &&
		       checked.st_ino == named.st_ino && checked.st_dev == named.st_dev;
	if (!same)
		return err_set(err, ERR_GONE, "%s: it was replaced meanwhile; read it again",
			       grant->path);
	return 0;
}
