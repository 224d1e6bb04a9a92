/*
 * The two ways up from the gate to the person, filled in by the session at
 * birth: `ask` blocks and returns a choice, `show` never blocks and may drop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct caps_answer;

enum ask_choice {
	ASK_DENY = 0,	/* also: nobody there, cancelled, time-out */
	ASK_DENY_ALWAYS,
	ASK_ALLOW,
	ASK_ALLOW_ALWAYS,
};

/* A permission question. */
struct ask {
	const char *call_id;	/* "c17": the tool call on the person's screen */
	const char *call;	/* "tools.file-write" */
	struct str subject;	/* path, command, host: whole */
	struct str cwd;		/* commands */
	struct str diff;	/* writes and edits: what would change; may be empty */
	const struct caps_answer *answer;	/* parts, reasons, scales */
};

struct ask_reply {
	enum ask_choice choice;
	/* For each part of the answer that was not allowed, the pattern the
	 * person settled on (one of its steps); n = 0: nothing to remember.
	 * Owned by the reply. */
	char **patterns;
	size_t n_patterns;
	bool nobody;	/* there was nobody to ask */
};

enum show_kind {
	SHOW_TEXT,	/* model text delta: plain text */
	SHOW_THOUGHT,	/* model thinking delta: plain text */
	SHOW_TOOL,	/* JSON {id,call,title,kind,subject,args}: a tool call begins */
	SHOW_TOOL_OUTPUT, /* JSON {id,text}: output tail while it runs */
	SHOW_TOOL_END,	/* JSON {id,outcome,rule,result,diff?,path?} */
	SHOW_USAGE,	/* JSON {input,output,cache-read,cache-write,context,size,cost} */
	SHOW_TASKS,	/* JSON array of {id,title,state} */
	SHOW_PRINT,	/* console.print: plain text */
	SHOW_WARN,	/* console.warn, clamped settings, retries: plain text */
};

struct upcall {
	void *ctx;
	struct ask_reply (*ask)(void *ctx, const struct ask *ask);
	/* console.ask: the chosen text appended to ret; false = nobody answered. */
	bool (*question)(void *ctx, struct str question, const struct str *choices,
			 size_t n_choices, struct buf *ret);
	void (*show)(void *ctx, enum show_kind kind, struct str text);
	int cancel_fd;	/* readable once the person cancelled the turn */
};
