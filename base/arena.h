/*
 * Bounded memory for one call or one frame: many small pieces, one release.
 *
 * A piece is never freed alone.  What happens when memory or the limit runs
 * out is decided once, by whoever owns the arena: `on_full` is called and must
 * not return (it jumps back to the owner), so that code which builds trees of
 * small pieces needs no check on each of them.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *at, *end;             /* free room in the newest */
	size_t used, limit;         /* bytes taken from the system, and how many it may be */
	void (*on_full)(void *ctx); /* NULL: arena_take() answers NULL */
	void *ctx;
};

struct arena arena_make(size_t limit, void (*on_full)(void *ctx), void *ctx);
void arena_fini(struct arena *arena);
static inline void arena_finip(struct arena *arena)
{
	arena_fini(arena);
}
#define cleanup_arena cleanup_with(arena_fini)

/* Zeroed, aligned for any type. */
void *arena_take(struct arena *arena, size_t size);

/* A copy, NUL-terminated behind its length. */
struct str arena_copy(struct arena *arena, struct str text);

/* The pieces one after the other; `...` ends with (const char *)NULL. */
struct str arena_join(struct arena *arena, struct str first, ...);

#define arena_new(arena, type)      ((type *)arena_take(arena, sizeof(type)))
#define arena_array(arena, type, n) ((type *)arena_take(arena, sizeof(type) * (n)))
