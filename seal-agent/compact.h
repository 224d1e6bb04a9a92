/*
 * Keeps the conversation within what the model can hold: estimates its size,
 * clears old tool results after a long pause, and has the model summarize it
 * when it grows too long.  The system prompt (with the instructions), the task
 * list and the user's last message are never summarized away.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "seal-agent/wit.h"

struct agent;
struct buf;
struct turn;

/* At the start of a turn: asks for the model, clears after a long pause. */
int compact_begin(struct agent *agent, struct buf *ret_why);

/* What a reply says about tokens corrects the estimate. */
void compact_learn(struct agent *agent, const seal_agent_llm_usage_t *usage);
uint64_t compact_estimate(const struct agent *agent);

bool compact_is_due(const struct agent *agent);

/* One model call; counts in the turn.  A model that gives no summary is no
 * fault: the conversation stays as it is. */
int compact_run(struct turn *turn, struct buf *ret_why);

/* "auth: ...": an error of the model in one sentence. */
void compact_explain(const seal_agent_llm_llm_error_t *error, struct buf *out);
