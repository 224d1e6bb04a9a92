/*
 * Loaded into seald before its libraries: what a disk is sure to have.  After each
 * fsync and fdatasync below the folder $SHADOW_OF it keeps, in $SHADOW:
 *
 *   N.data or N.list  what was synced: a file's bytes, or a folder's entries
 *   N.now             every name below the folder at that moment
 *   N.log             a copy of the events.jsonl that is there, as written so far
 *   N.world           a copy of the file $SHADOW_WORLD
 *   N                 last: "KEY TYPE PATH" of what was synced
 *
 * A KEY is an inode with its birth time: numbers are used again.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *create(unsigned int number, const char *ending)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%05u%s", getenv("SHADOW"), number, ending);
	return fopen(path, "we");
}

/* "KEY TYPE": false where the file system keeps no birth times. */
static int describe(int dir, const char *name, char *ret_text, size_t size)
{
	struct statx st;

	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH),
		  STATX_BASIC_STATS | STATX_BTIME, &st) < 0 || !(st.stx_mask & STATX_BTIME))
		return -1;
	(void)snprintf(ret_text, size, "%llu.%lld.%u %c", (unsigned long long)st.stx_ino,
		       (long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec,
		       S_ISDIR(st.stx_mode) ? 'd' : 'f');
	return S_ISDIR(st.stx_mode);
}

static void copy(int fd, FILE *out)
{
	char bytes[65536];
	off_t at = 0;
	ssize_t n;

	while (out && (n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		(void)fwrite(bytes, 1, (size_t)n, out);
		at += n;
	}
}

/* A file that was opened to be written is read through a descriptor of its own. */
static void copy_again(int fd, FILE *out)
{
	char path[64];
	int again;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	copy(again, out);
	if (again >= 0)
		(void)close(again);
}

static FILE *log_copy;

static void copy_log(int dir, const char *name)
{
	int fd = strcmp(name, "events.jsonl") == 0 ? openat(dir, name, O_RDONLY | O_CLOEXEC) : -1;

	copy(fd, log_copy);
	if (fd >= 0)
		(void)close(fd);
}

static void list(const char *path, const char *shown, int is_deep, FILE *out)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char text[128], below[PATH_MAX], name[PATH_MAX];
		int is_dir;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		is_dir = describe(dirfd(dir), entry->d_name, text, sizeof(text));
		(void)snprintf(name, sizeof(name), "%s%s", shown, entry->d_name);
		if (is_dir >= 0)
			(void)fprintf(out, "%s %s\n", text, name);
		if (is_deep)
			copy_log(dirfd(dir), entry->d_name);
		if (is_dir <= 0 || !is_deep)
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		(void)snprintf(name + strlen(name), sizeof(name) - strlen(name), "/");
		list(below, name, 1, out);
	}
	if (dir)
		(void)closedir(dir);
}

static unsigned int next_number(void)
{
	static unsigned int number;
	char path[PATH_MAX];

	do
		(void)snprintf(path, sizeof(path), "%s/%05u", getenv("SHADOW"), ++number);
	while (access(path, F_OK) == 0);
	return number;
}

static void close_it(FILE *file)
{
	if (file)
		(void)fclose(file);
}

static void keep(int fd, const char *path)
{
	unsigned int number = next_number();
	char text[128] = "";
	int is_dir = describe(fd, "", text, sizeof(text));
	FILE *what = create(number, is_dir > 0 ? ".list" : ".data");
	FILE *now = create(number, ".now"), *world = create(number, ".world"), *done;
	int from = open(getenv("SHADOW_WORLD"), O_RDONLY | O_CLOEXEC);

	FILE *log = create(number, ".log");

	if (!what || !now || !world || !log || is_dir < 0)
		abort();
	if (is_dir)
		list(path, "", 0, what);
	else
		copy_again(fd, what);
	log_copy = log;
	list(getenv("SHADOW_OF"), "", 1, now);
	close_it(log);
	copy(from, world);
	close_it(what);
	close_it(now);
	close_it(world);
	if (from >= 0)
		(void)close(from);
	done = create(number, "");
	if (done)
		(void)fprintf(done, "%s %s\n", text, path);
	close_it(done);
}

static int after(int r, int fd)
{
	char link[64], path[PATH_MAX] = "";
	const char *of = getenv("SHADOW_OF");
	int before = errno;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (r == 0 && of && readlink(link, path, sizeof(path) - 1) > 0 &&
	    strncmp(path, of, strlen(of)) == 0)
		keep(fd, path);
	errno = before;
	return r;
}

#define REAL(name) ((int (*)(int))(uintptr_t)dlsym(RTLD_NEXT, name))

int fsync(int fd)
{
	return after(REAL("fsync")(fd), fd);
}

int fdatasync(int fd)
{
	return after(REAL("fdatasync")(fd), fd);
}
