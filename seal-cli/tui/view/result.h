/*
 * What a tool call gave, as a person reads it: a few words for its line and a
 * body.  From the text of an update and the kind of the call.  Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

enum result_kind {
	RESULT_TEXT,	/* body: text, its beginning is shown */
	RESULT_OUTPUT,	/* body: output of a command, its end is shown */
	RESULT_QUIET,	/* body: only when asked for */
	RESULT_DIFF,	/* body: a unified diff */
	RESULT_ERROR,	/* body: why it failed */
};

struct result {
	enum result_kind kind;
	struct buf words;	/* "40 lines", "exit code 1", "denied" */
	struct buf body;
};

void result_fini(struct result *result);

/* Of the call itself: its kind in the protocol ("read", "execute") and how it
 * ended ("done", "denied", "failed"); either may be empty. */
struct result_call {
	struct str kind, outcome;
};

/* Replaces what is in *result. */
void result_read(struct result *result, const struct result_call *call, struct str text);
