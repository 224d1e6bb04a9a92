/* The price of the gate and of the log: a read of 4 KiB through both. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/err.h"
#include "base/fd.h"
#include "gate/gate.h"
#include "gate/upcall.h"
#include "manifest/manifest.h"

#define ROUNDS	5
#define CALLS	2000

static char top[64], root[80], session[80];

static const char rules[] =
	"schema_version = 1\n[model]\nprovider = \"local\"\nname = \"m\"\nbase_url = \"http://127.0.0.1:1\"\n"
	"[capabilities.allow.read]\ndefault_files = [\"*\"]\npaths = [\"src/**\", \"docs/**\", \"include/**\"]\n"
	"[capabilities.deny.read]\ndefault_files = [\".env\", \"*.key\", \"*.pem\"]\n";

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "bench_gate: %s\n", err->text);
	exit(1);
}

static void show(void *ctx, enum show_kind kind, struct str text)
{
	(void)ctx, (void)kind, (void)text;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static struct audit *open_log(const char *dir)
{
	struct audit_header header = { .session_id = "s", .root = root, .component_hash = "c",
				       .engine = "e", .manifest_hash = "m", .seal_version = "0",
				       .manifest_text = STR("x"), .model_json = STR("{}") };
	struct audit *audit = NULL;
	struct err err;

	must(audit_open(dir, &header, &audit, &err), &err);
	return audit;
}

/* Text whose every read is a payload of its own: nothing is stored once only. */
static void make_file(unsigned int seed, char text[4097])
{
	for (unsigned int i = 0; i < 4096; i++)
		text[i] = i % 64 == 63 ? '\n' : (char)('a' + (seed = seed * 1103515245u + 12345u) / 65536 % 26);
	text[4096] = '\0';
}

static double read_through_gate(struct gate *gate)
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_us(), took;

		for (int i = 0; i < CALLS; i++) {
			cleanup_buf struct buf result = BUF_INIT;
			struct err err;

			must(gate_pass(gate, GATE_tools_file_read,
				       STR("[\"src/a.c\",{\"offset\":null,\"limit\":null}]"), &result, &err),
			     &err);
		}
		took = (now_us() - start) / CALLS;
		best = took < best ? took : best;
	}
	return best;
}

/* The same bytes read, and a line of the log's length written, without gate. */
static double read_plainly(void)
{
	char path[128], log_path[128], bytes[4096], line[700];
	double best = 1e9;
	int log_fd;

	(void)snprintf(path, sizeof(path), "%s/src/a.c", root);
	(void)snprintf(log_path, sizeof(log_path), "%s/plain.log", top);
	log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	memset(line, 'x', sizeof(line));
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_us(), took;

		for (int i = 0; i < CALLS; i++) {
			cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

			if (pread(fd, bytes, sizeof(bytes), 0) != sizeof(bytes) ||
			    write(log_fd, line, sizeof(line)) != sizeof(line))
				exit(1);
		}
		took = (now_us() - start) / CALLS;
		best = took < best ? took : best;
	}
	(void)close(log_fd);
	return best;
}

static void bench_gate(void)
{
	struct upcall up = { .show = show, .cancel_fd = -1 };
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(audit_free) struct audit *audit = open_log(session);
	cleanup_with(gate_free) struct gate *gate = NULL;
	struct gate_setup setup = { .root = root, .session_dir = session, .session_id = "s",
				    .audit = audit, .up = &up };
	struct err err;
	double gated, plain;

	must(manifest_parse(str_of(rules), "seal.toml", &manifest, &err), &err);
	setup.manifest = manifest;
	must(gate_new(&setup, &gate, &err), &err);
	gated = read_through_gate(gate);
	plain = read_plainly();
	(void)printf("{\"name\":\"gate.file_read_4k\",\"value\":%.3f,\"unit\":\"us\",\"baseline\":%.3f}\n",
		     gated, plain);
}

int main(void)
{
	char path[128], text[4097];
	struct err err;
	int fd;

	(void)snprintf(top, sizeof(top), "/tmp/seal-bench-XXXXXX");
	if (!mkdtemp(top))
		return 1;
	(void)snprintf(root, sizeof(root), "%s/p", top);
	(void)snprintf(session, sizeof(session), "%s/s", top);
	(void)snprintf(path, sizeof(path), "%s/src", root);
	must(fd_make_dirs(path, &err), &err);
	(void)snprintf(path, sizeof(path), "%s/src/a.c", root);
	make_file(7, text);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	must(fd_write_all(fd, str_of(text), &err), &err);
	(void)close(fd);
	bench_gate();
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
