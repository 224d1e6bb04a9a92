/*
 * From a model's tool call to one handler, and the list of tools offered.
 * Private to seal-agent; the loop calls it.
 */
#pragma once

#include <stdbool.h>

#include "seal-agent/wit.h"

struct agent;
struct toolbox;

/* Own and external tools, asked for anew: servers come and go between turns. */
void dispatch_offer(struct toolbox *toolbox);
void dispatch_fini(struct toolbox *toolbox);

/*
 * Runs one call and makes its result block.  Whatever is wrong with the call
 * is in the block, in words for the model.  *ret_image is the caller's; its
 * base64 is empty when there is none.  True when the person cancelled.
 */
bool dispatch_run(struct agent *agent, const seal_agent_types_tool_use_block_t *use,
		  seal_agent_types_block_t *ret_result, seal_agent_types_image_block_t *ret_image);
