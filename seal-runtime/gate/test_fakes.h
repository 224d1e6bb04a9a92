/*
 * Private to the tests of gate/: a project on disk, a gate over it, a scripted
 * person, and executors that only count: no model and no command is needed to
 * see what the gate lets through.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/read.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"
#include "gate/gate.h"
#include "gate/upcall.h"
#include "llm/llm.h"
#include "manifest/manifest.h"
#include "sandbox/sandbox.h"

struct llm {
	int unused;
};

struct sandbox {
	int unused;
};

static struct {
	unsigned int runs, starts, chats, asks;
	char script[512], env[256], domains[256], request[2048];
	const char *chat_reply;
	uint64_t tokens;
	double cost;
	enum ask_choice choice;
	bool nobody;
	const char *pattern;	/* what the person settles on */
	char diff[4096];
	struct buf shown;
} fake;

static inline void join(const char *const *list, char *out, size_t size)
{
	out[0] = '\0';
	for (; list && *list; list++)
		snprintf(out + strlen(out), size - strlen(out), "%s ", *list);
}

int sandbox_new(const struct sandbox_setup *setup, struct sandbox **ret_sandbox, struct err *err)
{
	static struct sandbox sandbox;

	(void)setup, (void)err;
	*ret_sandbox = &sandbox;
	return 0;
}

void sandbox_free(struct sandbox *sandbox)
{
	(void)sandbox;
}

void sandbox_outcome_fini(struct sandbox_outcome *outcome)
{
	buf_fini(&outcome->output);
	free(outcome->spilled_to);
}

static void take_command(const struct sandbox_command *command)
{
	snprintf(fake.script, sizeof(fake.script), "%.*s", STR_ARG(command->grant.script));
	join(command->grant.env_vars, fake.env, sizeof(fake.env));
	join(command->grant.domains, fake.domains, sizeof(fake.domains));
}

void sandbox_prepare(struct sandbox *sandbox)
{
	(void)sandbox;
}

int sandbox_run(struct sandbox *sandbox, const struct sandbox_command *command,
		struct sandbox_outcome *ret_outcome, struct err *err)
{
	(void)sandbox, (void)err;
	fake.runs++;
	take_command(command);
	if (command->hosts)
		command->hosts->release(command->hosts->ctx);
	command->output(command->ctx, STR("out\n"));
	ret_outcome->started = true;
	buf_adds(&ret_outcome->output, "out\n");
	return 0;
}

bool sandbox_tool_hosts(const struct manifest *manifest, struct str script,
			void (*add)(void *ctx, struct str host), void *ctx)
{
	(void)manifest, (void)script, (void)add, (void)ctx;
	return false;
}

int sandbox_start(struct sandbox *sandbox, const struct sandbox_command *command, char ret_job[16],
		  struct err *err)
{
	(void)sandbox, (void)err;
	fake.starts++;
	take_command(command);
	if (command->hosts)
		command->hosts->release(command->hosts->ctx);
	memcpy(ret_job, "j1", 3);
	return 0;
}

int sandbox_job(struct sandbox *sandbox, const char *job, bool stop,
		struct sandbox_outcome *ret_outcome, bool *ret_running, struct err *err)
{
	(void)sandbox, (void)err;
	if (strcmp(job, "j1") != 0)
		return err_set(err, ERR_INPUT, "no job \"%s\"", job);
	ret_outcome->started = true;
	*ret_running = !stop;
	return 0;
}

int llm_info(struct llm *llm, struct buf *ret_json, struct err *err)
{
	(void)llm, (void)err;
	buf_adds(ret_json, "{\"context-length\":1000}");
	return 0;
}

int llm_chat(struct llm *llm, struct str request, const struct llm_sink *sink, int cancel_fd,
	     struct buf *ret_json, struct err *err)
{
	(void)llm, (void)cancel_fd, (void)err;
	fake.chats++;
	snprintf(fake.request, sizeof(fake.request), "%.*s", STR_ARG(request));
	if (sink->text)
		sink->text(sink->ctx, STR("hello"));
	buf_adds(ret_json, fake.chat_reply ? fake.chat_reply :
			   "{\"ok\":{\"content\":[],\"stop\":\"end-turn\",\"usage\":{\"input\":1,\"output\":2,"
			   "\"cache-read\":3,\"cache-write\":4}}}");
	return 0;
}

double llm_cost(const struct llm *llm)
{
	(void)llm;
	return fake.cost;
}

