/*
 * Every protection is needed: a script that is refused succeeds once the ones
 * named beside it are left out, and where two hold the same thing each of them
 * does so alone.  A test that passes without what it tests proves nothing.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"
#include "manifest/manifest.h"
#include "sandbox/sandbox.h"
#include "sandbox/weak.h"

#define HEAD "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n"

static struct {
	char top[64], project[128], run[128], undo[128];
	struct manifest *direct, *overlay;
	const char *left_out; /* protections, joined with commas */
	int tcp, local, shared, inherited;
	unsigned int port;
} world;

bool weak_is(const char *protection)
{
	struct str rest = str_of(world.left_out), one;

	while (str_split(&rest, ',', &one))
		if (str_is(one, protection))
			return true;
	return false;
}

static void make(const char *path, const char *text, mode_t mode)
{
	char whole[PATH_MAX];
	struct err err;

	(void)snprintf(whole, sizeof(whole), "%s/%s", world.top, path);
	*strrchr(whole, '/') = '\0';
	MUST(fd_make_dirs(whole, &err), &err);
	(void)snprintf(whole, sizeof(whole), "%s/%s", world.top, path);
	MUST(fd_replace_path(whole, str_of(text), mode, &err), &err);
}

static void listen_on_host(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(address);

	world.tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(world.tcp, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(world.tcp, 8), 0);
	assert_int_equal(getsockname(world.tcp, (struct sockaddr *)&address, &len), 0);
	world.port = ntohs(address.sin_port);
	(void)snprintf(local.sun_path, sizeof(local.sun_path), "%.80s/host.sock", world.project);
	world.local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(world.local, (struct sockaddr *)&local, sizeof(local)), 0);
	assert_int_equal(listen(world.local, 8), 0);
}

static int set_up(void **state)
{
	cleanup_buf struct buf probe = BUF_INIT;
	struct err err;
	char number[16];

	(void)state;
	(void)snprintf(world.top, sizeof(world.top), "/tmp/seal-weak-XXXXXX");
	assert_non_null(mkdtemp(world.top));
	(void)snprintf(world.project, sizeof(world.project), "%s/project", world.top);
	(void)snprintf(world.run, sizeof(world.run), "%s/run", world.top);
	(void)snprintf(world.undo, sizeof(world.undo), "%s/undo", world.top);
	MUST(fd_make_dirs(world.run, &err), &err);
	make("project/.env", "KEY=SECRET\n", 0644);
	make("project/conf/deep/server.pem", "SECRET\n", 0644);
	make("project/.vscode/settings.json", "{}\n", 0644);
	make("project/seal.toml", HEAD, 0644);
	make("project/.git/config", "[core]\n", 0644);
	make("project/.git/hooks/x.sample", "", 0644);
	MUST(fd_read_file(AT_FDCWD, getenv("SEAL_PROBE"), 64 << 20, &probe, &err), &err);
	cleanup_close int folder = open(world.project, O_PATH | O_DIRECTORY | O_CLOEXEC);
	MUST(fd_replace_file(folder, "probe", buf_str(&probe), 0755, &err), &err);
	listen_on_host();
	world.shared = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	/* On purpose without close-on-exec. */
	world.inherited = open("/dev/null", O_RDONLY);
	(void)setenv("SEAL_TEST_KEY", "SECRET", 1);
	(void)snprintf(number, sizeof(number), "%u", world.port);
	(void)setenv("HOST_PORT", number, 1);
	(void)snprintf(number, sizeof(number), "%d", world.shared);
	(void)setenv("HOST_SHM", number, 1);
	MUST(manifest_parse(STR(HEAD), "seal.toml", &world.direct, &err), &err);
	MUST(manifest_parse(STR(HEAD "[sandbox.os]\nworkspace = \"overlay\"\n"), "seal.toml",
	                    &world.overlay, &err),
	     &err);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	manifest_free(world.direct);
	manifest_free(world.overlay);
	(void)shmctl(world.shared, IPC_RMID, NULL);
	(void)close(world.tcp);
	(void)close(world.local);
	(void)close(world.inherited);
	(void)snprintf(command, sizeof(command), "rm -rf %s", world.top);
	return system(command) != 0;
}

