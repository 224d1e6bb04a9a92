/*
 * How `seal run` tells what happens: as text for people, or as JSON lines for
 * programs.  Both are given the same updates of the session.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

#define PRINT_CALLS_MAX 256

/* A tool call that has begun and not ended. */
struct print_call {
	char *id, *title, *call, *subject;
};

struct print {
	const struct print_kind *kind;
	struct buf text; /* JSON: the message that is still arriving */
	bool is_thought; /* what is arriving */
	struct print_call calls[PRINT_CALLS_MAX];
	size_t n_calls;
	unsigned int n_denied;
	bool no_sandbox; /* a command could not be run at all */
	int64_t seq;      /* the newest record of the log that is known */
	bool mid_line;    /* text: the cursor is not at the start of a line */
	struct buf usage; /* JSON of the last usage */
	struct buf answer;  /* what the model said since its last call */
	bool is_formed;     /* the answer has a form: it is printed when it fits */
	yyjson_val *output; /* the answer that fits; borrowed */
};

struct print_kind {
	void (*begin)(struct print *print, struct str session_id, const char *prompt);
	void (*words)(struct print *print, struct str text, bool is_thought);
	/* "warn" or "print", and one sentence. */
	void (*remark)(struct print *print, struct str level, struct str text);
	void (*call)(struct print *print, const struct print_call *call);
	void (*call_end)(struct print *print, const struct print_call *call, yyjson_val *update);
	/* An answer to a question that was given without a person. */
	void (*denied)(struct print *print, struct str subject, struct str why);
	/* Another turn of the same run begins. */
	void (*again)(struct print *print);
	/* `failure` empty: the turn ended as stop says. */
	void (*end)(struct print *print, struct str stop, struct str failure);
};

extern const struct print_kind print_text, print_json;

/* params of session/update. */
void print_update(struct print *print, yyjson_val *params);
void print_fini(struct print *print);
