/*
 * Private to the tests of the sandbox in C: one project, one outside and one
 * sandbox for all rows of a program.  Names in rows are relative to the project,
 * which is the working folder.
 */
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"
#include "manifest/manifest.h"
#include "sandbox/sandbox.h"

#define MANIFEST                                                                                   \
	"schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n"                       \
	"[capabilities.deny.read]\npaths = [{ path = \"private/**\", files = [\"*\"] }]\n"         \
	"[capabilities.deny.write]\npaths = [{ path = \"fixed/**\", files = [\"*\"] }]\n"          \
	"[sandbox.os.limits]\nprocesses = 64\n"

static struct {
	char top[64], project[128];
	struct manifest *manifest;
	struct sandbox *sandbox;
	int listener, agent;
} world;

static __attribute__((unused)) void make(const char *path, const char *text)
{
	char whole[PATH_MAX];
	struct err err;
	int fd;

	(void)snprintf(whole, sizeof(whole), "%s/%s", world.top, path);
	*strrchr(whole, '/') = '\0';
	MUST(fd_make_dirs(whole, &err), &err);
	(void)snprintf(whole, sizeof(whole), "%s/%s", world.top, path);
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static __attribute__((unused)) void copy_probe(void)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	int folder = open(world.project, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err err;

	MUST(fd_read_file(AT_FDCWD, getenv("SEAL_PROBE"), 64 << 20, &bytes, &err), &err);
	MUST(fd_replace_file(folder, "probe", buf_str(&bytes), 0755, &err), &err);
	close(folder);
}

/* A daemon of the host whose socket lies in the project. */
static __attribute__((unused)) int listen_at(const char *folder, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/%.20s", folder, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static __attribute__((unused)) const char *link_path(void)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/.env.local", world.project);
	return path;
}

static __attribute__((unused)) int set_up(void **state)
{
	struct sandbox_setup setup = { 0 };
	struct err err;
	char agent[128];

	(void)state;
	(void)snprintf(world.top, sizeof(world.top), "/tmp/seal-inside-XXXXXX");
	assert_non_null(mkdtemp(world.top));
	(void)snprintf(world.project, sizeof(world.project), "%s/project", world.top);
	make("outside/secret", "SECRET\n");
	make("run/x", "");
	make("session/x", "");
	make("project/README", "hello\n");
	make("project/.env", "KEY=SECRET\n");
	make("project/conf/deep/server.pem", "SECRET\n");
	make("project/private/notes", "SECRET\n");
	make("project/fixed/a", "a\n");
	make("project/.vscode/settings.json", "{}\n");
	make("project/seal.toml", MANIFEST);
	make("project/.git/config", "[core]\n");
	make("project/.git/HEAD", "ref: refs/heads/main\n");
	make("project/.git/hooks/x.sample", "");
	make("project/lib/.git/config", "[core]\n");
	make("project/lib/.git/HEAD", "ref: refs/heads/main\n");
	make("project/.git/modules/known/config", "[core]\n\tworktree = ../../../m\n");
	make("project/.git/modules/known/HEAD", "ref: refs/heads/main\n");
	make("project/.git/modules/known/objects/x", "");
	make("project/.git/modules/known/hooks/x.sample", "");
	make("project/cfg/values", "SECRET\n");
	assert_int_equal(symlinkat("cfg/values", AT_FDCWD, link_path()), 0);
	copy_probe();
	world.listener = listen_at(world.project, "host.sock");
	world.agent = listen_at(world.top, "agent");
	(void)snprintf(agent, sizeof(agent), "%s/agent", world.top);
	(void)setenv("SSH_AUTH_SOCK", agent, 1);
	(void)setenv("SEAL_TEST_KEY", "SECRET", 1);
	(void)setenv("GRANTED", "yes", 1);
	MUST(manifest_parse(STR(MANIFEST), "seal.toml", &world.manifest, &err), &err);
	char run[128], session[128];
	(void)snprintf(run, sizeof(run), "%s/run", world.top);
	(void)snprintf(session, sizeof(session), "%s/session", world.top);
	setup = (struct sandbox_setup){ world.manifest, world.project, session, run };
	MUST(sandbox_new(&setup, &world.sandbox, &err), &err);
	return 0;
}

static __attribute__((unused)) int tear_down(void **state)
{
	char command[128];

	(void)state;
	sandbox_free(world.sandbox);
	manifest_free(world.manifest);
	close(world.listener);
	close(world.agent);
	(void)snprintf(command, sizeof(command), "rm -rf %s", world.top);
	return system(command) != 0;
}

static __attribute__((unused)) struct sandbox_command command_of(const char *script)
{
	static const char *const names[] = { "GRANTED", "SSH_AUTH_SOCK", NULL };

	return (struct sandbox_command){ .grant = { str_of(script), world.project, NULL, names },
		                         .timeout_s = 30,
		                         .output_max = 4096,
		                         .cancel_fd = -1,
		                         .stdin_fd = -1,
		                         .stdout_fd = -1,
		                         .stderr_fd = -1 };
}

static __attribute__((unused)) struct sandbox_outcome run(struct sandbox_command command)
{
	struct sandbox_outcome outcome = { 0 };
	struct err err;

	MUST(sandbox_run(world.sandbox, &command, &outcome, &err), &err);
	if (!outcome.started)
		fail_msg("not started: %s", outcome.error->text);
	return outcome;
}

#define DONE    0
#define REFUSED 1
