#include "sandbox/run/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

#define MOUNT         "/sys/fs/cgroup"
#define TEXT_MAX      65536
#define TRIES_MAX     16
#define EMPTY_WAIT_MS 2000
#define STALE_WAIT_MS 100 /* of a killed one: they are ending */

static bool write_value(const char *folder, const char *file, int64_t value)
{
	char path[640], text[32];
	cleanup_close int fd = -1;
	int n = snprintf(text, sizeof(text), "%lld", (long long)value);

	(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, (size_t)n) == n;
}

/* The path after ":<controller>:" of /proc/self/cgroup; the empty one is version 2. */
static bool own_path(struct str table, const char *controller, char *ret_path, size_t size)
{
	struct str line, number, name;

	while (str_line(&table, &line)) {
		if (!str_split(&line, ':', &number) || !str_split(&line, ':', &name) ||
		    !str_is(name, controller))
			continue;
		(void)snprintf(ret_path, size, "%.*s", STR_ARG(line));
		return true;
	}
	return false;
}

/* A process leaves its group a moment after its end can be seen. */
static void remove_when_empty(const char *path, int wait_ms)
{
	const struct timespec moment = { 0, 1000000 };

	for (int i = 0; rmdir(path) < 0 && errno == EBUSY && i < wait_ms; i++)
		(void)nanosleep(&moment, NULL);
}

/*
 * Who made a group holds a lock on it, which goes with the process however it ends.
 * Its number would say nothing: another process-id namespace may share this tree.
 */
static void remove_stale(const char *base)
{
	DIR *list = opendir(base);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		cleanup_close int fd = -1;
		char path[1024];

		if (strncmp(entry->d_name, "seal-", 5) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", base, entry->d_name);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			remove_when_empty(path, STALE_WAIT_MS);
	}
	if (list)
		(void)closedir(list);
}

/* Before it is locked it may be taken for a dead one's, and be gone again. */
static bool make_locked(const char *path, int *ret_lock)
{
	cleanup_close int fd = -1;
	struct stat held, there;

	if (mkdir(path, 0700) < 0)
		return false;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) < 0 || fstat(fd, &held) < 0 ||
	    stat(path, &there) < 0 || there.st_ino != held.st_ino) {
		(void)rmdir(path);
		return false;
	}
	*ret_lock = take_fd(fd);
	return true;
}

static bool add_part(struct cgroup *cgroup, const char *base, const char *joined_through)
{
	static atomic_uint counter;
	char *path = cgroup->paths[cgroup->n];
	char file[640];
	bool is_made = false;

	remove_stale(base);
	for (int i = 0; i < TRIES_MAX && !is_made; i++) {
		(void)snprintf(path, sizeof(cgroup->paths[0]), "%s/seal-%d-%u", base, (int)getpid(),
		               atomic_fetch_add(&counter, 1));
		is_made = make_locked(path, &cgroup->locks[cgroup->n]);
	}
	if (!is_made)
		return false;
	(void)snprintf(file, sizeof(file), "%s/%s", path, joined_through);
	cgroup->fds[cgroup->n] = open(file, O_WRONLY | O_CLOEXEC);
	if (cgroup->fds[cgroup->n] < 0) {
		(void)close(cgroup->locks[cgroup->n]);
		(void)rmdir(path);
		return false;
	}
	cgroup->n++;
	return true;
}

static bool hands_down(const char *base)
{
	cleanup_buf struct buf text = BUF_INIT;
	char path[640];
	struct err ignored;

	(void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control", base);
	return fd_read_file(AT_FDCWD, path, TEXT_MAX, &text, &ignored) >= 0 &&
	       str_find(buf_str(&text), STR("pids"), 0) != STR_NONE &&
	       str_find(buf_str(&text), STR("memory"), 0) != STR_NONE;
}

/* Our own group holds processes, so only the one above can hand controllers down. */
static bool make_v2(struct str table, int64_t processes, int64_t memory_mb, struct cgroup *cgroup)
{
	char own[400], base[512];
	char *slash;

	if (!own_path(table, "", own, sizeof(own)))
		return false;
	slash = strrchr(own, '/');
	if (slash)
		*slash = '\0';
	(void)snprintf(base, sizeof(base), MOUNT "%s", own);
	if (!hands_down(base) || !add_part(cgroup, base, "cgroup.procs"))
		return false;
	if (processes > 0)
		(void)write_value(cgroup->paths[0], "pids.max", processes);
	if (memory_mb > 0) {
		(void)write_value(cgroup->paths[0], "memory.max", memory_mb << 20);
		(void)write_value(cgroup->paths[0], "memory.swap.max", 0);
	}
	return true;
}

static void make_v1(struct str table, const char *controller, const char *file, int64_t value,
                    struct cgroup *cgroup)
{
	char own[400], base[512];

	if (value <= 0 || !own_path(table, controller, own, sizeof(own)))
		return;
	(void)snprintf(base, sizeof(base), MOUNT "/%s%s", controller,
	               strcmp(own, "/") == 0 ? "" : own);
	/* Seen from within a container the path may not be there: then its root. */
	if (access(base, F_OK) < 0)
		(void)snprintf(base, sizeof(base), MOUNT "/%s", controller);
	/* `tasks`, because a thread that moves itself alone needs no global lock. */
	if (add_part(cgroup, base, "tasks"))
		(void)write_value(cgroup->paths[cgroup->n - 1], file, value);
}

void cgroup_make(int64_t processes, int64_t memory_mb, struct cgroup *ret_cgroup)
{
	cleanup_buf struct buf table = BUF_INIT;
	struct err ignored;

	*ret_cgroup = (struct cgroup){ .kind = "" };
	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", TEXT_MAX, &table, &ignored) < 0)
		return;
	if (make_v2(buf_str(&table), processes, memory_mb, ret_cgroup)) {
		ret_cgroup->kind = "v2";
		return;
	}
	make_v1(buf_str(&table), "pids", "pids.max", processes, ret_cgroup);
	make_v1(buf_str(&table), "memory", "memory.limit_in_bytes", memory_mb << 20, ret_cgroup);
	if (ret_cgroup->n)
		ret_cgroup->kind = "v1";
}

void cgroup_remove(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->n; i++) {
		(void)close(cgroup->fds[i]);
		remove_when_empty(cgroup->paths[i], EMPTY_WAIT_MS);
		(void)close(cgroup->locks[i]);
	}
	cgroup->n = 0;
}
