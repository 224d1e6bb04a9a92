/*
 * Private to gate/: one call on its way through the gate, and what the files of
 * this folder do to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "caps/caps.h"
#include "fs/fs.h"
#include "gate/gate.h"
#include "gate/upcall.h"

struct audit;
struct err;
struct gate_agent;
struct llm;
struct mask;
struct sandbox;
struct store;

#define GATE_SEEN_MAX 4096

/* What the agent knows of a file: its bytes when it last read or wrote it. */
struct gate_seen {
	uint64_t path;		/* hashed */
	uint64_t digest;	/* 0: forgotten */
};

struct gate {
	const struct manifest *manifest;
	const char *root, *session_dir, *session_id;
	struct audit *audit;
	struct llm *llm;
	const struct upcall *up;
	struct caps *caps;
	struct fs_roots *roots;
	struct store *store;
	struct mask *mask;		/* the secrets that no answer may hold */
	struct sandbox *sandbox;	/* NULL until the first command */
	char *home, *output_dir;
	struct gate_seen *seen;
	size_t n_seen, next_seen;
	int seen_fd;			/* where they are kept; -1: nowhere */
	struct gate_agent *agents;	/* in the order of their numbers */
	struct gate_agent *agent;	/* that is running; NULL: the session's own */
	unsigned int n_agents, n_turn_agents;
	int64_t context_size;		/* of the model; 0: not asked yet */
	int64_t max_turns;		/* model calls for one message; 0: no limit */
	bool is_at_limit;		/* the last model call met one of [limits] */
	int64_t n_replies, n_asides;	/* of this message: for the turn, and summaries, titles */
};

enum pass_outcome {
	PASS_DONE,
	PASS_DENIED,
	PASS_FAILED,
	PASS_INVALID,
	PASS_CANCELLED,
};

struct pass {
	struct gate *gate;
	enum gate_call_id id;
	struct str args_text;
	yyjson_doc *doc;
	yyjson_val *args;	/* the array */
	uint64_t seq;
	char call_id[24];	/* "c17" */
	struct caps_question question;
	struct caps_answer answer;
	const char *refusal;	/* why a person's answer refused it, or NULL */
	bool approved;		/* a person said yes */
	struct fs_pin pin;
	struct buf subject, canonical;	/* own the texts of the question */
	struct buf diff;
	bool durable;		/* changed the world: on disk before the guest knows */
	enum pass_outcome outcome;
	struct buf *result;
	struct err *err;
};

/* ---- arguments: shapes are settled by the host, so absence reads as empty ---- */
struct str pass_text(const struct pass *pass, size_t index);
yyjson_val *pass_arg(const struct pass *pass, size_t index);

/* ---- result.c: the shapes of results; each returns 0 or a fault ---- */
struct json pass_ok(struct pass *pass);		/* {"ok": opened */
int pass_end(struct pass *pass, struct json *w);	/* closed */
int pass_ok_null(struct pass *pass);
int pass_error(struct pass *pass, enum pass_outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An executor's error as the guest's: bad input is invalid, the rest failed. */
int pass_error_of(struct pass *pass, const struct err *why);
int pass_denied(struct pass *pass);
int pass_cancelled(struct pass *pass);
const char *pass_verb_name(enum caps_verb verb);
const char *pass_outcome_name(enum pass_outcome outcome);

/* ---- show.c: what the person sees of it ---- */
void pass_show_begin(struct pass *pass);
void pass_show_end(struct pass *pass);
void pass_show(struct pass *pass, enum show_kind kind, struct buf *json);

/* ---- prepare.c: the question; 1: answered already, nothing is asked ---- */
int pass_prepare(struct pass *pass);
/* Before a person is asked: what would change.  1: answered already. */
int pass_preview(struct pass *pass);
/* A path as the guest reads it: relative to the project where it lies in there. */
const char *pass_display(const struct gate *gate, const char *path);
/* May the guest read this file or folder without anybody being asked? */
enum caps_verdict pass_may_read(const struct gate *gate, const char *path, bool is_folder,
				bool *ret_by_rule);
/* The file the call is about holds secrets: from now on they are known as such. */
void pass_learn_secrets(struct pass *pass);
struct grant_file pass_grant(const struct pass *pass);

/* execute/search.c: is any file beneath the folder readable without asking? */
bool pass_any_readable(struct pass *pass);

/* ---- seen.c ---- */
void seen_note(struct gate *gate, const char *path, uint64_t digest);
void seen_forget(struct gate *gate, const char *path);
/* false: the agent never met the file. */
bool seen_find(const struct gate *gate, const char *path, uint64_t *ret_digest);
void seen_open(struct gate *gate);
void seen_close(struct gate *gate);

/* ---- check/: the one place where the manifest is asked ---- */
struct caps_answer gate_check(const struct caps *caps, const struct caps_question *question);

/* ---- execute_*.c ---- */
int gate_sandbox(struct gate *gate, struct sandbox **ret_sandbox, struct err *err);
typedef int execute_fn(struct pass *pass);
#define CALL(interface, name, wit_name, verb, title) execute_fn execute_##interface##_##name;
#include "gate/calls.def"
#undef CALL
