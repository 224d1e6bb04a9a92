/*
 * Results that come later: from agents that work for this one, and images that
 * stand behind the results.  Private to seal-agent; the loop calls it.
 */
#pragma once

#include <stdbool.h>

#include "seal-agent/wit.h"

struct agent;

void agents_fini(struct agent *agent);

/* Keep for later; without room, the image or the wait is dropped. */
void agents_keep_image(struct agent *agent, seal_agent_types_image_block_t image);
bool agents_await(struct agent *agent, agent_string_t call_id, agent_string_t agent_id);

/* The result of the i-th call that waits. */
seal_agent_types_block_t agents_result(struct agent *agent, size_t i);
