/*
 * One turn: chat, run the tool calls, feed the results back, until the model
 * is done or a limit is reached.  world.c calls it; it calls everything else.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "seal-agent/wit.h"

struct agent;

/* A reply that opens more images gets the first ones. */
#define TURN_IMAGES_MAX 20

struct turn {
	struct agent *agent;
	/* Of the reply that is being answered: they go behind its results. */
	seal_agent_types_image_block_t images[TURN_IMAGES_MAX];
	size_t n_images;
	struct buf text;	/* of the last reply */
	const char *stop;	/* "end-turn", "limit", "refusal", "max-tokens", "error", "cancelled" */
	uint32_t tool_calls, llm_calls;
	uint32_t n_replies;	/* what max_turns counts: not the summaries */
	unsigned int n_cut;	/* replies in a row that hit the output limit in a tool call */
	bool has_overflowed;
};

/* 0, or -1 and a sentence in ret_why that begins with what failed ("auth: ..."). */
int loop_turn(struct turn *turn, struct str message, struct buf *ret_why);
