#include "sandbox/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/run/cgroup.h"
#include "sandbox/run/launch.h"

#define APPARMOR                                                                                   \
	"AppArmor restricts user namespaces here: install the profile "                            \
	"/etc/apparmor.d/bwrap-userns-restrict, or sysctl "                                        \
	"kernel.apparmor_restrict_unprivileged_userns=0"
#define TRY_MS       3000
#define MESSAGE_MAX  4096
#define LANDLOCK_ABI 6 /* the first that scopes signals and abstract sockets */

/* Part of a message, and what a person does about it.  First match. */
static const struct {
	const char *text, *remedy;
} remedies[] = {
	{ "uid map", APPARMOR },
	{ "RTM_NEWADDR", APPARMOR },
	{ "No permissions to create",
	  "user namespaces are off: sysctl kernel.unprivileged_userns_clone=1; in a container, run "
	  "it with "
	  "--security-opt seccomp=unconfined" },
	{ "mount proc",
	  "this container masks /proc: run it with --security-opt systempaths=unconfined" },
	{ "make / slave",
	  "this container forbids mounts: run it with --security-opt apparmor=unconfined" },
	{ "disable-userns", "this bubblewrap is too old: install 0.8 or newer" },
	{ "bind-fd",
	  "this bubblewrap lacks --bind-fd: install your distribution's security update of it" },
	{ "max_user_namespaces", "sysctl user.max_user_namespaces=10000" },
	{ "No space left", "sysctl user.max_user_namespaces=10000" },
	{ "", "`seal doctor` tries each part and says what to do" },
};

const char *probe_remedy(struct str message)
{
	for (size_t i = 0;; i++)
		if (remedies[i].text[0] == '\0' ||
		    str_find(message, str_of(remedies[i].text), 0) != STR_NONE)
			return remedies[i].remedy;
}

int probe_quick(struct err *err)
{
	if (access(LAUNCH_BWRAP, X_OK) < 0)
		return err_sys(err,
		               LAUNCH_BWRAP " is needed to run any command; install bubblewrap "
		                            "(apt-get install bubblewrap)");
	return 0;
}

/* --- trying ------------------------------------------------------------- */

static struct probe_line *add(struct probe_line *lines, size_t *n, const char *name,
                              enum probe_state state)
{
	lines[*n] = (struct probe_line){ .name = name, .state = state, .remedy = "" };
	return &lines[(*n)++];
}

static void found(struct probe_line *line, const char *text)
{
	(void)snprintf(line->found, sizeof(line->found), "%.255s", text);
}

