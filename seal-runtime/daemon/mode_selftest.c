/*
 * seald selftest: does the sandbox hold what it promises, on this machine?  A
 * throw-away project, things worth stealing around it, and the rows of
 * selftest.def, each run as `seal sandbox exec` would.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "daemon/modes.h"
#include "gate/by_hand.h"
#include "manifest/manifest.h"

#define EXIT_INPUT       2
#define EXIT_FAULT       70
#define EXIT_UNAVAILABLE 125
#define ROW_SECONDS      20
#define LEAKED_FD        9 /* selftest.def knows the number */

static const char rules[] = "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"none\"\n"
			    "[capabilities.allow.read]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n"
			    "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n";
static const char secret[] = "canary\n";

static const struct row {
	const char *name, *script;
	bool must_work;
} rows[] = {
#define CONTROL(name, script) { name, script, true },
#define ATTEMPT(name, script) { name, script, false },
#include "daemon/selftest.def"
#undef CONTROL
#undef ATTEMPT
};

struct world {
	char top[64], project[80], outside[80];
	int listener, outside_fd;
	char port[8], pid[16];
	struct manifest *manifest;
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void world_finip(struct world *world)
{
	if (world->top[0])
		(void)nftw(world->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	closep(&world->listener);
	closep(&world->outside_fd);
	manifest_free(world->manifest);
}
#define cleanup_world __attribute__((cleanup(world_finip)))

static int put(const char *folder, const char *name, const char *text, struct err *err)
{
	cleanup_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(err, "open %s", folder);
	return fd_replace_file(dir, name, str_of(text), 0600, err);
}

static int make_folders(struct world *world, struct err *err)
{
	const char *place = getenv("TMPDIR");
	int n = snprintf(world->top, sizeof(world->top), "%s/seal-selftest-XXXXXX",
			 place && place[0] == '/' ? place : "/tmp");

	if (n < 0 || (size_t)n >= sizeof(world->top) || !mkdtemp(world->top)) {
		world->top[0] = '\0';
		return err_sys(err, "make a folder in %s", place ? place : "/tmp");
	}
	(void)snprintf(world->project, sizeof(world->project), "%s/project", world->top);
	(void)snprintf(world->outside, sizeof(world->outside), "%s/outside", world->top);
	if (mkdir(world->project, 0700) < 0 || mkdir(world->outside, 0700) < 0)
		return err_sys(err, "make %s", world->project);
	return 0;
}

/* Before each row: what an earlier one may have changed is as it was. */
static int fill_folders(const struct world *world, struct err *err)
{
	char git[96], path[128];

	(void)snprintf(git, sizeof(git), "%s/.git", world->project);
	if (mkdir(git, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make %s", git);
	(void)snprintf(path, sizeof(path), "%s/made", world->outside);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/hooks/pre-commit", git);
	(void)unlink(path);
	if (put(world->outside, "secret", secret, err) < 0 ||
	    put(world->project, "seen.txt", "plain\n", err) < 0 ||
	    put(world->project, ".env", secret, err) < 0 ||
	    put(world->project, "seal.toml", rules, err) < 0)
		return err->code;
	return put(git, "config", "[core]\n\tbare = false\n", err);
}

static int listen_on_loopback(struct world *world, struct err *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	world->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (world->listener < 0 || bind(world->listener, (struct sockaddr *)&address, size) < 0 ||
	    listen(world->listener, 8) < 0 ||
	    getsockname(world->listener, (struct sockaddr *)&address, &size) < 0)
		return err_sys(err, "listen on loopback");
	(void)snprintf(world->port, sizeof(world->port), "%u", ntohs(address.sin_port));
	return 0;
}

/* What a careless program would hand on: an open folder, a secret variable. */
static int leak(struct world *world, struct err *err)
{
	cleanup_close int fd = open(world->outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	world->outside_fd = fd < 0 ? -1 : dup2(fd, LEAKED_FD);
	if (world->outside_fd < 0)
		return err_sys(err, "open %s", world->outside);
	return setenv("SEAL_SELFTEST_SECRET", "canary", 1) < 0 ? err_nomem(err) : 0;
}

static int make_world(struct world *world, struct err *err)
{
	(void)snprintf(world->pid, sizeof(world->pid), "%d", getpid());
	if (make_folders(world, err) < 0 || listen_on_loopback(world, err) < 0 || leak(world, err) < 0)
		return err->code;
	return manifest_parse(str_of(rules), "the test's own manifest", &world->manifest, err);
}

static bool is_whole(const char *folder, const char *name, const char *text)
{
	cleanup_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_buf struct buf now = BUF_INIT;
	struct err ignored;

	return dir >= 0 && fd_read_file(dir, name, sizeof(rules) + 1, &now, &ignored) >= 0 &&
	       str_eq(buf_str(&now), str_of(text));
}

/* The host's side: whatever the command says of itself, nothing here has changed. */
static bool is_untouched(const struct world *world)
{
	char made[96], hook[112];

	(void)snprintf(made, sizeof(made), "%s/made", world->outside);
	(void)snprintf(hook, sizeof(hook), "%s/.git/hooks/pre-commit", world->project);
	return is_whole(world->outside, "secret", secret) && access(made, F_OK) < 0 &&
	       access(hook, F_OK) < 0 &&
	       is_whole(world->project, "seal.toml", rules) &&
	       is_whole(world->project, ".env", secret);
}

static int run_row(struct world *world, const struct row *row, bool *ret_good, struct err *err)
{
	/* bash -c takes the name it goes by before the arguments. */
	char *words[] = { "bash", "-c", (char *)row->script, "selftest", world->outside,
			  world->port, world->pid, NULL };
	struct by_hand by_hand = { world->manifest, world->project, world->project, words,
				   ROW_SECONDS };
	int code;

	if (fill_folders(world, err) < 0 || by_hand_run(&by_hand, &code, err) < 0)
		return err->code;
	*ret_good = (code == 0) == row->must_work && is_untouched(world);
	return 0;
}

static int quiet(int keep[3])
{
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		if ((keep[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10)) < 0 || dup2(null, fd) < 0)
			return -1;
	return 0;
}

static void loud(int keep[3])
{
	for (int fd = 0; fd < 3; fd++) {
		(void)dup2(keep[fd], fd);
		closep(&keep[fd]);
	}
}

static void say(bool as_json, const struct row *row, bool good)
{
	cleanup_buf struct buf line = BUF_INIT;
	struct json w = json_to(&line);
	struct err ignored;

	if (as_json) {
		json_object(&w);
		json_kv(&w, "name", str_of(row->name));
		json_kv(&w, "script", str_of(row->script));
		json_kv_bool(&w, "must_work", row->must_work);
		json_kv_bool(&w, "good", good);
		json_end(&w);
	} else {
		buf_addf(&line, "%s  %s", good ? "held " : "FAILED", row->name);
	}
	buf_addc(&line, '\n');
	(void)fd_write_all(1, buf_str(&line), &ignored);
}

static int run_rows(struct world *world, bool as_json, size_t *ret_failed, struct err *err)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int keep[3] = { -1, -1, -1 }, r;
		bool good = false;

		if (quiet(keep) < 0)
			return err_sys(err, "/dev/null");
		r = run_row(world, &rows[i], &good, err);
		loud(keep);
		if (r < 0)
			return r;
		say(as_json, &rows[i], good);
		*ret_failed += !good;
	}
	return 0;
}

int selftest_main(int argc, char **argv)
{
	cleanup_world struct world world = { .listener = -1, .outside_fd = -1 };
	bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
	size_t n = sizeof(rows) / sizeof(rows[0]), failed = 0;
	struct err err;

	if (argc > 2 || (argc == 2 && !as_json)) {
		(void)fprintf(stderr, "seal: selftest: unknown argument \"%s\"; only --json is known\n",
			      argv[1]);
		return EXIT_INPUT;
	}
	if (make_world(&world, &err) < 0) {
		(void)fprintf(stderr, "seal: selftest: %s\n", err.text);
		return EXIT_FAULT;
	}
	if (run_rows(&world, as_json, &failed, &err) < 0) {
		(void)fprintf(stderr, "seal: selftest: %s; `seal doctor` says what is missing\n",
			      err.text);
		return EXIT_UNAVAILABLE;
	}
	if (!as_json)
		printf("%zu held, %zu failed\n", n - failed, failed);
	return failed ? 1 : 0;
}
