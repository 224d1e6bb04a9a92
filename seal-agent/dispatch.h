/*
 * From a model's tool call to one handler, and the list of tools offered.
 * Private to seal-agent; the loop calls it.
 */
#pragma once

#include <stdbool.h>

#include "seal-agent/wit.h"

struct agent;
struct role;
struct toolbox;

/* Own and external tools, asked for anew: servers come and go between turns. */
void dispatch_offer(struct toolbox *toolbox, const struct role *role);
void dispatch_fini(struct toolbox *toolbox);

/* What became of a call.  The result is whole unless an agent gives it later. */
struct done {
	seal_agent_types_block_t result;
	seal_agent_types_image_block_t image;	/* its base64 is empty when there is none */
	agent_string_t agent_id;		/* not empty: there is no result yet */
	bool is_cancelled;			/* the person wants the turn to end */
};

/*
 * Runs one call and makes its result block.  Whatever is wrong with the call
 * is in the block, in words for the model.
 */
struct done dispatch_run(struct agent *agent, const seal_agent_types_tool_use_block_t *use);
