/*
 * The keys of the providers: found in the environment, in a stored file, in the
 * Secret Service, or in what another client keeps (keys.def).  Held for one call, then wiped.  A key
 * is in no error text; the texts name places.
 *
 * Who may call: llm/, and the client's command that stores a key.
 */
#pragma once

#include <stddef.h>

#include "base/str.h"

struct buf;
struct err;

#define KEY_SIZE_MAX ((size_t)16 * 1024)

enum key_form {
	KEY_NONE = 0,
	KEY_PLAIN,  /* in a header of the provider's own: x-api-key */
	KEY_BEARER, /* Authorization: Bearer */
	KEY_TOKEN,  /* the same, an OAuth token */
};

struct key {
	char *text;
	size_t len;
	enum key_form form;
	const char *place; /* where it was found */
};

/* The place of a key that took a process and a bus to find. */
#define KEYS_RING "the Secret Service"

void key_fini(struct key *key);
static inline void key_finip(struct key *key)
{
	key_fini(key);
}
#define cleanup_key cleanup_with(key_fini)

/*
 * The first key of the provider in the order of keys.def.  ERR_INPUT when there
 * is none: the text names every place and why it gave nothing.
 */
int keys_find(struct str provider, struct key *ret_key, struct err *err);

enum keys_home {
	KEYS_ANYWHERE, /* the Secret Service where there is one, else a file */
	KEYS_FILE,     /* a file, mode 0600, in the config folder */
};

/*
 * Keeps a key.  *ret_place says where, as a person reads it, and, when the Secret
 * Service was passed over, why.  ERR_INPUT for an unknown provider or text that
 * cannot be a key.
 */
int keys_store(struct str provider, struct str key, enum keys_home home, struct buf *ret_place,
	       struct err *err);

/* Removes what keys_store() kept, wherever; ERR_INPUT when nothing was there. */
int keys_forget(struct str provider, struct buf *ret_place, struct err *err);