uint64_t llm_tokens(const struct llm *llm)
{
	(void)llm;
	return fake.tokens;
}

static struct ask_reply person(void *ctx, const struct ask *ask)
{
	struct ask_reply reply = { .choice = fake.choice, .nobody = fake.nobody };

	(void)ctx;
	fake.asks++;
	snprintf(fake.diff, sizeof(fake.diff), "%.*s", STR_ARG(ask->diff));
	if (fake.pattern) {
		reply.patterns = calloc(1, sizeof(char *));
		reply.patterns[0] = str_dup(str_of(fake.pattern));
		reply.n_patterns = 1;
	}
	return reply;
}

static bool question(void *ctx, struct str text, const struct str *choices, size_t n_choices,
		     struct buf *ret)
{
	(void)ctx, (void)text;
	if (fake.nobody || n_choices == 0)
		return false;
	buf_add(ret, choices[n_choices - 1]);
	return true;
}

static void show(void *ctx, enum show_kind kind, struct str text)
{
	static const char *const names[] = {
		[SHOW_TEXT] = "text", [SHOW_THOUGHT] = "thought", [SHOW_TOOL] = "tool",
		[SHOW_TOOL_OUTPUT] = "output", [SHOW_TOOL_END] = "end", [SHOW_USAGE] = "usage",
		[SHOW_TASKS] = "tasks", [SHOW_PRINT] = "print", [SHOW_WARN] = "warn",
	};

	(void)ctx;
	buf_addf(&fake.shown, "%s %.*s\n", names[kind], STR_ARG(text));
}

static char tree[64], root[80], session[80];
static struct upcall up = { .ask = person, .question = question, .show = show, .cancel_fd = -1 };
static struct manifest *manifest;
static struct audit *audit_log;
static struct gate *gate;
static struct buf result;

static inline void project_file(const char *name, const char *text)
{
	char path[256];
	struct err err;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	MUST(fd_write_all(fd, str_of(text), &err), &err);
	close(fd);
}

static inline bool project_is(const char *name, const char *want)
{
	char path[256];
	struct buf got = BUF_INIT;
	struct err err;
	bool same;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	same = fd_read_file(AT_FDCWD, path, 1 << 20, &got, &err) == 0 && str_is(buf_str(&got), want);
	buf_fini(&got);
	return same;
}

#define MANIFEST_HEAD "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"m\"\n"

static inline void gate_begin(const char *rules)
{
	struct audit_header header = { .session_id = "s", .root = root, .component_hash = "c",
				       .engine = "e", .manifest_hash = "m", .seal_version = "0",
				       .manifest_text = STR("x"), .model_json = STR("{}") };
	static struct llm llm;
	struct gate_setup setup = { .root = root, .session_dir = session, .session_id = "s",
				    .llm = &llm, .up = &up };
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;

	snprintf(tree, sizeof(tree), "/tmp/seal-gate-XXXXXX");
	assert_non_null(mkdtemp(tree));
	snprintf(root, sizeof(root), "%s/p", tree);
	snprintf(session, sizeof(session), "%s/s", tree);
	assert_int_equal(mkdir(root, 0755), 0);
	buf_clear(&fake.shown);
	fake = (__typeof__(fake)){ .shown = fake.shown };
	buf_addf(&text, "%s%s", MANIFEST_HEAD, rules);
	MUST(manifest_parse(buf_str(&text), "seal.toml", &manifest, &err), &err);
	MUST(audit_open(session, &header, &audit_log, &err), &err);
	setup.manifest = manifest;
	setup.audit = audit_log;
	MUST(gate_new(&setup, &gate, &err), &err);
}

static int gate_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* The log must hold together whatever the test did. */
static inline void gate_end(void)
{
	struct audit_summary summary;
	struct err err;

	gate_free(gate);
	audit_free(audit_log);
	manifest_free(manifest);
	MUST(audit_summarize(session, &summary, &err), &err);
	buf_fini(&result);
	buf_fini(&fake.shown);
	(void)nftw(tree, gate_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The result of one call, as text. */
static inline const char *call(enum gate_call_id id, const char *args)
{
	struct err err;

	buf_clear(&result);
	MUST(gate_pass(gate, id, str_of(args), &result, &err), &err);
	return result.data;
}

#define EXPECT_HAS(text, part)                                                   \
	do {                                                                     \
		const char *text_ = (text);                                      \
		if (!strstr(text_, part))                                        \
			fail_msg("\"%s\" is not in \"%s\"", part, text_);        \
	} while (0)
