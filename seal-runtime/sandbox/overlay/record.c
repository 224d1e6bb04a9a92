#include "sandbox/overlay/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/hash.h"
#include "sandbox/tree.h"

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void close_dirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}
#define cleanup_dir __attribute__((cleanup(close_dirp)))

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void undo_store_fini(struct undo_store *store)
{
	close_fd(&store->folder);
	close_fd(&store->lock);
	free(store->path);
	free(store->root);
	*store = UNDO_STORE_NONE;
}

void undo_record_fini(struct undo_record *record)
{
	close_fd(&record->folder);
	close_fd(&record->lock);
	free(record->path);
	*record = UNDO_RECORD_NONE;
}

static int write_new(int folder, const char *name, struct str text, struct err *err)
{
	cleanup_close int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, "create %s", name);
	return fd_write_all(fd, text, err);
}

static int path_of(const char *folder, const char *root, char *ret_path, struct err *err)
{
	cleanup_free char *state = NULL;
	char hash[HASH_HEX];

	if (!folder && dirs_get(DIRS_STATE, &state, err) < 0)
		return err->code;
	hash_hex(str_of(root), hash);
	(void)snprintf(ret_path, PATH_MAX, "%s%s/%.16s", folder ? folder : state,
	               folder ? "" : "/undo", hash);
	return 0;
}

int undo_store_open(const char *folder, const char *root, bool make, struct undo_store *ret_store,
                    struct err *err)
{
	__attribute__((cleanup(undo_store_finip))) struct undo_store store = UNDO_STORE_NONE;
	char path[PATH_MAX];

	if (path_of(folder, root, path, err) < 0)
		return err->code;
	if (make && fd_make_dirs(path, err) < 0)
		return err->code;
	store.folder = open(path, OPEN_FOLDER);
	if (store.folder < 0)
		return !make && errno == ENOENT ? 0 : err_sys(err, "open %s", path);
	/* The overlay may hold anything the project holds. */
	(void)fchmod(store.folder, 0700);
	store.path = strdup(path);
	store.root = strdup(root);
	if (!store.path || !store.root)
		return err_nomem(err);
	if (make && write_new(store.folder, "root", str_of(root), err) < 0)
		return err->code;
	*ret_store = store;
	store = UNDO_STORE_NONE;
	return 0;
}

int undo_store_lock(struct undo_store *store, struct err *err)
{
	store->lock =
		openat(store->folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock < 0)
		return err_sys(err, "open %s/lock", store->path);
	while (flock(store->lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(err, "lock %s", store->path);
	return 0;
}

void undo_store_unlock(struct undo_store *store)
{
	close_fd(&store->lock);
}

static bool has(int folder, const char *name)
{
	return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void name_of(unsigned int number, char ret_name[16])
{
	(void)snprintf(ret_name, 16, "%06u", number);
}

/* A number, or 0. */
static unsigned int number_of(const char *name)
{
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	return *end || strlen(name) < 6 || number > 999999999 ? 0 : (unsigned int)number;
}

static int newest_first(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* All numbers, newest first; the caller frees them. */
static size_t all_numbers(const struct undo_store *store, unsigned int **ret_numbers)
{
	int fd = openat(store->folder, ".", OPEN_FOLDER);
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned int *numbers = NULL;
	struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir))) {
		unsigned int number = number_of(entry->d_name);
		unsigned int *grown = number ? realloc(numbers, (n + 1) * sizeof(*grown)) : NULL;

		if (!grown)
			continue;
		numbers = grown;
		numbers[n++] = number;
	}
	if (n)
		qsort(numbers, n, sizeof(*numbers), newest_first);
	*ret_numbers = numbers;
	return n;
}

static int open_lock(int folder)
{
	int fd = openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		close_fd(&fd);
	return fd;
}

/* Whoever held the lock is dead: its overlay is of no use to anybody. */
static void reap(const struct undo_store *store, unsigned int number, bool is_old)
{
	char name[16];

	name_of(number, name);
	cleanup_close int folder = openat(store->folder, name, OPEN_FOLDER);
	cleanup_close int lock = folder < 0 ? -1 : open_lock(folder);
	if (lock < 0)
		return;
	if (is_old || !has(folder, "journal")) {
		tree_remove(store->folder, name);
		return;
	}
	if (!has(folder, "mount"))
		return;
	tree_remove(folder, "upper");
	tree_remove(folder, "work");
	(void)unlinkat(folder, "mount", 0);
}

static int fill(const struct undo_store *store, const char *name, struct str command,
                struct undo_record *record, struct err *err)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", store->path, name);
	record->path = strdup(path);
	record->folder = openat(store->folder, name, OPEN_FOLDER);
	if (!record->path)
		return err_nomem(err);
	if (record->folder < 0)
		return err_sys(err, "open %s", path);
	record->lock = open_lock(record->folder);
	if (record->lock < 0 || mkdirat(record->folder, "upper", 0700) < 0 ||
	    mkdirat(record->folder, "work", 0700) < 0)
		return err_sys(err, "create %s", path);
	return write_new(record->folder, "command", command, err);
}

