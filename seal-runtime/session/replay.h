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
#include "base/str.h"

struct err;
struct host;

/* Where the log ends within an export, the component goes on live. */
struct replay_live {
	/* Every call that the log does not have; as host_call_fn. */
	int (*call)(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
		    struct err *err);
	/* A call that the log answered. */
	int (*repeat)(void *ctx, unsigned int id, struct str args, struct str result,
		      struct err *err);
	/* The component that runs from now on; NULL: none any more. */
	void (*host)(void *ctx, struct host *host);
	void *ctx;
};

/* A call that matched; the texts live until the watch returns. */
struct replay_call {
	uint64_t number, record;
	const char *name;
	struct str args, result;
};

/* Sees each of them before the component has its answer; < 0 ends the replay. */
typedef int replay_watch_fn(void *ctx, const struct replay_call *call, struct err *err);

struct replay_setup {
	const char *dir;       /* of the session: holds events.jsonl */
	const char *component; /* NULL: agent.cwasm, which must be the log's; a file
				 * named here may be another build */
	replay_watch_fn *watch; /* may be NULL */
	void *watch_ctx;
	const struct replay_live *live; /* NULL: what the log does not have diverges */
};

struct replay_outcome {
	bool is_diverged;
	uint64_t n_calls; /* compared; the last of them is the one that diverged */
	struct buf text;  /* what diverged, for people: a few lines */
	/* How an export ended that went on live. */
	bool is_live;
	uint64_t export_seq; /* record of its begin */
	int result; /* < 0: a trap, and `value` is its text */
	struct buf value;
	uint64_t fuel;
};

static inline void replay_outcome_finip(struct replay_outcome *outcome)
{
	buf_fini(&outcome->text);
	buf_fini(&outcome->value);
}

/* < 0: it cannot be replayed (damaged log, other component); no outcome then. */
int replay_run(const struct replay_setup *setup, struct replay_outcome *ret_outcome,
	       struct err *err);
