/*
 * The generated WIT types beside base's borrowed bytes.  Private to seal-agent.
 *
 * `agent_string_t` is what crosses to the host; inside the guest the same bytes
 * are a `struct str`.  Nothing here copies except wit_copy() and wit_take().
 */
#pragma once

#include <stdint.h>

#include "agent.h"
#include "base/str.h"

struct buf;

static inline struct str wit_str(agent_string_t text)
{
	return (struct str){ (const char *)text.ptr, text.len };
}

/* For an argument: the host reads it during the call and never writes to it. */
static inline agent_string_t wit_borrow(struct str text)
{
	return (agent_string_t){ (uint8_t *)(uintptr_t)text.data, text.len };
}

/* Owned, to be given away or freed. */
agent_string_t wit_copy(struct str text);

/* The buffer's bytes, owned; the buffer is empty afterwards.  Traps when the
 * buffer failed. */
agent_string_t wit_take(struct buf *buf);

/* Ours or the host's; empty ones own nothing. */
void wit_free(agent_string_t *text);
