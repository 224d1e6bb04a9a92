/*
 * The price of the gate, of the log and of the component: a read of 4 KiB and an
 * edit in a file of 1 MiB through all three, and the same in plain C.
 */
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "gate/gate.h"
#include "gate/upcall.h"
#include "host/host.h"
#include "manifest/manifest.h"

/* Short rounds and many: the best of them is one that nobody disturbed. */
#define ROUNDS     300
#define CALLS      30
#define EDITS      80
#define EDIT_BYTES ((size_t)1 << 20)

static char top[64], root[80], session[80];

static const char rules[] =
	"schema_version = 1\n[model]\nprovider = \"local\"\nname = \"m\"\nbase_url = "
	"\"http://127.0.0.1:1\"\n"
	"[capabilities.allow.read]\ndefault_files = [\"*\"]\npaths = [\"src/**\", \"docs/**\", "
	"\"include/**\"]\n"
	"[capabilities.allow.write]\npaths = [{ path = \"src/**\", files = [\"*\"] }]\n"
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
	struct audit_header header = { .session_id = "s",
		                       .root = root,
		                       .component_hash = "c",
		                       .engine = "e",
		                       .manifest_hash = "m",
		                       .seal_version = "0",
		                       .manifest_text = STR("x"),
		                       .model_json = STR("{}") };
	struct audit *audit = NULL;
	struct err err;

	must(audit_open(dir, &header, &audit, &err), &err);
	return audit;
}

/* Text whose every read is a payload of its own: nothing is stored once only. */
static void make_file(unsigned int seed, char text[4097])
{
	for (unsigned int i = 0; i < 4096; i++)
		text[i] = i % 64 == 63
		                  ? '\n'
		                  : (char)('a' + (seed = seed * 1103515245u + 12345u) / 65536 % 26);
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
			               STR("[\"src/a.c\",{\"offset\":null,\"limit\":null}]"),
			               &result, &err),
			     &err);
		}
		took = (now_us() - start) / CALLS;
		best = took < best ? took : best;
	}
	return best;
}

/* The least that any program can do: the bytes, and one line of the log's length. */
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

/* A log of hashed, chained lines, as small as it can be. */
struct chain {
	int fd;
	unsigned long long seq;
	char head[HASH_HEX];
};

static void add_line(struct chain *chain, const char *kind, const char *facts)
{
	char line[512];
	int n = snprintf(line, sizeof(line) - 1,
	                 "{\"seq\":%llu,\"prev\":\"%s\",\"t\":%lld,\"kind\":\"%s\",%s}",
	                 chain->seq++, chain->head, (long long)now_us(), kind, facts);

	hash_hex((struct str){ line, (size_t)n }, chain->head);
	line[n++] = '\n';
	if (write(chain->fd, line, (size_t)n) != n)
		exit(1);
}

/* Beneath the folder and through no magic link, by its own name, a regular file. */
static int open_carefully(int dir, const char *name)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
	char link[64], path[256];
	struct stat st;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path)) <= 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		exit(1);
	return fd;
}

/* What the gate's call does, without rules, types and component: three records
 * that are in the file before what they speak of goes on, the answer as JSON and
 * its hash in the log. */
static void read_and_log(int dir, struct chain *chain)
{
	cleanup_buf struct buf answer = BUF_INIT;
	cleanup_close int fd = -1;
	struct json w = json_to(&answer);
	char bytes[4097], facts[160] = "\"of\":1,\"outcome\":\"done\",\"result-blob\":\"";
	ssize_t n;

	add_line(chain, "begin",
	         "\"call\":\"tools.file-read\",\"args\":[\"src/"
	         "a.c\",{\"offset\":null,\"limit\":null}]");
	fd = open_carefully(dir, "src/a.c");
	add_line(chain, "decision", "\"of\":1,\"verdict\":\"allow\",\"rule\":\"src/**\"");
	n = read(fd, bytes, sizeof(bytes));
	if (n != 4096)
		exit(1);
	json_object(&w);
	json_kv(&w, "text", (struct str){ bytes, (size_t)n });
	json_end(&w);
	hash_hex(buf_str(&answer), facts + strlen(facts));
	(void)strncat(facts, "\"", 2);
	add_line(chain, "end", facts);
}

static double read_in_c(void)
{
	cleanup_close int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[128];
	struct chain chain = { .head = "0" };
	double best = 1e9;

	(void)snprintf(path, sizeof(path), "%s/careful.log", top);
	chain.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_us(), took;

		for (int i = 0; i < CALLS; i++)
			read_and_log(dir, &chain);
		took = (now_us() - start) / CALLS;
		best = took < best ? took : best;
	}
	(void)close(chain.fd);
	return best;
}

/* A word in the middle of a mebibyte, there and back. */
static const char *const edits[] = {
	"[\"src/big.c\",[{\"old\":\"one word\",\"new\":\"the word\",\"replace-all\":false}]]",
	"[\"src/big.c\",[{\"old\":\"the word\",\"new\":\"one word\",\"replace-all\":false}]]",
};

static void make_big(void)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_close int fd = -1;
	char path[128];
	struct err err;

	while (text.len < EDIT_BYTES / 2)
		buf_addf(&text, "\tline %zu of a file that is a mebibyte long\n", text.len);
	buf_adds(&text, "one word\n");
	while (text.len < EDIT_BYTES)
		buf_addf(&text, "\tline %zu of a file that is a mebibyte long\n", text.len);
	(void)snprintf(path, sizeof(path), "%s/src/big.c", root);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(fd_write_all(fd, buf_str(&text), &err), &err);
}

