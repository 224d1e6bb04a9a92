/* The price of a host and of a call: what the engine, the types and JSON cost. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "gate/gate.h"
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

/* ---- a conversation of many messages ---- */

#define MESSAGES 1000
#define STEPS_MEASURED 20

static unsigned int n_chats;
static double step_us;

static double cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* A model that goes on asking for the task list: each step is a message of its
 * own and one with the result. */
static void answer_chat(struct buf *ret_result)
{
	static double started;

	if (n_chats == MESSAGES / 2)
		started = cpu_us();
	if (n_chats == MESSAGES / 2 + STEPS_MEASURED)
		step_us = (cpu_us() - started) / STEPS_MEASURED;
	buf_adds(ret_result, "{\"ok\":{\"content\":[");
	if (n_chats++ < MESSAGES / 2 + STEPS_MEASURED)
		buf_addf(ret_result, "{\"tool-use\":{\"id\":\"c%u\",\"name\":\"file_read\",\"input-json\":"
				     "\"{\\\"path\\\":\\\"f%u\\\"}\"}}", n_chats, n_chats);
	buf_adds(ret_result, "],\"stop\":\"end-turn\",\"usage\":{\"input\":0,\"output\":0,"
			     "\"cache-read\":0,\"cache-write\":0}}}");
}

static int on_agent_call(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
			 struct err *err)
{
	(void)ctx, (void)args, (void)err;
	switch (id) {
	case GATE_llm_model_info:
		buf_adds(ret_result, "{\"provider\":\"p\",\"name\":\"n\",\"context-length\":1000000,"
				     "\"max-output-tokens\":1000,\"supports-images\":false,"
				     "\"supports-thinking\":false,\"idle-seconds\":0}");
		return 0;
	case GATE_llm_chat:
		answer_chat(ret_result);
		return 0;
	case GATE_tools_external_tools:
		buf_adds(ret_result, "[]");
		return 0;
	case GATE_tools_file_read:
		buf_adds(ret_result, "{\"ok\":{\"text\":\"");
		for (int i = 0; i < 20; i++)
			buf_adds(ret_result, "\\ta line of text, as files have it\\n");
		buf_adds(ret_result, "\",\"total-lines\":20,\"first-line\":1,\"encoding\":\"utf-8\",\"base64\":false}}");
		return 0;
	default:
		buf_adds(ret_result, "{\"ok\":null}");
		return 0;
	}
}

static void long_conversation(void)
{
	struct host_setup setup = {.component = AGENT, .call = on_agent_call};
	cleanup_with(host_free) struct host *host = NULL;
	cleanup_buf struct buf result = BUF_INIT;
	struct err err = {0};
	uint64_t fuel;

	if (host_new(&setup, &host, &err) < 0 ||
	    host_export(host, "init", STR("[\"s\",\"{}\"]"), &result, &fuel, &err) < 0)
		die(&err);
	buf_clear(&result);
	if (host_export(host, "handle-message", STR("[\"go\"]"), &result, &fuel, &err) < 0)
		die(&err);
	(void)printf("{\"name\":\"host.turn_1000\",\"value\":%.3f,\"unit\":\"ms\"}\n", step_us / 1000);
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
	long_conversation();
	(void)unlink(path);
	buf_fini(&answer);
	return 0;
}
