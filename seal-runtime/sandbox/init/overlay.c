/* The overlay that a command's writes land in.  See overlay.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/init/init.h"
#include "sandbox/init/overlay.h"

/* The kernel's structure and bits: the static C library has no kernel headers. */
struct open_how_ {
	uint64_t flags, mode, resolve;
};
enum { OPENAT2 = 437, NO_SYMLINKS = 4 };

#define CONFIG_MAX (4 << 20)

static void fail(const char *what)
{
	dprintf(2, "overlay: %s: %s\n", what, strerror(errno));
	_exit(INIT_FAILED);
}

static void put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail(path);
	close(fd);
}

/* The person stays who they are, so that files keep their owner. */
static void enter(void)
{
	unsigned int uid = getuid(), gid = getgid();
	char text[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		fail("user namespace");
	put_text("/proc/self/setgroups", "deny");
	(void)snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	put_text("/proc/self/uid_map", text);
	(void)snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	put_text("/proc/self/gid_map", text);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		fail("private mounts");
}

static int open_path(const char *path)
{
	struct open_how_ how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = NO_SYMLINKS};
	int fd = (int)syscall(OPENAT2, AT_FDCWD, path, &how, sizeof(how));

	if (fd < 0)
		fail(path);
	return fd;
}

/* What was looked at on the host is what is mounted. */
static void must_be_same(int fd, int known, const char *path)
{
	struct stat here, there;

	if (known < 0)
		return;
	if (fstat(fd, &here) != 0 || fstat(known, &there) != 0)
		fail(path);
	if (here.st_dev != there.st_dev || here.st_ino != there.st_ino) {
		errno = ESTALE;
		fail(path);
	}
}

static void mount_overlay(const char *lower, int known, const char *upper, const char *work)
{
	int fds[3] = {open_path(lower), open_path(upper), open_path(work)};
	char options[256];

	must_be_same(fds[0], known, lower);
	/* By descriptor: a path may hold the characters that separate options. */
	(void)snprintf(options, sizeof(options),
		       "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d,"
		       "workdir=/proc/self/fd/%d,userxattr",
		       fds[0], fds[1], fds[2]);
	if (mount("seal", lower, "overlay", MS_NOSUID | MS_NODEV, options) != 0)
		fail("mount");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* What the caller opened beneath the project lies beneath the overlay now. */
static void open_again(const char *record)
{
	char *path;
	int number = (int)strtol(record, &path, 10), fd = open_path(path + 1);

	if (fd == number)
		return;
	if (dup2(fd, number) < 0)
		fail(path + 1);
	close(fd);
}

static char *read_config(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = malloc(CONFIG_MAX);
	ssize_t n = 0, r = -1;

	while (fd >= 0 && text && (r = read(fd, text + n, (size_t)(CONFIG_MAX - 1 - n))) > 0)
		n += r;
	if (r != 0)
		fail(path);
	text[n] = '\0';
	*ret_len = (size_t)n;
	close(fd);
	return text;
}

int overlay_main(int argc, char **argv)
{
	const char *lower = "", *upper = "", *work = "";
	int known = -1;
	size_t len;
	char *text, *end;

	if (argc < 3)
		return INIT_FAILED;
	text = read_config(argv[2], &len);
	enter();
	for (char *at = text; at < text + len; at += strlen(at) + 1) {
		if (at[0] == 'l') {
			known = (int)strtol(at + 1, &end, 10);
			lower = end + 1;
		}
		if (at[0] == 'u')
			upper = at + 1;
		if (at[0] == 'w')
			work = at + 1;
	}
	mount_overlay(lower, known, upper, work);
	for (char *at = text; at < text + len; at += strlen(at) + 1)
		if (at[0] == 'o')
			open_again(at + 1);
	if (argc < 5)
		return 0;
	execv(argv[4], argv + 4);
	fail(argv[4]);
	return INIT_FAILED;
}
