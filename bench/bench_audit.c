/* The price of the log: a record, a verification, of short records and of a
 * session's mixture; in processor time, which a busy machine does not change. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/read.h"
#include "base/err.h"
#include "gate/gate.h"
#include "host/host.h"
#include "session/replay.h"

#define COPIES	"10000"
#define RECORDS 20000
#define CALLS	4000
#define ROUNDS	5

static const char *const names[GATE_CALL_MAX] = {
#define CALL(interface, name, wit_name, verb, title) \
	[GATE_##interface##_##name] = #interface "." wit_name,
#include "gate/calls.def"
#undef CALL
};

static char top[64];
static uint64_t log_size, distinct;

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "bench_audit: %s\n", err->text);
	exit(1);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int add_size(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)path, (void)ftw;
	if (flag == FTW_F)
		log_size += (uint64_t)st->st_size;
	return 0;
}

static struct audit *open_log(const char *dir, const char *component)
{
	struct audit_header header = { .session_id = "s", .root = "/p", .component_hash = component,
				       .engine = host_engine_id(), .memory_max = HOST_MEMORY_MAX,
				       .manifest_hash = "m", .seal_version = "0",
				       .manifest_text = STR("x"), .model_json = STR("{}") };
	struct audit *audit = NULL;
	struct err err;

	must(audit_open(dir, &header, &audit, &err), &err);
	return audit;
}

static void call(struct audit *audit, const char *name, struct str args, struct str result)
{
	struct err err;
	uint64_t seq;

	must(audit_begin(audit, name, args, &seq, &err), &err);
	must(audit_decision(audit, seq, "allow", STR("src/**"), STR(""), &err), &err);
	must(audit_end(audit, seq, "done", result, false, &err), &err);
}

/* `logged`: bytes that the log stands for; 0: those it takes. */
static void verify(const char *dir, const char *name, uint64_t logged)
{
	struct audit_summary summary;
	struct err err;
	double best = 0;

	log_size = 0;
	(void)nftw(dir, add_size, 16, FTW_PHYS);
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_us(), rate;

		must(audit_summarize(dir, &summary, &err), &err);
		rate = (double)(logged ? logged : log_size) / (now_us() - start);
		best = rate > best ? rate : best;
	}
	(void)printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"MB/s\"}\n", name, best);
}

static void bench_short(void)
{
	char dir[96];
	struct audit *audit;
	double start, took;

	(void)snprintf(dir, sizeof(dir), "%s/short", top);
	audit = open_log(dir, "c");
	start = now_us();
	for (int i = 0; i < RECORDS / 3; i++)
		call(audit, "tools.file-read", STR("[\"src/a.c\",{\"offset\":null,\"limit\":null}]"),
		     STR("{\"ok\":{\"text\":\"a line of text\\n\",\"total-lines\":1,"
			 "\"first-line\":1,\"encoding\":\"utf-8\",\"base64\":false}}"));
	took = now_us() - start;
	audit_free(audit);
	(void)printf("{\"name\":\"audit.record\",\"value\":%.3f,\"unit\":\"us\"}\n", took / RECORDS);
	verify(dir, "audit.verify", 0);
}

/* Words of a small vocabulary: compresses as source code does. */
static struct str words(char *text, size_t len, unsigned int *seed)
{
	static const char *const some[] = { "return ", "struct ", "if (", "buf", "err->code", ";\\n\\t",
					    "int ", "static ", "0x", "_path", " = ", "str_from(" };
	size_t n = (size_t)snprintf(text, len, "{\"ok\":{\"text\":\"");

	while (n + 64 < len) {
		*seed = *seed * 1103515245u + 12345u;
		n += (size_t)snprintf(text + n, len - n, "%s%u", some[*seed / 65536 % 12], *seed / 65536 % 97);
	}
	n += (size_t)snprintf(text + n, len - n, "\"}}");
	distinct += n;
	return (struct str){ text, n };
}

/* A session's mixture: short answers, files of a few KB, some long outputs. */
static void bench_session(void)
{
	static const size_t sizes[] = { 160, 300, 4000, 200, 9000, 400, 1500, 24000 };
	static char text[32768];
	char dir[96];
	struct audit *audit;
	unsigned int seed = 7;

	(void)snprintf(dir, sizeof(dir), "%s/session", top);
	audit = open_log(dir, "c");
	for (int i = 0; i < CALLS; i++)
		call(audit, "tools.file-read", STR("[\"src/a.c\",{\"offset\":null,\"limit\":null}]"),
		     words(text, sizes[i % 8], &seed));
	audit_free(audit);
	verify(dir, "audit.verify_session", distinct);
	(void)printf("{\"name\":\"audit.size\",\"value\":%.3f,\"unit\":\"x\"}\n",
		     (double)log_size / (double)distinct);
}

static int on_call(void *ctx, unsigned int id, struct str args, struct buf *ret_result, struct err *err)
{
	static uint64_t n;

	(void)err;
	if (id == GATE_storage_load)
		buf_addf(ret_result, "{\"ok\":\"answer %llu\"}", (unsigned long long)++n);
	else
		buf_adds(ret_result, "{\"ok\":null}");
	call(ctx, names[id], args, buf_str(ret_result));
	return 0;
}

static void run_export(struct host *host, struct audit *audit, const char *name, struct str args)
{
	cleanup_buf struct buf result = BUF_INIT;
	uint64_t seq, fuel = 0;
	struct err err;

	must(audit_export_begin(audit, name, args, &seq, &err), &err);
	must(host_export(host, name, args, &result, &fuel, &err), &err);
	must(audit_export_end(audit, seq, "ok", buf_str(&result), fuel, &err), &err);
}

/* A guest of twenty thousand calls, each a key loaded or saved. */
static void bench_replay(void)
{
	cleanup_with(replay_outcome_fini) struct replay_outcome outcome = { 0 };
	struct replay_setup setup = { .component = GUEST };
	cleanup_with(host_free) struct host *host = NULL;
	struct host_setup recorded = { .component = GUEST, .call = on_call };
	char dir[96];
	struct err err;
	double start;

	(void)snprintf(dir, sizeof(dir), "%s/replay", top);
	must(host_new(&recorded, &host, &err), &err);
	recorded.ctx = open_log(dir, host_component_hash(host));
	host_free(take_ptr(host));
	must(host_new(&recorded, &host, &err), &err);
	run_export(host, recorded.ctx, "init", STR("[\"s\",\"{}\"]"));
	run_export(host, recorded.ctx, "handle-message", STR("[\"copy " COPIES "\"]"));
	audit_free(recorded.ctx);
	setup.dir = dir;
	start = now_us();
	must(replay_run(&setup, &outcome, &err), &err);
	if (outcome.is_diverged)
		exit(1);
	(void)printf("{\"name\":\"audit.replay\",\"value\":%.0f,\"unit\":\"calls/s\"}\n",
		     (double)outcome.n_calls * 1e6 / (now_us() - start));
}

int main(void)
{
	(void)snprintf(top, sizeof(top), "/tmp/seal-bench-XXXXXX");
	if (!mkdtemp(top))
		return 1;
	bench_short();
	bench_session();
	bench_replay();
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
