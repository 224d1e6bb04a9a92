#include "sandbox/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/run/cgroup.h"
#include "sandbox/run/launch.h"
#include "sandbox/tree.h"

#define APPARMOR                                                                                   \
	"AppArmor restricts user namespaces here: install the profile "                            \
	"/etc/apparmor.d/bwrap-userns-restrict, or sysctl "                                        \
	"kernel.apparmor_restrict_unprivileged_userns=0"
#define OLDEST_MAJOR 5
#define OLDEST_MINOR 15
#define TRY_MS       3000
#define MESSAGE_MAX  4096
#define LANDLOCK_ABI 6 /* the first that scopes signals and abstract sockets */

/* Part of a message, and what a person does about it.  First match. */
static const struct {
	const char *text, *remedy;
} remedies[] = {
	{ "uid map: Read-only",
	  "this container has /proc read-only: run it with --security-opt systempaths=unconfined" },
	{ "uid map", APPARMOR },
	{ "RTM_NEWADDR", APPARMOR },
	{ "No permissions to create",
	  "user namespaces are off: sysctl kernel.unprivileged_userns_clone=1; in a container, run "
	  "it with "
	  "--security-opt seccomp=unconfined" },
	{ "mount proc",
	  "this container masks /proc: run it with --security-opt systempaths=unconfined" },
	{ "/ns/ns failed",
	  "this container shows the /proc of another one: start it with a /proc of its own" },
	{ "make / slave",
	  "this container forbids mounts: run it with --security-opt apparmor=unconfined" },
	{ "disable-userns", "this bubblewrap is too old: install 0.8 or newer" },
	{ "bind-fd",
	  "this bubblewrap lacks --bind-fd: install your distribution's security update of it" },
	{ "namespaces exceeded", "sysctl user.max_user_namespaces=10000" },
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

static void look_at_kernel(struct probe_line *lines, size_t *n)
{
	struct probe_line *line = add(lines, n, "kernel", PROBE_GOOD);
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) < 0)
		return;
	found(line, name.release);
	if (sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	    (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR))) {
		line->state = PROBE_WARNING;
		line->remedy = "5.15 or newer: overlays and limits for each command";
	}
}

static void look_at_seccomp(struct probe_line *lines, size_t *n)
{
	unsigned int action = SECCOMP_RET_KILL_PROCESS;
	bool works = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
	struct probe_line *line = add(lines, n, "seccomp", works ? PROBE_GOOD : PROBE_FAILED);

	found(line, works ? "filters can be loaded" : "no filters in this kernel");
	if (!works)
		line->remedy = "a kernel with CONFIG_SECCOMP_FILTER";
}

/* Only for workspace = "overlay"; without it commands write to the project. */
static void try_overlay(struct probe_line *lines, size_t *n)
{
	struct probe_line *line = add(lines, n, "overlays", PROBE_WARNING);
	char top[] = "/tmp/seal-probe-XXXXXX", low[64], up[64], work[64], config[64];
	struct launch_overlay overlay = { low, -1, up, work, config, NULL };
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_free char *init = NULL;
	struct err err;

	if (!mkdtemp(top) || dirs_part("seal-init", &init, &err) < 0)
		return;
	(void)snprintf(low, sizeof(low), "%s/low", top);
	(void)snprintf(up, sizeof(up), "%s/up", top);
	(void)snprintf(work, sizeof(work), "%s/work", top);
	(void)snprintf(config, sizeof(config), "%s/config", top);
	char *const argv[] = { init, (char[]){ "--overlay" }, config, NULL };
	if (mkdir(low, 0700) == 0 && mkdir(up, 0700) == 0 && mkdir(work, 0700) == 0 &&
	    launch_overlay_config(&overlay, -1, STR(""), &err) >= 0 && probe_try(argv, &out) == 0)
		line->state = PROBE_GOOD;
	found(line, line->state == PROBE_GOOD ? "can be mounted"
	            : out.data                ? out.data
	                                      : "cannot be");
	if (line->state != PROBE_GOOD)
		line->remedy = "commands write to the project itself, and `seal undo` has nothing "
			       "to undo; a kernel of 5.11 or newer outside of a container can";
	tree_remove(AT_FDCWD, top);
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
	try_overlay(lines, &n);
	look_at_kernel(lines, &n);
	look_at_seccomp(lines, &n);
	look_at_landlock(lines, &n);
	look_at_limits(lines, &n);
	look_at_user(lines, &n);
	look_at_terminals(lines, &n);
	for (size_t i = 0; i < n; i++)
		lines[i].found[strcspn(lines[i].found, "\n")] = '\0';
	return n;
}
