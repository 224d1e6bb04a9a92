/*
 * Walks of folders: in name order, so that the same tree gives the same answer
 * (a replay compares them), links shown and not followed, depth and number
 * bounded.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "fs/fs.h"
#include "fs/fs_private.h"
#include "fs/ignore.h"

#define WALK_DEPTH_MAX	 64
#define WALK_ENTRIES_MAX 1000000

struct state {
	const struct fs_walk *walk;
	struct ignore ignore;
	struct buf path;	/* of the current folder relative to the walk */
	size_t n_entries;
	unsigned int depth;
};

/* The names of one folder, sorted by bytes; before each, its kind as a byte. */
struct names {
	char **name;
	size_t n, size;
};

static void names_finip(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a + 1, *(char *const *)b + 1);
}

static char kind_of_type(unsigned char type)
{
	switch (type) {
	case DT_REG:
		return 'f';
	case DT_DIR:
		return 'd';
	case DT_LNK:
		return 'l';
	case DT_UNKNOWN:
		return '?';
	default:
		return 'o';
	}
}

static bool add_name(struct names *names, const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	char *copy;

	if (names->n == names->size) {
		size_t size = names->size ? names->size * 2 : 32;
		char **grown = realloc(names->name, size * sizeof(char *));

		if (!grown)
			return false;
		names->name = grown;
		names->size = size;
	}
	copy = malloc(len + 2);
	if (!copy)
		return false;
	copy[0] = kind_of_type(entry->d_type);
	memcpy(copy + 1, entry->d_name, len + 1);
	names->name[names->n++] = copy;
	return true;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* fdopendir() takes the descriptor over. */
static int read_names(int fd, struct names *names, struct err *err)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	cleanup_with(closedir) DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;

	if (!dir) {
		err_sys(err, "read a folder");
		closep(&own);
		return err->code;
	}
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (names->n >= WALK_ENTRIES_MAX)
			return err_set(err, ERR_LIMIT, "a folder holds more than %d entries",
				       WALK_ENTRIES_MAX);
		if (!add_name(names, entry))
			return err_nomem(err);
	}
	if (names->n)
		qsort(names->name, names->n, sizeof(char *), compare_names);
	return 0;
}

static char kind_of(mode_t mode)
{
	return S_ISREG(mode) ? 'f' : S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : 'o';
}

uint64_t fs_entry_size(const struct fs_entry *entry)
{
	struct stat st;

	return fstatat(entry->folder, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 :
										   (uint64_t)st.st_size;
}

static bool is_left_out(const struct state *s, const char *path, const char *name, bool is_folder)
{
	cleanup_buf struct buf full = BUF_INIT;

	if (s->walk->top < 0)
		return false;
	if (strcmp(name, ".git") == 0)
		return true;
	if (s->ignore.n == 0)
		return false;
	if (s->walk->start[0])
		buf_addf(&full, "%s/", s->walk->start);
	buf_adds(&full, path);
	return !full.failed && ignore_has(&s->ignore, full.data, is_folder);
}

static int walk_folder(struct state *s, int fd, struct err *err);

/* > 0: the caller has had enough. */
static int walk_entry(struct state *s, int fd, const char *kind_and_name, struct err *err)
{
	const char *name = kind_and_name + 1;
	size_t before = s->path.len;
	struct fs_entry entry = { .kind = kind_and_name[0], .folder = fd, .name = name };
	struct stat st;
	int r = 0;

	/* Not every file system says the kind with the name. */
	if (entry.kind == '?') {
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return 0;	/* removed meanwhile */
		entry.kind = kind_of(st.st_mode);
	}
	if (before)
		buf_addc(&s->path, '/');
	buf_adds(&s->path, name);
	if (s->path.failed)
		return err_nomem(err);
	entry.path = s->path.data;
	if (!is_left_out(s, s->path.data, name, entry.kind == 'd')) {
		if (++s->n_entries > WALK_ENTRIES_MAX)
			return err_set(err, ERR_LIMIT, "more than %d entries; name a folder further down",
				       WALK_ENTRIES_MAX);
		if (entry.kind != 'd') {
			r = !s->walk->each(s->walk->ctx, &entry);
		} else if (!s->walk->enter || s->walk->enter(s->walk->ctx, &entry)) {
			r = !s->walk->each(s->walk->ctx, &entry);
			if (r == 0 && s->walk->recursive && s->depth < WALK_DEPTH_MAX) {
				cleanup_close int sub = openat(fd, name, O_RDONLY | O_DIRECTORY |
									 O_NOFOLLOW | O_CLOEXEC);
				if (sub >= 0)	/* else not readable, or replaced */
					r = walk_folder(s, sub, err);
			}
		}
	}
	s->path.len = before;
	if (s->path.data)
		s->path.data[before] = '\0';
	return r;
}

static int walk_folder(struct state *s, int fd, struct err *err)
{
	cleanup_with(names_fini) struct names names = { 0 };
	size_t n_rules = s->ignore.n;
	int r = read_names(fd, &names, err);

	if (r < 0)
		return r;
	if (s->walk->top >= 0) {
		cleanup_buf struct buf prefix = BUF_INIT;

		buf_adds(&prefix, s->walk->start);
		if (s->walk->start[0] && s->path.len)
			buf_addc(&prefix, '/');
		buf_add(&prefix, buf_str(&s->path));
		ignore_load(&s->ignore, fd, prefix.data ? prefix.data : "");
	}
	s->depth++;
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = walk_entry(s, fd, names.name[i], err);
	s->depth--;
	ignore_cut(&s->ignore, n_rules);
	return r;
}

/* The .gitignore files of the folders above the walk's own. */
static void load_above(struct state *s)
{
	const char *start = s->walk->start;
	cleanup_close int dir = fcntl(s->walk->top, F_DUPFD_CLOEXEC, 0);

	for (size_t at = 0; dir >= 0 && start[at];) {
		cleanup_free char *prefix = str_dup(str_head(str_of(start), at ? at - 1 : 0));
		size_t len = strcspn(start + at, "/");
		cleanup_free char *name = str_dup((struct str){ start + at, len });
		int next;

		if (!prefix || !name)
			return;
		ignore_load(&s->ignore, dir, prefix);
		next = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		closep(&dir);
		dir = next;
		at += len + (start[at + len] == '/');
	}
}

int fs_walk(const struct grant_file *grant, const struct fs_walk *walk, struct err *err)
{
	cleanup_close int fd = -1;
	struct state s = { .walk = walk };
	int r;

	if (grant->object < 0)
		return err_set(err, ERR_INPUT, "%s does not exist", grant->path);
	fd = openat(grant->object, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "%s", grant->path);
	if (walk->top >= 0)
		load_above(&s);
	r = walk_folder(&s, fd, err);
	ignore_finip(&s.ignore);
	buf_fini(&s.path);
	return r < 0 ? err_wrap(err, "%s", grant->path) : 0;
}

int fs_list(const struct grant_file *grant, bool recursive, fs_entry_fn *each, fs_entry_fn *enter,
	    void *ctx, struct err *err)
{
	struct fs_walk walk = { .recursive = recursive, .top = -1, .start = "",
				.each = each, .enter = enter, .ctx = ctx };

	return fs_walk(grant, &walk, err);
}
