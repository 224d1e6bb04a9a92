#include "manifest/store.h"

#include <stdalign.h>
#include <stdlib.h>

#define CHUNK_SIZE 65536

struct store_chunk {
	struct store_chunk *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

static struct store_chunk *add_chunk(struct manifest_store *store, size_t least)
{
	size_t size = least > CHUNK_SIZE ? least : CHUNK_SIZE;
	struct store_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->size = size;
	chunk->next = store->chunks;
	store->chunks = chunk;
	return chunk;
}

void *manifest_store_take(struct manifest_store *store, size_t n, size_t size)
{
	struct store_chunk *chunk = store->chunks;
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) ||
	    __builtin_add_overflow(bytes, alignof(max_align_t) - 1, &bytes))
		return NULL;
	bytes -= bytes % alignof(max_align_t);
	if (!chunk || chunk->size - chunk->used < bytes)
		chunk = add_chunk(store, bytes);
	if (!chunk)
		return NULL;
	chunk->used += bytes;
	return chunk->bytes + chunk->used - bytes;
}

void manifest_store_free(struct manifest_store *store)
{
	if (!store)
		return;
	toml_fini(&store->toml);
	toml_fini(&store->defaults);
	buf_fini(&store->defaults_text);
	buf_fini(&store->values);
	while (store->chunks) {
		struct store_chunk *next = store->chunks->next;

		free(store->chunks);
		store->chunks = next;
	}
	free(store->text);
	free(store);
}
