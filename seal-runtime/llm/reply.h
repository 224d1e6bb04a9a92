/*
 * Private to llm/.  A reply as it grows: the blocks of the WIT `reply`, filled
 * by a wire while its events arrive, shown through the sink as they do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "llm/fault.h"

struct err;
struct llm_sink;

#define REPLY_SIZE_MAX   ((size_t)32 << 20)
#define REPLY_BLOCKS_MAX 4096

enum reply_kind { REPLY_TEXT, REPLY_THINKING, REPLY_REDACTED, REPLY_TOOL };

enum reply_stop {
	REPLY_OTHER = 0,
	REPLY_END_TURN,
	REPLY_TOOL_USE,
	REPLY_MAX_TOKENS,
	REPLY_REFUSAL
};

struct reply_block {
	enum reply_kind kind;
	int64_t key;     /* the wire's own index of it */
	bool is_whole;   /* the wire said that it is complete */
	struct buf text; /* text, thinking, redacted data, or the tool's input */
	struct buf signature;
	struct buf id, name;
};

struct reply_usage {
	uint64_t input, output, cache_read, cache_write; /* input: without the cached part */
};

struct reply {
	const struct llm_sink *sink; /* may be NULL */
	struct reply_block *blocks;
	size_t n_blocks, n_room;
	size_t size; /* bytes in all blocks */
	enum reply_stop stop;
	bool has_stop; /* the wire said why it stops */
	char id[64];   /* the provider's name of this reply */
	struct reply_usage usage;
	double cost;   /* as told by the provider; negative: not told */
	bool is_ended; /* the wire's last word was heard */
	bool is_shown; /* something went to the sink */
	struct fault fault;
};

void reply_init(struct reply *reply, const struct llm_sink *sink);
void reply_fini(struct reply *reply);
static inline void reply_finip(struct reply *reply)
{
	reply_fini(reply);
}
#define cleanup_reply cleanup_with(reply_fini)

/* Empty again, same sink. */
void reply_reset(struct reply *reply);

/* A new block at the end; valid until the next one is added. */
int reply_add(struct reply *reply, enum reply_kind kind, int64_t key,
	      struct reply_block **ret_block, struct err *err);

/* The newest block with that key; NULL when there is none. */
struct reply_block *reply_find(struct reply *reply, int64_t key);

/* Appends, counts, and shows it when it is text or thinking. */
int reply_grow(struct reply *reply, struct reply_block *block, struct str delta, struct err *err);

/* Appends to signature, id or name; counts. */
int reply_grow_part(struct reply *reply, struct buf *part, struct str delta, struct err *err);

/* Tells the sink that a tool call arrives. */
void reply_show_tool(struct reply *reply, struct str name);

/* The WIT `reply` as JSON.  A tool call that max-tokens cut is left out: it may
 * not be run.  Empty texts are left out too: no provider takes them back. */
void reply_write(const struct reply *reply, struct json *w);
