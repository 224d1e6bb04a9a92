/* Private to manifest/: what owns a manifest's strings and arrays. */
#pragma once

#include "base/buf.h"
#include "manifest/toml.h"

struct store_chunk;

struct manifest_store {
	char *text;
	struct toml toml, defaults; /* strings point into them */
	struct buf defaults_text;
	struct buf values; /* the set values, normalised: see canonical.h */
	struct store_chunk *chunks;
};

/* Zeroed memory that lives as long as the store; NULL when there is none. */
void *manifest_store_take(struct manifest_store *store, size_t n, size_t size);
void manifest_store_free(struct manifest_store *store);
static inline void manifest_store_freep(struct manifest_store **store)
{
	manifest_store_free(*store);
}
