/*
 * The conversation as the model gets it: messages whose roles alternate.
 * Used by the loop, persist and compact.  Never calls the host.
 *
 * Blocks are owned by the history.  Adding a block under the role of the last
 * message joins it to that message, so all tool results of one reply, and a
 * text sent after an interrupted turn, land in one user message.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "seal-agent/wit.h"

struct history {
	seal_agent_types_message_t *messages;
	size_t len, size;
	size_t bytes;	  /* all text of all blocks; the token estimate's base */
	size_t n_results; /* tool results */
	size_t n_cleared; /* so many of them, from the oldest on, are markers */
};

/* What a cleared tool result says. */
#define HISTORY_CLEARED \
	"[old tool result removed to save context; call the tool again if you still need it]"

void history_fini(struct history *history);

/* Takes what the block owns. */
void history_add(struct history *history, seal_agent_types_role_t role,
		 seal_agent_types_block_t block);
void history_add_text(struct history *history, seal_agent_types_role_t role, struct str text);

/* Blocks whose strings the caller gives away. */
seal_agent_types_block_t history_text(agent_string_t text);
seal_agent_types_block_t history_result(struct str id, agent_string_t content, bool is_error);
seal_agent_types_block_t history_image(seal_agent_types_image_block_t image);

/* Takes the last block back. */
void history_drop_last(struct history *history);

/* Turns all tool results but the newest `keep` into markers; how many changed. */
size_t history_clear_results(struct history *history, size_t keep);

/* Has a tool call of the last reply no result?  Then the id of the first; it may
 * be empty, as some servers leave it out. */
bool history_dangling(const struct history *history, struct str *ret_id);

/* Arguments that are no JSON object become {}: no provider takes such a call
 * back.  Its result says what was wrong. */
void history_mend_input(struct history *history, seal_agent_types_block_t *call);

/*
 * After a chunk of it was lost: no provider takes results without calls, calls
 * without results, or a conversation that the assistant opens.  Drops the
 * former and the latter, answers the calls.  The last reply's calls are left to
 * history_dangling().
 */
void history_mend(struct history *history);

/* What is said of a call whose result is not known. */
extern const char history_unknown[];

void history_free_block(seal_agent_types_block_t *block);
