/*
 * Private to overlay/: what one name in a folder is, so that it can be said
 * later whether it still is.  Names are never followed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "crypto/hash.h"

struct state {
	char type; /* 'f' 'd' 'l' 'p', 'o' any other, '-' nothing */
	mode_t mode;
	uint64_t size;
	char digest[HASH_HEX]; /* of a file's bytes or a link's text; "" = could not be read */
};

/* `with_digest` false leaves it empty. */
void state_of(int folder, const char *name, bool with_digest, struct state *ret_state);

/* For undoing: the same type, mode and bytes.  Of folders only the type counts. */
bool state_is(const struct state *a, const struct state *b);

char state_type(mode_t mode);
