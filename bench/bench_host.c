/* The price of a host and of a call: what the engine, the types and JSON cost. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "host/host.h"

/* Calls of one measurement, and measurements of which the best counts. */
#define CALLS  20000
#define ROUNDS 5

static struct buf answer;

static int on_call(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
		   struct err *err)
{
	(void)ctx, (void)id, (void)args, (void)err;
	buf_add(ret_result, buf_str(&answer));
	return 0;
}

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const struct err *err)
{
	(void)fprintf(stderr, "bench_host: %s\n", err->text);
	exit(1);
}

/* A string of `lines` lines of 32 bytes, as files have them. */
static void set_answer(size_t lines)
{
	buf_clear(&answer);
	buf_adds(&answer, "{\"ok\":\"");
	for (size_t i = 0; i < lines; i++)
		buf_adds(&answer, "\\tline of text, as files have i\\n");
	buf_adds(&answer, "\"}");
}

static void say(const char *name, double value)
{
	(void)printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"us\"}\n", name, value);
}

static double instantiate(const char *path)
{
	struct host_setup setup = {.component = path, .call = on_call};
	struct err err = {0};
	double best = 1e9;

	for (int i = 0; i < 20; i++) {
		double start = now_us(), took;
		cleanup_with(host_free) struct host *host = NULL;

		if (host_new(&setup, &host, &err) < 0)
			die(&err);
		took = now_us() - start;
		best = took < best ? took : best;
	}
	return best;
}

/* One call, by the guest's word for many of them. */
static double call(const char *path, const char *word, unsigned int count)
{
	struct host_setup setup = {.component = path, .call = on_call};
	cleanup_with(host_free) struct host *host = NULL;
	cleanup_buf struct buf args = BUF_INIT;
	struct err err = {0};
	double best = 1e9;
	uint64_t fuel;

	if (host_new(&setup, &host, &err) < 0)
		die(&err);
	buf_addf(&args, "[\"%s %u\"]", word, count);
	for (int i = 0; i < ROUNDS; i++) {
		cleanup_buf struct buf result = BUF_INIT;
		double start = now_us(), took;

		if (host_export(host, "handle-message", buf_str(&args), &result, &fuel, &err) < 0)
			die(&err);
		took = (now_us() - start) / count;
		best = took < best ? took : best;
	}
	return best;
}

int main(void)
{
	char path[] = "/tmp/seal-bench-XXXXXX";
	struct err err = {0};
	int fd = mkstemp(path);

	if (fd < 0 || close(fd) < 0 || host_compile(GUEST, path, &err) < 0)
		die(&err);
	say("host.instantiate", instantiate(AGENT));
	buf_adds(&answer, "null");
	say("host.call_empty", call(path, "print", CALLS));
	set_answer(4096 / 32);
	say("host.call_4k", call(path, "load", CALLS));
	set_answer(100000 / 32);
	say("host.call_100k", call(path, "load", CALLS / 20));
	(void)unlink(path);
	buf_fini(&answer);
	return 0;
}
