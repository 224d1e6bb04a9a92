/*
 * Private to llm/.  The model that says what a file says: one JSON a line.
 *
 *   {"content":[...],"stop":"end-turn","usage":{...}}      a WIT reply
 *   {"reply":{...}}                                        the same
 *   {"err":{"overloaded":"..."}}                           a WIT llm-error
 *
 * Beside `reply` or `err`: "expect": text that the last message must hold, so
 * that a recording which no longer fits is noticed; "delay_ms": before the
 * reply; "chunk": bytes shown at once (default 24); "chunk_ms": before each.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"

struct buf;
struct err;
struct llm;
struct replay;
struct reply;

#define REPLAY_SIZE_MAX ((size_t)64 << 20)

/* `name`: "sample" (built in), or a path; a relative one is read from the
 * working directory, which is the project's root in a worker. */
int replay_new(struct str name, struct replay **ret_replay, struct err *err);
/* The same of a text that is there; takes the buffer on success. */
int replay_of(struct str name, struct buf *text, struct replay **ret_replay, struct err *err);
void replay_free(struct replay *replay);
DEFINE_CLEANUP(struct replay, replay_free)

/* How many replies were given; a later process goes on behind them. */
uint64_t replay_given(const struct replay *replay);
void replay_skip(struct replay *replay, uint64_t given);

int replay_chat(struct replay *replay, yyjson_val *request, struct reply *reply, int cancel_fd,
		struct err *err);
