/*
 * The conversation in the session's storage, so that a kill at any moment
 * loses nothing that was finished.
 *
 *   history/<generation>/<chunk>   a JSON array of messages, appended in order
 *   head                           which generation counts, how many tool
 *                                  results are cleared
 *   tasks                          the task list
 *
 * A step appends one chunk, whatever the length of the history.  Only
 * compaction writes a new generation; `head` switches to it when it is whole.
 * Returns 0, or -1 with a sentence in ret_why.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "seal-agent/wit.h"

struct agent;
struct buf;

/* Before anything else.  A session that is not resumed has nothing stored. */
int persist_start(struct agent *agent, bool is_resume, struct buf *ret_why);

/* Blocks just added to the history under `role`. */
int persist_append(struct agent *agent, seal_agent_types_role_t role,
		   const seal_agent_types_block_t *blocks, size_t n_blocks, struct buf *ret_why);

/* The history was changed elsewhere than at its end: write all of it anew. */
int persist_rewrite(struct agent *agent, struct buf *ret_why);

/* Tool results were cleared. */
int persist_head(struct agent *agent, struct buf *ret_why);

int persist_save(const char *key, struct str value, struct buf *ret_why);
