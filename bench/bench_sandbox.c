/*
 * Figures of the sandbox: a sandboxed `true` by the whole path (look through the
 * project, plan, bwrap, helper, network, pump, look at what is left) against
 * bwrap alone with the same namespaces, and the plan by itself.
 */
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "manifest/manifest.h"
#include "sandbox/inside.h"
#include "sandbox/plan/scan.h"
#include "sandbox/sandbox.h"

#define RUNS  60
#define PLANS 500
#define FILES 200

extern char **environ;

static double now_us(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static void die(const struct err *err)
{
	(void)fprintf(stderr, "bench_sandbox: %s\n", err->text);
	exit(1);
}

static double bare_bwrap(void)
{
	static char *const argv[] = { "bwrap",
		                      "--unshare-user",
		                      "--unshare-pid",
		                      "--unshare-net",
		                      "--unshare-ipc",
		                      "--unshare-uts",
		                      "--unshare-cgroup-try",
		                      "--disable-userns",
		                      "--die-with-parent",
		                      "--new-session",
		                      "--as-pid-1",
		                      "--cap-drop",
		                      "ALL",
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
		                      "--ro-bind",
		                      "/etc",
		                      "/etc",
		                      "--proc",
		                      "/proc",
		                      "--dev",
		                      "/dev",
		                      "--tmpfs",
		                      "/tmp",
		                      "/bin/bash",
		                      "--noprofile",
		                      "--norc",
		                      "-c",
		                      "true",
		                      NULL };
	double start = now_us();
	pid_t pid;

	if (posix_spawn(&pid, "/usr/bin/bwrap", NULL, NULL, argv, environ) != 0)
		return 0;
	(void)waitpid(pid, NULL, 0);
	return now_us() - start;
}

static double sandboxed(struct sandbox *sandbox, const char *root)
{
	struct sandbox_command command = { .grant = { STR("true"), root, NULL, NULL },
		                           .output_max = 4096,
		                           .cancel_fd = -1,
		                           .stdin_fd = -1,
		                           .stdout_fd = -1,
		                           .stderr_fd = -1 };
	struct sandbox_outcome outcome = { 0 };
	double start = now_us(), took;
	struct err err;

	if (sandbox_run(sandbox, &command, &outcome, &err) < 0)
		die(&err);
	took = now_us() - start;
	if (!outcome.started)
		die(outcome.error);
	sandbox_outcome_fini(&outcome);
	return took;
}

static double plain(char *const argv[])
{
	double start = now_us();
	pid_t pid;

	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0)
		return 0;
	(void)waitpid(pid, NULL, 0);
	return now_us() - start;
}

/* As long as a model would think, at the least until the next sandbox stands. */
static void think(struct sandbox *sandbox)
{
	struct pollfd fd = { -1, POLLIN, 0 };

	sandbox_prepare(sandbox);
	fd.fd = sandbox->warm.launch.control;
	if (poll(&fd, 1, 1000) != 1) {
		(void)fprintf(stderr, "bench_sandbox: no warm sandbox\n");
		exit(1);
	}
}

static double planned(struct sandbox *sandbox, const char *root)
{
	struct grant_command grant = { STR("true"), root, NULL, NULL };
	struct scan scan = { 0 };
	struct plan plan = { 0 };
	double start = now_us();
	struct err err;

	if (sandbox_plan(sandbox, &grant, &scan, &plan, &err) < 0)
		die(&err);
	start = now_us() - start;
	plan_fini(&plan);
	scan_fini(&scan);
	return start;
}

static void make_project(const char *root)
{
	char path[256];

	for (int i = 0; i < FILES; i++) {
		(void)snprintf(path, sizeof(path), "%s/d%d", root, i % 10);
		(void)mkdir(path, 0755);
		(void)snprintf(path, sizeof(path), "%s/d%d/f%d.c", root, i % 10, i);
		(void)close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	}
	(void)snprintf(path, sizeof(path), "%s/.env", root);
	(void)close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

int main(void)
{
	static const char text[] =
		"schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n";
	static double ours[RUNS], bare[RUNS], plans[PLANS], warm[RUNS], spawned[RUNS], shells[RUNS];
	char top[] = "/tmp/seal-bench-XXXXXX", root[64], run[64], command[128];
	struct manifest *manifest;
	struct sandbox *sandbox, *warm_sandbox;
	struct sandbox_setup setup = { .root = root, .runtime_dir = run };
	struct err err;

	if (!mkdtemp(top))
		return 1;
	(void)snprintf(root, sizeof(root), "%s/project", top);
	(void)snprintf(run, sizeof(run), "%s/run", top);
	(void)mkdir(root, 0755);
	(void)mkdir(run, 0700);
	make_project(root);
	if (manifest_parse(str_of(text), "seal.toml", &manifest, &err) < 0)
		die(&err);
	setup.manifest = manifest;
	if (sandbox_new(&setup, &sandbox, &err) < 0)
		die(&err);
	/* In turns, so that what else the machine does falls on both. */
	for (int i = 0; i < RUNS; i++) {
		bare[i] = bare_bwrap();
		ours[i] = sandboxed(sandbox, root);
	}
	setup.keeps_warm = true;
	if (sandbox_new(&setup, &warm_sandbox, &err) < 0)
		die(&err);
	(void)sandboxed(warm_sandbox, root);
	for (int i = 0; i < RUNS; i++) {
		think(warm_sandbox);
		spawned[i] = plain((char *[]){ (char[]){ "/usr/bin/true" }, NULL });
		shells[i] = plain((char *[]){ (char[]){ "/bin/bash" }, (char[]){ "--norc" },
		                              (char[]){ "-c" }, (char[]){ "true" }, NULL });
		warm[i] = sandboxed(warm_sandbox, root);
	}
	for (int i = 0; i < PLANS; i++)
		plans[i] = planned(sandbox, root);
	printf("{\"name\":\"sandbox.true\",\"value\":%.3f,\"unit\":\"ms\",\"baseline\":%.3f}\n",
	       median(ours, RUNS) / 1e3, median(bare, RUNS) / 1e3);
	printf("{\"name\":\"sandbox.warm\",\"value\":%.3f,\"unit\":\"ms\",\"baseline\":%.3f}\n",
	       median(warm, RUNS) / 1e3, median(spawned, RUNS) / 1e3);
	printf("{\"name\":\"sandbox.warm.shell\",\"value\":%.3f,\"unit\":\"ms\",\"baseline\":%.3f}"
	       "\n",
	       median(warm, RUNS) / 1e3, median(shells, RUNS) / 1e3);
	printf("{\"name\":\"sandbox.plan\",\"value\":%.1f,\"unit\":\"us\"}\n",
	       median(plans, PLANS));
	sandbox_free(warm_sandbox);
	sandbox_free(sandbox);
	manifest_free(manifest);
	(void)snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command) != 0;
}
