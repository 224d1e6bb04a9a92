#include "sandbox/etc.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/tree.h"

#define TRIES_MAX 4

/* Programs expect these; none of them says anything about the person. */
static const char *const copied[] = { "ld.so.cache",
	                              "ld.so.conf",
	                              "ld.so.conf.d",
	                              "alternatives",
	                              "ssl/certs",
	                              "ssl/openssl.cnf",
	                              "ca-certificates",
	                              "ca-certificates.conf",
	                              "pki/tls/certs",
	                              "localtime",
	                              "timezone",
	                              "services",
	                              "protocols",
	                              "mime.types",
	                              "profile",
	                              "bash.bashrc",
	                              "inputrc",
	                              "terminfo",
	                              "fonts",
	                              "os-release",
	                              "debian_version",
	                              "java-17-openjdk",
	                              "java-21-openjdk",
	                              "python3",
	                              "perl",
	                              "magic",
	                              "magic.mime",
	                              "locale.alias",
	                              "ethertypes",
	                              "rpc",
	                              "shells",
	                              "login.defs",
	                              "ld-musl-x86_64.path",
	                              NULL };

/* A new one is made when one of these changes. */
static const char *const watched[] = { "/etc/ld.so.cache", "/etc/ssl/certs/ca-certificates.crt",
	                               "/etc/localtime", "/etc/alternatives", NULL };

static int write_file(int dir, const char *name, struct str text, struct err *err)
{
	cleanup_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(err, "create etc/%s", name);
	return fd_write_all(fd, text, err);
}

static int copy_host(int to, struct err *err)
{
	cleanup_close int from = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char parent[NAME_MAX];
	int r = 0;

	if (from < 0)
		return err_sys(err, "open /etc");
	for (const char *const *name = copied; r >= 0 && *name; name++) {
		const char *slash = strrchr(*name, '/');

		if (faccessat(from, *name, F_OK, 0) < 0)
			continue;
		for (const char *at = strchr(*name, '/'); at && at <= slash;
		     at = strchr(at + 1, '/')) {
			(void)snprintf(parent, sizeof(parent), "%.*s", (int)(at - *name), *name);
			(void)mkdirat(to, parent, 0755);
		}
		/* The name may be a link that leads out of what is copied. */
		r = tree_copy(from, *name, to, *name, 1, err);
	}
	return r;
}

static int write_own(int to, unsigned int uid, unsigned int gid, struct err *err)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "hosts", "127.0.0.1 localhost seal\n::1 localhost\n" },
		{ "resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n" },
		{ "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: "
		                   "files\nprotocols: files\n" },
		{ "hostname", "seal\n" },
		/* The sandbox reads no configuration of the host's git. */
		{ "gitconfig", "[safe]\n\tdirectory = *\n" },
	};
	char text[512];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(files) / sizeof(files[0]); i++)
		r = write_file(to, files[i].name, str_of(files[i].text), err);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text),
	               "root:x:0:0:root:/root:/usr/sbin/nologin\n"
	               "seal:x:%u:%u::/home/seal:/bin/bash\nnobody:x:65534:65534::/nonexistent:/"
	               "usr/sbin/nologin\n",
	               uid, gid);
	r = write_file(to, "passwd", str_of(text), err);
	(void)snprintf(text, sizeof(text), "root:x:0:\nseal:x:%u:\nnogroup:x:65534:\n", gid);
	return r < 0 ? r : write_file(to, "group", str_of(text), err);
}

/* Names the content: same name, same files. */
static uint64_t fingerprint(unsigned int uid, unsigned int gid)
{
	uint64_t sum = 1469598103934665603ull ^ uid ^ ((uint64_t)gid << 32);
	struct stat st;

	for (const char *c = SEAL_VERSION; *c; c++)
		sum = (sum ^ (unsigned char)*c) * 1099511628211ull;
	for (const char *const *path = watched; *path; path++)
		if (stat(*path, &st) == 0)
			sum = (sum ^ (uint64_t)st.st_mtim.tv_sec ^
			       ((uint64_t)st.st_mtim.tv_nsec << 20) ^ ((uint64_t)st.st_ino << 40)) *
			      1099511628211ull;
	return sum;
}

/* Its descriptor, which holds a lock: somebody is at it. */
static int make(int dir, const char *name, unsigned int uid, unsigned int gid, struct err *err)
{
	cleanup_close int to = -1;
	int r;

	if (mkdirat(dir, name, 0755) < 0)
		return err_sys(err, "create %s", name);
	to = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0 || flock(to, LOCK_SH | LOCK_NB) < 0 || fchmod(to, 0755) < 0)
		return err_sys(err, "open %s", name);
	r = write_own(to, uid, gid, err);
	if (r >= 0)
		r = copy_host(to, err);
	return r < 0 ? r : take_fd(to);
}

/* What a process made halfway before it was killed.  Its number may be another's by
 * now, and in another process-id namespace it says nothing: the lock does. */
static void remove_halves(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		cleanup_close int half = -1;

		if (strncmp(entry->d_name, "etc-", 4) != 0 || !strchr(entry->d_name, '.'))
			continue;
		half = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (half >= 0 && flock(half, LOCK_EX | LOCK_NB) == 0)
			tree_remove(dir, entry->d_name);
	}
	if (list)
		(void)closedir(list);
}

/* A name that nobody else uses; before its lock it may be taken for a dead one's. */
static int prepare(int dir, const char *name, unsigned int uid, unsigned int gid, struct err *err)
{
	char half[96];
	int r = -1;

	for (int i = 0; r < 0 && i < TRIES_MAX; i++) {
		uint32_t number = 0;
		cleanup_close int held = -1;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return err_sys(err, "choose a name");
		(void)snprintf(half, sizeof(half), "%s.%08x", name, number);
		r = held = make(dir, half, uid, gid, err);
		/* Somebody else was first: theirs has the same content. */
		if (r < 0 || renameat(dir, half, dir, name) < 0)
			tree_remove(dir, half);
	}
	return r < 0 ? r : 0;
}

int etc_prepare(const char *runtime_dir, unsigned int uid, unsigned int gid, char **ret_path,
                struct err *err)
{
	cleanup_close int dir = open(runtime_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[64], path[PATH_MAX];

	if (dir < 0)
		return err_sys(err, "open %s", runtime_dir);
	remove_halves(dir);
	(void)snprintf(name, sizeof(name), "etc-%016llx",
	               (unsigned long long)fingerprint(uid, gid));
	(void)snprintf(path, sizeof(path), "%s/%s", runtime_dir, name);
	if (faccessat(dir, name, F_OK, 0) < 0 && prepare(dir, name, uid, gid, err) < 0)
		return err_wrap(err, "prepare the sandbox's /etc in %s", runtime_dir);
	*ret_path = strdup(path);
	return *ret_path ? 0 : err_nomem(err);
}