static const struct row {
	const char *left_out, *name, *script;
	const char *leaves; /* what must not be in the project afterwards */
	bool in_overlay, as_root;
} rows[] = {
	{ "mask", "a secret is not read", "./probe read .env" },
	{ "mask", "nor a deeper one", "./probe read conf/deep/server.pem" },
	{ "mask", "a host daemon's socket is not reached", "./probe unix host.sock" },
	{ "mask", "a secret is not read through an overlay", "./probe read .env",
	  .in_overlay = true },
	{ "pin", "what holds a secret is not moved away",
	  "./probe rename conf conf2 && mv conf2 conf" },
	{ "pin", "nor is .git", "./probe rename .git git2 && mv git2 .git" },
	{ "protect", "git's configuration is not written", "./probe write .git/config" },
	{ "protect", "nor a hook", "./probe write .git/hooks/pre-commit" },
	{ "protect", "nor the manifest", "./probe write seal.toml" },
	{ "protect", "nor what an editor runs", "./probe write .vscode/settings.json" },
	{ "read-only,landlock", "/dev is not written", "./probe write /dev/x" },
	{ "read-only,landlock", "nor the root", "./probe write /x" },
	{ "etc", "the host's /etc is not there",
	  "for f in /etc/fstab /etc/debconf.conf /etc/crontab /etc/passwd- /etc/machine-id; do "
	  "./probe read $f && exit; done; exit 1" },
	{ "environment", "the person's keys are not in the environment",
	  "./probe env SEAL_TEST_KEY" },
	{ "environment,dumpable", "nor in process 1's", "./probe first-env SEAL_TEST_KEY" },
	{ "init-descriptors", "no descriptor is inherited", "./probe fds" },
	{ "--unshare-net", "the host's loopback is not reached",
	  "./probe tcp 127.0.0.1 $HOST_PORT" },
	{ "--unshare-ipc", "shared memory of the host is not seen",
	  "while read -r _ id _; do [[ $id == $HOST_SHM ]] && exit; done </proc/sysvipc/shm; "
	  "exit 1" },
	{ "--unshare-uts,--hostname,seal", "nor its name",
	  "[[ $(</proc/sys/kernel/hostname) != seal ]]" },
	{ "--disable-userns,seccomp", "no user namespace is made", "./probe userns" },
	{ "seccomp", "no set-id file is made", "cp probe p2 && ./probe set-id p2" },
	{ "landlock", "a kernel knob is not opened", ": >>/proc/sys/kernel/core_pattern",
	  .as_root = true },
	{ "limits", "open files are limited", "(($(ulimit -n) > 4096))" },
	{ "guard", "a new control file does not stay", "echo x >.envrc", ".envrc" },
	{ "guard", "nor a repository that runs something",
	  "mkdir -p r/.git && printf '[core]\\nfsmonitor=x\\n' >r/.git/config", "r/.git" },
	{ "withhold,guard", "nor out of an overlay", "echo x >.mcp.json", ".mcp.json",
	  .in_overlay = true },
};

static bool is_there(const char *path)
{
	char whole[PATH_MAX];
	struct stat st;

	(void)snprintf(whole, sizeof(whole), "%s/%s", world.project, path);
	return lstat(whole, &st) == 0;
}

/* Did the script get what it must not? */
static bool escapes(const struct row *row, const char *left_out)
{
	static const char *const names[] = { "SEAL_WEAKEN", "HOST_PORT", "HOST_SHM", NULL };
	struct sandbox_setup setup = { row->in_overlay ? world.overlay : world.direct,
		                       world.project, NULL, world.run, world.undo };
	struct sandbox_command command = { .grant = { str_of(row->script), world.project, NULL,
		                                      names },
		                           .timeout_s = 60,
		                           .output_max = 4096,
		                           .cancel_fd = -1,
		                           .stdin_fd = -1,
		                           .stdout_fd = -1,
		                           .stderr_fd = -1 };
	cleanup_with(sandbox_free) struct sandbox *sandbox = NULL;
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };
	struct err err;

	world.left_out = left_out;
	(void)setenv("SEAL_WEAKEN", left_out, 1);
	MUST(sandbox_new(&setup, &sandbox, &err), &err);
	MUST(sandbox_run(sandbox, &command, &outcome, &err), &err);
	world.left_out = "";
	if (!outcome.started)
		fail_msg("%s: not started: %s", row->name, outcome.error->text);
	return row->leaves ? is_there(row->leaves) : outcome.exit_code == 0;
}

TEST(each_protection_is_needed)
{
	TEST_ROWS (rows, row) {
		struct str parts = str_of(row->left_out), part;
		bool is_pair = strchr(row->left_out, ',') && row->left_out[0] != '-';

		if (row->as_root && geteuid() != 0)
			continue;
		if (escapes(row, ""))
			fail_msg("%s: it is, with every protection", row->name);
		while (is_pair && str_split(&parts, ',', &part)) {
			cleanup_free char *alone = str_dup(part);

			if (escapes(row, alone))
				fail_msg("%s: it is, without %s alone", row->name, alone);
		}
		if (!escapes(row, row->left_out))
			fail_msg("%s: still holds without %s", row->name, row->left_out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { RUN(each_protection_is_needed) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
