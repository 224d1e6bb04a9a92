/* `seal replay --step`: stops at the calls of a replay, for a person at a terminal. */
#pragma once

#include "session/replay.h"

struct step {
	uint64_t until;    /* the number of the call to stop at; 0: the next */
	char wanted[256];  /* stop at a call that holds this; empty: any */
	bool runs;         /* to the end */
	struct buf line;   /* what was typed last */
};

/* As the watch of a replay; `ctx` is the struct step.  ERR_CANCELLED: no more. */
int step_call(void *ctx, const struct replay_call *call, struct err *err);
void step_finip(struct step *step);
