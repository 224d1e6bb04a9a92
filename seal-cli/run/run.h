/* `seal run`: one message, plain output, an exit code. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rpc/client.h"
#include "seal-cli/run/output.h"
#include "seal-cli/run/print.h"

struct err;

/* What is answered where nobody is asked. */
enum run_prompts {
	PROMPTS_ASK,   /* on a terminal; without one: deny */
	PROMPTS_ALLOW, /* allow once what a rule grants with prompt = true; deny the rest */
	PROMPTS_DENY,
};

struct run_flags {
	const char *prompt, *resume, *approve; /* approve: the hash of a manifest */
	const char *record;                    /* the file that the model's replies go into */
	const char *schema;                    /* the file of the form that the answer must have */
	const char *max_cost;                  /* dollars of the whole session, as a JSON number */
	const char *fork;                      /* JSON: the call that a new session goes on from */
	enum run_prompts prompts;
	unsigned int max_turns, timeout_s;
	bool json, is_terminal; /* is_terminal: somebody can be asked */
};

struct run {
	const struct run_flags *flags;
	struct rpc_client *client;
	struct print print;
	struct output output;
	char *session_id;
	int64_t deadline;   /* of the monotonic clock, in ms; 0: none */
	bool was_cancelled; /* by Ctrl+C */
	bool timed_out;
};

/* open.c: on failure the reply says what failed. */
int run_open(struct run *run, struct message *ret_reply, struct err *err);

/* Session, turn and output; the result is the exit code. */
int run_turn(struct run *run);

/* Ctrl+C was pressed since the start. */
bool run_was_interrupted(void);

/* ask.c: answers a request_permission. */
int run_ask(struct run *run, const struct message *request, struct err *err);
