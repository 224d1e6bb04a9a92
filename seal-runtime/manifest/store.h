/* Private to manifest/: what owns a manifest's strings and arrays. */
#pragma once

#include "base/buf.h"
#include "manifest/toml.h"

struct store_chunk;

struct store {
	char *text;
	struct toml toml, defaults;	/* strings point into them */
	struct buf defaults_text;
	struct buf values;		/* the set values, normalised: see canonical.h */
	struct store_chunk *chunks;
};

/* Zeroed memory that lives as long as the store; NULL when there is none. */
void *store_take(struct store *store, size_t n, size_t size);
void store_free(struct store *store);
static inline void store_freep(struct store **store)
{
	store_free(*store);
}