/* Reads until the end or the time is up; what hangs is ended. */
static void read_for_a_while(int fd, struct buf *out)
{
	struct pollfd poller = { fd, POLLIN, 0 };
	char bytes[512];
	ssize_t n;

	while (out->len < MESSAGE_MAX && poll(&poller, 1, TRY_MS) > 0 &&
	       (n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(out, (struct str){ bytes, (size_t)n });
}

int probe_try(char *const argv[], struct buf *out)
{
	static char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	posix_spawn_file_actions_t actions;
	int fds[2], status = -1;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	(void)posix_spawn_file_actions_adddup2(&actions, fds[1], 2);
	errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(fds[1]);
	if (errno == 0) {
		read_for_a_while(fds[0], out);
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
	}
	(void)close(fds[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One line per part; the last words of each say "done" when it worked. */
#define BWRAP(...)                                                                                 \
	{                                                                                          \
		LAUNCH_BWRAP, __VA_ARGS__, "--ro-bind", "/",         "/",                          \
		"--",         "/bin/sh",   "-c",        "echo done", NULL                          \
	}

static const struct {
	const char *name, *good;
	enum probe_state otherwise;
	char *const argv[24];
} parts[] = {
	{ "user namespaces", "can be made", PROBE_FAILED, BWRAP("--unshare-user") },
	{ "all namespaces", "can be made", PROBE_FAILED,
	  BWRAP("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc",
	        "--unshare-uts", "--unshare-cgroup-try") },
	{ "no nested ones", "--disable-userns works", PROBE_FAILED,
	  BWRAP("--unshare-user", "--disable-userns") },
};

static void try_parts(struct probe_line *lines, size_t *n)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		cleanup_buf struct buf out = BUF_INIT;
		int code = probe_try(parts[i].argv, &out);
		struct str text = str_trim(buf_str(&out));
		bool works = code == 0 && str_ends(text, STR("done"));
		struct probe_line *line =
			add(lines, n, parts[i].name, works ? PROBE_GOOD : parts[i].otherwise);

		found(line, works ? parts[i].good : out.data ? out.data : "does not start");
		line->remedy = works ? "" : probe_remedy(text);
	}
}

/* Each of bwrap's mounts that the plan relies on, at once. */
static void try_mounts(struct probe_line *lines, size_t *n)
{
	static char *const argv[] = { LAUNCH_BWRAP,
		                      "--unshare-user",
		                      "--unshare-pid",
		                      "--ro-bind",
		                      "/usr",
		                      "/usr",
		                      "--symlink",
		                      "usr/bin",
		                      "/bin",
		                      "--symlink",
		                      "usr/lib",
		                      "/lib",
		                      "--symlink",
		                      "usr/lib64",
		                      "/lib64",
		                      "--proc",
		                      "/proc",
		                      "--dev",
		                      "/dev",
		                      "--size",
		                      "1048576",
		                      "--tmpfs",
		                      "/tmp",
		                      "--remount-ro",
		                      "/",
		                      "--",
		                      "/usr/bin/true",
		                      NULL };
	cleanup_buf struct buf out = BUF_INIT;
	bool works = probe_try(argv, &out) == 0;
	struct probe_line *line =
		add(lines, n, "fresh /proc, /dev", works ? PROBE_GOOD : PROBE_FAILED);

	found(line, works ? "can be mounted" : out.data ? out.data : "cannot be mounted");
	line->remedy = works ? "" : probe_remedy(str_of(line->found));
}

static void try_descriptor_binds(struct probe_line *lines, size_t *n)
{
	static char *const argv[] = { LAUNCH_BWRAP, "--help", NULL };
	cleanup_buf struct buf out = BUF_INIT;
	struct probe_line *line;
	bool works;

	(void)probe_try(argv, &out);
	works = str_find(buf_str(&out), STR("--ro-bind-fd"), 0) != STR_NONE;
	line = add(lines, n, "binds by descriptor", works ? PROBE_GOOD : PROBE_FAILED);
	found(line, works ? "--bind-fd is there" : "this bubblewrap has no --bind-fd");
	line->remedy = works ? "" : probe_remedy(STR("bind-fd"));
}

/* --- looking ------------------------------------------------------------ */

static bool look_at_bwrap(struct probe_line *lines, size_t *n)
{
	struct probe_line *line = add(lines, n, "bubblewrap", PROBE_GOOD);
	struct stat st;

	found(line, LAUNCH_BWRAP);
	if (stat(LAUNCH_BWRAP, &st) < 0 || access(LAUNCH_BWRAP, X_OK) < 0) {
		line->state = PROBE_FAILED;
		found(line, LAUNCH_BWRAP " is not there");
		line->remedy = "apt-get install bubblewrap";
		return false;
	}
	if (st.st_mode & S_ISUID) {
		line->state = PROBE_WARNING;
		found(line, LAUNCH_BWRAP " is set-uid root");
		line->remedy = "chmod u-s " LAUNCH_BWRAP ": user namespaces are enough";
	}
	return true;
}

static void look_at_helper(struct probe_line *lines, size_t *n)
{
	struct probe_line *line = add(lines, n, "seal-init", PROBE_GOOD);
	cleanup_free char *path = NULL;
	struct err err;

	if (dirs_part("seal-init", &path, &err) >= 0) {
		found(line, path);
		return;
	}
	line->state = PROBE_FAILED;
	found(line, err.text);
	line->remedy = "install seal whole: seal-init belongs into ../lib/seal";
}

static void look_at_landlock(struct probe_line *lines, size_t *n)
{
	long abi = syscall(444, NULL, 0, 1u);
	struct probe_line *line =
		add(lines, n, "Landlock", abi >= LANDLOCK_ABI ? PROBE_GOOD : PROBE_WARNING);

	(void)snprintf(line->found, sizeof(line->found),
	               abi < 1 ? "not in this kernel" : "version %ld", abi);
	if (abi < LANDLOCK_ABI)
		line->remedy = "a kernel of 6.12 or newer adds a second wall; mounts and "
		               "namespaces hold without it";
}

static void look_at_user(struct probe_line *lines, size_t *n)
{
	bool is_root = geteuid() == 0;
	struct probe_line *line = add(lines, n, "user", is_root ? PROBE_WARNING : PROBE_GOOD);

	found(line, is_root ? "root" : "not root");
	if (is_root)
		line->remedy = "run seal as yourself: what a command may break is then yours alone";
}

static void look_at_limits(struct probe_line *lines, size_t *n)
{
	struct cgroup cgroup;
	struct probe_line *line;

	cgroup_make(64, 64, &cgroup);
	line = add(lines, n, "limits", cgroup.n ? PROBE_GOOD : PROBE_WARNING);
	(void)snprintf(line->found, sizeof(line->found),
	               cgroup.n ? "control groups %s" : "by process, no control group%s",
	               cgroup.kind);
	if (!cgroup.n)
		line->remedy =
			"start the daemon with: systemd-run --user --scope -p Delegate=yes seal";
	cgroup_remove(&cgroup);
}

static void look_at_terminals(struct probe_line *lines, size_t *n)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err ignored;
	struct probe_line *line;

	if (fd_read_file(AT_FDCWD, "/proc/sys/dev/tty/legacy_tiocsti", 64, &text, &ignored) < 0 ||
	    !str_starts(buf_str(&text), STR("1")))
		return;
	line = add(lines, n, "terminals", PROBE_WARNING);
	found(line, "programs may type into them");
	line->remedy = "sysctl dev.tty.legacy_tiocsti=0; the sandbox refuses it to commands anyway";
}

size_t probe_all(struct probe_line lines[PROBE_LINES_MAX])
{
	size_t n = 0;
	bool has_bwrap = look_at_bwrap(lines, &n);

	look_at_helper(lines, &n);
	if (has_bwrap) {
		try_parts(lines, &n);
		try_mounts(lines, &n);
		try_descriptor_binds(lines, &n);
	}
	look_at_landlock(lines, &n);
	look_at_limits(lines, &n);
	look_at_user(lines, &n);
	look_at_terminals(lines, &n);
	for (size_t i = 0; i < n; i++)
		lines[i].found[strcspn(lines[i].found, "\n")] = '\0';
	return n;
}