static double edit_through_gate(struct gate *gate)
{
	double best = 1e9;

	for (int i = 0; i < EDITS; i++) {
		cleanup_buf struct buf result = BUF_INIT;
		double start = now_us(), took;
		struct err err;

		must(gate_pass(gate, GATE_tools_file_edit, str_of(edits[i % 2]), &result, &err),
		     &err);
		took = now_us() - start;
		best = took < best ? took : best;
		if (!str_starts(buf_str(&result), STR("{\"ok\""))) {
			(void)fprintf(stderr, "bench_gate: %s\n", result.data);
			exit(1);
		}
	}
	return best;
}

/* Read, find, put together, write beside, make durable, rename, make that durable
 * too; and a line of a log, durable as well. */
static void edit_plainly(const char *path, int log_fd, const char *from, const char *to)
{
	static char bytes[2 * EDIT_BYTES];
	char beside[160];
	cleanup_close int in = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_close int out = -1, folder = -1;
	ssize_t n = read(in, bytes, sizeof(bytes));
	char *at = n > 0 ? memmem(bytes, (size_t)n, from, strlen(from)) : NULL;

	(void)snprintf(beside, sizeof(beside), "%s.new", path);
	out = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	*strrchr(beside, '/') = '\0';
	folder = open(beside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(beside, sizeof(beside), "%s.new", path);
	if (!at)
		exit(1);
	memcpy(at, to, strlen(to));
	if (write(out, bytes, (size_t)n) != n || fsync(out) < 0 || rename(beside, path) < 0 ||
	    fsync(folder) < 0 || write(log_fd, bytes, 700) != 700 || fdatasync(log_fd) < 0)
		exit(1);
}

static double edit_in_c(void)
{
	char path[128], log_path[128];
	double best = 1e9;
	cleanup_close int log_fd = -1;

	(void)snprintf(path, sizeof(path), "%s/src/big.c", root);
	(void)snprintf(log_path, sizeof(log_path), "%s/edit.log", top);
	log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	for (int i = 0; i < EDITS; i++) {
		double start = now_us(), took;

		edit_plainly(path, log_fd, i % 2 ? "the word" : "one word",
		             i % 2 ? "one word" : "the word");
		took = now_us() - start;
		best = took < best ? took : best;
	}
	return best;
}

static int on_call(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
                   struct err *err)
{
	return gate_pass(ctx, (enum gate_call_id)id, args, ret_result, err);
}

static struct host *new_host(struct gate *gate)
{
	struct host_setup setup = { .call = on_call, .ctx = gate };
	struct host *host = NULL;
	char compiled[128];
	struct err err;

	(void)snprintf(compiled, sizeof(compiled), "%s/guest.cwasm", top);
	must(host_compile(GUEST, compiled, &err), &err);
	setup.component = compiled;
	must(host_new(&setup, &host, &err), &err);
	return host;
}

/* What the component's code takes for what `word` means. */
static double say_to(struct host *host, const char *word, unsigned int number)
{
	cleanup_buf struct buf result = BUF_INIT;
	double start = now_us();
	char args[32];
	uint64_t fuel;
	struct err err;

	(void)snprintf(args, sizeof(args), "[\"%s %u\"]", word, number);
	must(host_export(host, "handle-message", str_of(args), &result, &fuel, &err), &err);
	return now_us() - start;
}

static double read_through_component(struct host *host)
{
	double best = 1e9, took;

	for (int round = 0; round < ROUNDS; round++) {
		took = say_to(host, "read", CALLS) / CALLS;
		best = took < best ? took : best;
	}
	return best;
}

static double edit_through_component(struct host *host)
{
	double best = 1e9, took;

	for (unsigned int i = 0; i < EDITS; i++) {
		took = say_to(host, "edit", i % 2);
		best = took < best ? took : best;
	}
	return best;
}

static void say(const char *name, double value, double baseline)
{
	(void)printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"us\",\"baseline\":%.3f}\n", name,
	             value, baseline);
}

static void figures(struct gate *gate)
{
	cleanup_with(host_free) struct host *host = new_host(gate);
	double careful = read_in_c(), durable;

	say("gate.file_read_least", read_through_gate(gate), read_plainly());
	say("gate.file_read_4k", read_through_gate(gate), careful);
	say("tools.file_read_4k", read_through_component(host), careful);
	make_big();
	durable = edit_in_c();
	say("gate.file_edit_1m", edit_through_gate(gate), durable);
	say("tools.file_edit_1m", edit_through_component(host), durable);
}

static void bench_gate(void)
{
	struct upcall up = { .show = show, .cancel_fd = -1 };
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(audit_free) struct audit *audit = open_log(session);
	cleanup_with(gate_free) struct gate *gate = NULL;
	struct gate_setup setup = {
		.root = root, .session_dir = session, .session_id = "s", .audit = audit, .up = &up
	};
	struct err err;

	must(manifest_parse(str_of(rules), "seal.toml", &manifest, &err), &err);
	setup.manifest = manifest;
	must(gate_new(&setup, &gate, &err), &err);
	figures(gate);
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
