/*
 * The one door.  Every call of the guest passes here and nowhere else:
 * record, check, ask, execute, record.
 *
 * Arguments and results cross as JSON in the shape of the WIT types:
 *   record -> object with the WIT field names; list -> array; tuple -> array
 *   option -> null or the value; enum -> "name"
 *   variant -> {"name": payload}, or "name" without payload
 *   result -> {"ok": value} or {"err": value} (null without payload)
 * `args` is an array, one item a parameter; the result is one value, or null
 * for a function that returns nothing.  host/lift.c makes and reads exactly
 * this, from the component's own types, so shapes are settled before the gate.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct gate;
struct manifest;
struct upcall;

enum gate_call_id {
#define CALL(interface, name, wit_name, verb, title) GATE_##interface##_##name,
#include "gate/calls.def"
#undef CALL
	GATE_CALL_MAX
};

/* What a gate is made from.  Everything is borrowed and must outlive it. */
struct gate_setup {
	const struct manifest *manifest;
	const char *root;	/* real path of the project */
	const char *session_dir;	/* holds the log, storage, spilled output */
	const char *session_id;
	struct audit *audit;
	struct llm *llm;
	const struct upcall *up;
};

int gate_new(const struct gate_setup *setup, struct gate **ret_gate, struct err *err);
void gate_free(struct gate *gate);
DEFINE_CLEANUP(struct gate, gate_free)

/*
 * One call of the guest.  On success `ret_result` holds the JSON of the result.
 * < 0 is a fault (the log cannot be written, memory): the caller traps the
 * guest.  A refusal or a failed tool is a result, not a fault.
 */
int gate_pass(struct gate *gate, enum gate_call_id id, struct str args, struct buf *ret_result,
	      struct err *err);

/* A message begins: the model is called for it so many times at most (0: no
 * limit), whatever the guest does about it itself. */
void gate_begin_turn(struct gate *gate, int64_t max_turns);

/* Did a limit of [limits] end the last model call? */
bool gate_is_at_limit(const struct gate *gate);

/* Replaces secrets in JSON that goes to the guest on another way: what a person
 * wrote, what the project says of itself. */
void gate_mask(const struct gate *gate, struct buf *json);

/*
 * Agents that the guest started with agents.start and that have not run: the
 * next one of the agent that is running, or NULL.  Between enter and leave every
 * call passes under the child's scope.
 */
struct gate_agent;
struct json;
struct gate_agent *gate_agent_next(struct gate *gate);
unsigned int gate_agent_number(const struct gate_agent *agent);
const char *gate_agent_task(const struct gate_agent *agent);
/* {"writes", "commands", "network", "agents"}: what it may do, for its context. */
void gate_agent_describe(const struct gate_agent *agent, struct json *w);
void gate_agent_enter(struct gate *gate, struct gate_agent *agent);
/* `answer`: its last text, or after "the agent ..." what went wrong. */
void gate_agent_leave(struct gate *gate, bool is_done, struct str answer);

/* The manifest on disk changed and was approved again: use it from now on. */
int gate_reload(struct gate *gate, const struct manifest *manifest, struct err *err);

/*
 * A call of a past that this session has taken over: what it changed in the
 * session's own storage is changed again.  Nothing else of it is.
 */
int gate_repeat(struct gate *gate, enum gate_call_id id, struct str args, struct str result,
		struct err *err);
