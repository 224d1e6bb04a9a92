/*
 * What the model has before its eyes: reads whose text still stands in the
 * conversation, so that an unchanged file is not sent again.  Private to
 * seal-agent.  Only hashes are kept; what they stand for is in the history.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "seal-agent/wit.h"

struct agent;

struct read {
	uint64_t what;	 /* path, offset and limit, hashed */
	uint64_t digest; /* of the text */
	size_t bytes;
	size_t result; /* which tool result of the history shows it, from 1 */
};

struct reads {
	struct read *items; /* oldest first */
	size_t len;
	size_t bytes;
};

void reads_fini(struct reads *reads);

/* Has the model this very text of this very range in front of it?  If not, it
 * will: the result that is being made is noted as the place. */
bool reads_has(struct agent *agent, struct str path, const seal_agent_tools_read_options_t *options,
	       struct str text);