int undo_record_new(struct undo_store *store, struct str command, struct undo_record *ret_record,
                    struct err *err)
{
	__attribute__((cleanup(undo_record_finip))) struct undo_record record = UNDO_RECORD_NONE;
	cleanup_free unsigned int *numbers = NULL;
	char name[16];
	size_t n;
	int r;

	if (undo_store_lock(store, err) < 0)
		return err->code;
	n = all_numbers(store, &numbers);
	for (size_t i = 0; i < n; i++)
		reap(store, numbers[i], i >= RECORDS_MAX);
	record.number = n ? numbers[0] + 1 : 1;
	name_of(record.number, name);
	r = mkdirat(store->folder, name, 0700) < 0 ? err_sys(err, "create %s/%s", store->path, name)
	                                           : fill(store, name, command, &record, err);
	undo_store_unlock(store);
	if (r < 0)
		return r;
	*ret_record = record;
	record = UNDO_RECORD_NONE;
	return 0;
}

size_t undo_records_list(const struct undo_store *store, unsigned int *ret_numbers, size_t max)
{
	cleanup_free unsigned int *numbers = NULL;
	size_t n = all_numbers(store, &numbers), found = 0;
	char path[32];

	for (size_t i = 0; i < n && found < max; i++) {
		(void)snprintf(path, sizeof(path), "%06u/undone", numbers[i]);
		if (has(store->folder, path))
			continue;
		(void)snprintf(path, sizeof(path), "%06u/journal", numbers[i]);
		if (has(store->folder, path))
			ret_numbers[found++] = numbers[i];
	}
	return found;
}

int undo_record_open(const struct undo_store *store, unsigned int number,
                     struct undo_record *ret_record, struct err *err)
{
	__attribute__((cleanup(undo_record_finip))) struct undo_record record = UNDO_RECORD_NONE;
	char name[16], path[PATH_MAX];

	name_of(number, name);
	(void)snprintf(path, sizeof(path), "%s/%s", store->path, name);
	record.number = number;
	record.path = strdup(path);
	record.folder = openat(store->folder, name, OPEN_FOLDER);
	if (!record.path)
		return err_nomem(err);
	if (record.folder < 0)
		return err_sys(err, "open %s", path);
	*ret_record = record;
	record = UNDO_RECORD_NONE;
	return 0;
}

void undo_record_clear(const struct undo_store *store, struct undo_record *record, bool keep)
{
	char name[16];

	name_of(record->number, name);
	if (!keep) {
		tree_remove(store->folder, name);
		return;
	}
	tree_remove(record->folder, "upper");
	tree_remove(record->folder, "work");
	(void)unlinkat(record->folder, "mount", 0);
}

int undo_record_mark_undone(struct undo_record *record, struct err *err)
{
	return write_new(record->folder, "undone", STR(""), err);
}
