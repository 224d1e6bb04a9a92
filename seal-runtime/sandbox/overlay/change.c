#include "sandbox/overlay/change.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "sandbox/overlay/refuse.h"

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct collect {
	const struct changes_input *input;
	struct changes *changes;
};

static void close_dirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}
#define cleanup_dir __attribute__((cleanup(close_dirp)))

void changes_fini(struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		free(changes->items[i].path);
	for (size_t i = 0; i < changes->n_withheld; i++)
		free(changes->withheld[i].path);
	free(changes->items);
	free(changes->withheld);
	*changes = (struct changes){ 0 };
}

int changes_add(struct changes *changes, const struct change *change, struct err *err)
{
	struct change *grown;

	if (changes->n == CHANGES_MAX)
		return err_set(err, ERR_LIMIT, "a command changed more than %u files", CHANGES_MAX);
	if ((changes->n & (changes->n - 1)) == 0) {
		grown = realloc(changes->items, (changes->n ? changes->n * 2 : 1) * sizeof(*grown));
		if (!grown)
			return err_nomem(err);
		changes->items = grown;
	}
	if (!change->path)
		return err_nomem(err);
	changes->items[changes->n++] = *change;
	return 0;
}

static int withhold(struct changes *changes, const char *path, const char *why, bool in_upper,
                    struct err *err)
{
	struct withheld *grown =
		realloc(changes->withheld, (changes->n_withheld + 1) * sizeof(*grown));

	if (!grown)
		return err_nomem(err);
	changes->withheld = grown;
	grown[changes->n_withheld] = (struct withheld){ strdup(path), why, in_upper };
	if (!grown[changes->n_withheld].path)
		return err_nomem(err);
	changes->n_withheld++;
	return 0;
}

static const char theirs[] = "it was changed by somebody else while the command ran";

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Did somebody else touch it, or anything in it, since the command began? */
static bool changed_since(int folder, const char *name, const struct timespec *started,
                          unsigned int depth)
{
	struct stat st;
	struct dirent *entry;
	int fd;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (is_later(&st.st_ctim, started))
		return true;
	if (!S_ISDIR(st.st_mode) || depth > CHANGES_DEPTH_MAX)
		return false;
	fd = openat(folder, name, OPEN_FOLDER);
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    changed_since(fd, entry->d_name, started, depth + 1))
			return true;
	return false;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool is_opaque(int folder)
{
	char value[4];

	return fgetxattr(folder, "user.overlay.opaque", value, sizeof(value)) > 0 &&
	       value[0] == 'y';
}

/* One name that lies in the upper folder. */
struct entry {
	const struct place *place;
	const char *name;
	char path[PATH_MAX];
	struct stat upper, project;
	bool has_project;
};

/* 1: it is withheld. */
static int add(struct collect *collect, const struct entry *entry, char kind, struct err *err)
{
	struct change change = { .kind = kind, .after = { .type = '-' } };
	bool is_mode_only = entry->has_project && S_ISDIR(entry->project.st_mode) &&
	                    S_ISDIR(entry->upper.st_mode) && kind == CHANGE_EDITED;

	if (entry->has_project && !is_mode_only &&
	    changed_since(entry->place->project, entry->name, collect->input->started,
	                  entry->place->depth))
		return withhold(collect->changes, entry->path, theirs, kind != CHANGE_REMOVED,
		                err) < 0
		               ? err->code
		               : 1;
	change.before.type = '-';
	if (entry->has_project)
		state_of(entry->place->project, entry->name, false, &change.before);
	if (kind != CHANGE_REMOVED)
		state_of(entry->place->upper, entry->name, true, &change.after);
	change.path = strdup(entry->path);
	collect->changes->n_links_broken += kind == CHANGE_EDITED &&
	                                    S_ISREG(entry->project.st_mode) &&
	                                    entry->project.st_nlink > 1;
	if (changes_add(collect->changes, &change, err) < 0) {
		free(change.path);
		return err->code;
	}
	return 0;
}

/* Opening for writing is enough for the kernel to make a copy. */
static bool is_same(const struct entry *entry)
{
	const struct stat *a = &entry->upper, *b = &entry->project;
	struct state x, y;

	if (a->st_mode != b->st_mode || a->st_size != b->st_size ||
	    a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec)
		return false;
	state_of(entry->place->upper, entry->name, true, &x);
	state_of(entry->place->project, entry->name, true, &y);
	return state_is(&x, &y) && x.digest[0] != '\0';
}

static int collect_folder(struct collect *collect, const struct place *place, struct err *err);

