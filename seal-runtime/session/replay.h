/*
 * A session run again from its log: the same component, its exports called as
 * the log says, every call of it compared with the log byte for byte and
 * answered from there.  Nothing that acts is linked: no gate, no file, no
 * model, no command, no clock.  A call that the log does not have is a
 * divergence, never a live call.
 *
 * What the log cannot say is taken as it stands: an export that was cancelled or
 * cut off by a crash is run until the log has no more of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"

struct err;

struct replay_setup {
	const char *dir;       /* of the session: holds events.jsonl */
	const char *component; /* NULL: agent.cwasm, which must be the log's; a file
				 * named here may be another build */
};

struct replay_outcome {
	bool is_diverged;
	uint64_t n_calls; /* compared; the last of them is the one that diverged */
	struct buf text;  /* what diverged, for people: a few lines */
};

static inline void replay_outcome_finip(struct replay_outcome *outcome)
{
	buf_fini(&outcome->text);
}

/* < 0: it cannot be replayed (damaged log, other component); no outcome then. */
int replay_run(const struct replay_setup *setup, struct replay_outcome *ret_outcome,
	       struct err *err);
