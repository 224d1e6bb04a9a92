#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#define BLOCK_SIZE 8192
#define ALIGNMENT  16

struct arena_block {
	struct arena_block *next;
	_Alignas(ALIGNMENT) char bytes[];
};

struct arena arena_make(size_t limit, void (*on_full)(void *ctx), void *ctx)
{
	return (struct arena){.limit = limit, .on_full = on_full, .ctx = ctx};
}

void arena_fini(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	arena->at = arena->end = NULL;
	arena->used = 0;
}

static void *full(struct arena *arena)
{
	if (arena->on_full)
		arena->on_full(arena->ctx);
	return NULL;
}

static void *grow(struct arena *arena, size_t size)
{
	size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct arena_block *block;

	if (room > arena->limit || arena->used > arena->limit - room)
		return full(arena);
	block = malloc(sizeof(*block) + room);
	if (!block)
		return full(arena);
	block->next = arena->blocks;
	arena->blocks = block;
	arena->used += room;
	arena->at = block->bytes + size;
	arena->end = block->bytes + room;
	return memset(block->bytes, 0, size);
}

void *arena_take(struct arena *arena, size_t size)
{
	char *piece = arena->at;

	if (size > SIZE_MAX - 2 * ALIGNMENT - sizeof(struct arena_block))
		return full(arena);
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!piece || size > (size_t)(arena->end - piece))
		return grow(arena, size);
	arena->at += size;
	return memset(piece, 0, size);
}

struct str arena_copy(struct arena *arena, struct str text)
{
	char *copy = arena_take(arena, text.len + 1);

	if (!copy)
		return (struct str){"", 0};
	if (text.len)
		memcpy(copy, text.data, text.len);
	return (struct str){copy, text.len};
}

struct str arena_join(struct arena *arena, struct str first, ...)
{
	size_t len = first.len;
	va_list pieces;
	char *copy, *at;

	va_start(pieces, first);
	for (const char *piece; (piece = va_arg(pieces, const char *));)
		len += strlen(piece);
	va_end(pieces);
	copy = at = arena_take(arena, len + 1);
	if (!copy)
		return (struct str){"", 0};
	if (first.len)
		at = mempcpy(at, first.data, first.len);
	va_start(pieces, first);
	for (const char *piece; (piece = va_arg(pieces, const char *));)
		at = mempcpy(at, piece, strlen(piece));
	va_end(pieces);
	return (struct str){copy, len};
}