/* A folder that hides the one beneath: whatever it does not hold itself is gone. */
static int collect_hidden(struct collect *collect, const struct place *place, struct err *err)
{
	int fd = openat(place->project, ".", OPEN_FOLDER);
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct entry entry = { .place = place, .has_project = true };
	struct dirent *one;
	struct stat st;
	int r = 0;

	while (r >= 0 && dir && (one = readdir(dir))) {
		if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0 ||
		    fstatat(place->upper, one->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		entry.name = one->d_name;
		(void)snprintf(entry.path, sizeof(entry.path), "%s%s%s", place->path,
		               place->path[0] ? "/" : "", one->d_name);
		r = add(collect, &entry, CHANGE_REMOVED, err);
	}
	return r;
}

/* The command may have made a folder that its owner may not list. */
static int open_upper(const struct entry *entry, struct err *err)
{
	int fd = openat(entry->place->upper, entry->name, OPEN_FOLDER);

	if (fd < 0 && errno == EACCES && fchmodat(entry->place->upper, entry->name, 0700, 0) == 0)
		fd = openat(entry->place->upper, entry->name, OPEN_FOLDER);
	return fd < 0 ? err_sys(err, "open %s of the overlay", entry->path) : fd;
}

static int collect_inner(struct collect *collect, const struct entry *entry, struct err *err)
{
	bool has_folder = entry->has_project && S_ISDIR(entry->project.st_mode);
	cleanup_close int upper = -1, project = -1;
	struct place inner;
	int r = 0;

	if (entry->place->depth >= CHANGES_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "%s is nested deeper than %d folders", entry->path,
		               CHANGES_DEPTH_MAX);
	if (!has_folder)
		r = add(collect, entry, entry->has_project ? CHANGE_EDITED : CHANGE_MADE, err);
	else if ((entry->upper.st_mode & 07777) != (entry->project.st_mode & 07777))
		r = add(collect, entry, CHANGE_EDITED, err);
	if (r != 0)
		return r;
	upper = open_upper(entry, err);
	if (upper < 0)
		return upper;
	if (has_folder)
		project = openat(entry->place->project, entry->name, OPEN_FOLDER);
	/* One that the person cannot list: the command saw no more of it. */
	if (has_folder && project < 0 && errno != EACCES)
		return err_sys(err, "open %s", entry->path);
	inner = refuse_enter(entry->place, entry->name, upper, project);
	inner.path = entry->path;
	if (has_folder && project >= 0 && is_opaque(upper))
		r = collect_hidden(collect, &inner, err);
	return r < 0 ? r : collect_folder(collect, &inner, err);
}

static int collect_entry(struct collect *collect, const struct entry *entry, struct err *err)
{
	bool is_gone = is_whiteout(&entry->upper), is_folder = S_ISDIR(entry->upper.st_mode);
	const char *why =
		is_gone && !entry->has_project
			? NULL
			: refuse_why(entry->place, entry->name,
	                             is_folder || (is_gone && S_ISDIR(entry->project.st_mode)));

	if (why)
		return withhold(collect->changes, entry->path, why, !is_gone, err);
	if (is_gone)
		return entry->has_project ? add(collect, entry, CHANGE_REMOVED, err) : 0;
	if (is_folder)
		return collect_inner(collect, entry, err);
	if (!S_ISREG(entry->upper.st_mode) && !S_ISLNK(entry->upper.st_mode) &&
	    !S_ISFIFO(entry->upper.st_mode)) {
		collect->changes->n_sockets++;
		return 0;
	}
	if (!entry->has_project)
		return add(collect, entry, CHANGE_MADE, err);
	return is_same(entry) ? 0 : add(collect, entry, CHANGE_EDITED, err);
}

static int collect_folder(struct collect *collect, const struct place *place, struct err *err)
{
	int fd = openat(place->upper, ".", OPEN_FOLDER);
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	cleanup_free struct entry *entry = malloc(sizeof(*entry));
	struct dirent *one;
	int r = 0;

	if (!dir)
		return err_sys(err, "list %s of the overlay", place->path);
	if (!entry)
		return err_nomem(err);
	while (r >= 0 && (one = readdir(dir))) {
		if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0 ||
		    fstatat(fd, one->d_name, &entry->upper, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		entry->place = place;
		entry->name = one->d_name;
		if (snprintf(entry->path, sizeof(entry->path), "%s%s%s", place->path,
		             place->path[0] ? "/" : "", one->d_name) >= (int)sizeof(entry->path))
			return err_set(err, ERR_LIMIT, "a path under %s is too long", place->path);
		entry->has_project =
			place->project >= 0 && fstatat(place->project, one->d_name, &entry->project,
		                                       AT_SYMLINK_NOFOLLOW) == 0;
		r = collect_entry(collect, entry, err);
	}
	return r;
}

int changes_collect(const struct changes_input *input, struct changes *ret_changes, struct err *err)
{
	cleanup_with(changes_fini) struct changes changes = { 0 };
	struct collect collect = { input, &changes };
	struct place top = { .upper = input->upper,
		             .project = input->project,
		             .root = input->root,
		             .before = input->before,
		             .path = "" };

	if (collect_folder(&collect, &top, err) < 0)
		return err_wrap(err, "read what the command did");
	*ret_changes = changes;
	changes = (struct changes){ 0 };
	return 0;
}
