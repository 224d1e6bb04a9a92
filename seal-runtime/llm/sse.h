/*
 * Server-sent events: bytes, in whatever pieces they arrive, to events.
 *
 * Pure: no socket, no JSON.  Used by llm/stream.c and by the fuzz target that
 * checks that every way to cut the same bytes gives the same events.  It never
 * holds more than SSE_EVENT_MAX bytes of an unfinished event.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

#define SSE_EVENT_MAX ((size_t)8 << 20)

struct sse_event {
	struct str name; /* of the `event:` field; empty when there was none */
	struct str data; /* the `data:` lines, joined by \n; never empty     */
};

/* < 0 ends the feeding and is returned by it.  The event lives for the call. */
typedef int sse_event_fn(void *ctx, const struct sse_event *event, struct err *err);

struct sse {
	sse_event_fn *fn;
	void *ctx;
	struct buf line; /* a line whose end has not arrived */
	struct buf name, data;
	bool has_data;
	bool after_cr;   /* a \n that comes next belongs to the \r before it */
	bool is_started; /* the first line, which may carry a BOM, is behind us */
};

void sse_init(struct sse *sse, sse_event_fn *fn, void *ctx);
void sse_fini(struct sse *sse);
static inline void sse_finip(struct sse *sse)
{
	sse_fini(sse);
}
#define cleanup_sse cleanup_with(sse_fini)

/* ERR_LIMIT when an event is larger than SSE_EVENT_MAX. */
int sse_feed(struct sse *sse, struct str bytes, struct err *err);

/*
 * The stream ended.  The standard drops an event that no empty line follows;
 * real servers end so, therefore one that is whole JSON is still delivered.
 */
int sse_finish(struct sse *sse, struct err *err);
