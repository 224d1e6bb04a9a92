/* One worker's session.  Private to session/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "gate/upcall.h"
#include "session/agents/agents.h"
#include "session/disk/folder.h"
#include "session/link.h"

struct err;

struct session {
	struct link link;
	int cancel_fd, lock;
	char id[FOLDER_ID_LEN + 1];
	char *dir;               /* of the session, in the state folder */
	struct folder_meta meta; /* root and cwd are in it */
	int64_t max_turns;       /* of this session's flags; 0: the manifest's */
	char *record;            /* where the model's replies are recorded, or NULL */
	bool is_started;
	bool is_forked; /* in the middle of a turn of another session */
	bool had_turns; /* the log holds an earlier life of this session */

	struct manifest *manifest;
	double manifest_max_cost;         /* what it says, without a turn's own limit */
	double turn_max_cost;             /* of the running turn; 0: none */
	struct manifest *manifest_before; /* what the gate's last answers may point into */
	struct llm *llm;
	struct audit *audit;
	struct gate *gate;
	struct host *host;
	struct upcall up;

	bool reload;       /* the person's answer changed seal.toml */
	bool model_failed; /* the last model call of the turn */
	int turn;          /* number of the last prompt */
	struct turn_counts counts; /* of its parts that have ended, its children's included */
};

/* What failed, for programs: error.data.seal. */
#define FAULT_MANIFEST "manifest"
#define FAULT_MODEL    "model"
#define FAULT_SANDBOX  "sandbox"
#define FAULT_SESSION  "session"
#define FAULT_AGENT    "agent"
#define FAULT_LIMIT    "limit"
#define FAULT_SYSTEM   "fault"

/* start.c: everything that must be there before the first turn.  On failure
 * *ret_fault says which part. */
int session_start(struct session *session, yyjson_val *params, const char **ret_fault,
                  struct err *err);

/* (Re)makes the component's instance and calls its init. */
int session_wake(struct session *session, const char **ret_fault, struct err *err);

/* One WIT call of the guest, through the gate. */
int session_pass(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
                 struct err *err);

/* fork/: the new session's log begins as another's (`fork`: session, record,
 * answer, manifest and its signature); the turn that is open in there goes on, live, to its end. */
int session_fork(struct session *session, yyjson_val *fork, struct err *err);
int session_go_on(struct session *session, struct buf *ret_result, struct err *err);

/* fork/own.c: the project's manifest, or the fork's own; only if it is signed. */
int session_load_manifest(const struct session *session, struct manifest **ret_manifest,
			  struct err *err);
/* Makes it the fork's own, from now on. */
int session_keep_manifest(const struct session *session, struct str text, struct str signature,
			  struct err *err);

/* From here on this manifest rules: a record that says so. */
int session_note_manifest(struct session *session, const struct manifest *manifest,
                          struct err *err);

/* The answer of session/new, load and resume, but for modes and options: those are
 * the daemon's. */
void session_describe(const struct session *session, struct buf *ret_json);

/* reload.c: seal.toml is read again; ERR_INPUT when its model is not the one that
 * params name.  *ret_json is as of session_describe(). */
int session_model(struct session *session, yyjson_val *params, struct buf *ret_json,
                  const char **ret_fault, struct err *err);

/* The manifest on disk was changed and signed by the client: use it. */
void session_reload(struct session *session);

/* turn.c: the lower of the manifest's own limit and the running turn's. */
double session_cost_limit(const struct session *session, double own);

/* context.c: the worker's environment becomes that of the client who opened the
 * session, as if it had been started from there. */
int session_take_environment(yyjson_val *environment, struct err *err);

/* The project context for init, as JSON; that of a child says what it may do. */
struct gate_agent;
int session_context_of(const struct session *session, const struct gate_agent *child,
		       struct buf *ret_json, struct err *err);
/* An instance of the agent's component, whose calls pass this session's gate. */
int session_make_host(struct session *session, struct host **ret_host, struct err *err);
/* The project context for init, as JSON. */
int session_context(const struct session *session, struct buf *ret_json, struct err *err);

/* The fewer of the manifest's and the flag's; 0: no limit. */
int64_t session_max_turns(const struct session *session);

/* turn.c: one prompt.  On success *ret_json is its result. */
int session_turn(struct session *session, yyjson_val *params, struct buf *ret_json,
                 const char **ret_fault, struct err *err);

/* calls.c: "tools.file-read" -> "Read", "read". */
const char *session_call_title(const char *call);
const char *session_call_kind(const char *call);

/* upcall.c, show.c: the gate's ways up. */
void session_up(struct session *session);
void session_show(void *ctx, enum show_kind kind, struct str text);

/* A tool_call, of what the gate showed: with its locations, its diffs and its arguments. */
void session_put_tool(struct json *w, const struct session *session, yyjson_val *tool);

/* "entries" of a plan: the agent's tasks in ACP's words. */
void session_put_plan(struct json *w, yyjson_val *tasks);

/* An update's params are begun and ended around what the caller puts. */
struct json session_update_begin(struct buf *buf, const char *session_id, const char *kind);
void session_update_end(struct json *w);
