/*
 * One turn: chat, run the tool calls, feed the results back, until the model
 * is done or a limit is reached.  world.c calls it; it calls everything else.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"

struct agent;

struct turn {
	struct agent *agent;
	struct buf text;	/* of the last reply */
	/* "end-turn", "limit", "refusal", "max-tokens", "error", "cancelled", or "agents":
	 * call again with "/agents" when the children have run. */
	const char *stop;
	uint32_t tool_calls, llm_calls;
	uint32_t n_replies;	/* what max_turns counts: not the summaries */
	unsigned int n_cut;	/* replies in a row that hit the output limit in a tool call */
	bool has_overflowed;
};

/* 0, or -1 and a sentence in ret_why that begins with what failed ("auth: ..."). */
int loop_turn(struct turn *turn, struct str message, struct buf *ret_why);
