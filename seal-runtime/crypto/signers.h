/*
 * Who is trusted for what: an allowed_signers file, as ssh-keygen -Y verify and
 * git read it (ssh-keygen(1)).  Understood: principals, namespaces=,
 * valid-after=, valid-before=.  Lines for certificate authorities give nothing,
 * as certificates are not used.
 *
 * seal's own file is $XDG_CONFIG_HOME/seal/allowed_signers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct crypto_key;
struct err;

#define CRYPTO_SIGNERS_NAME "allowed_signers"
#define CRYPTO_SIGNERS_MAX  (1024 * 1024)

/*
 * Pure.  0 when a line trusts the key for this use at this time (seconds since
 * 1970); ERR_INPUT says why not, or which line cannot be read.
 */
int crypto_signers_check(struct str text, const struct crypto_key *key, const char *name_space,
			 int64_t now, struct err *err);

/* Walks the lines that hold a key: false at the end.  *rest starts as the file. */
int crypto_signers_next(struct str *rest, struct crypto_key *ret_key, struct str *ret_principals,
			struct err *err);

/* The same question about the person's own file, now. */
int crypto_trusted(const struct crypto_key *key, const char *name_space, struct err *err);

/* Adds a line to it for both uses of seal, unless the key is trusted already. */
int crypto_trust(const struct crypto_key *key, const char *principal, struct err *err);

/* The file's text; empty when there is none. */
int crypto_signers_load(struct buf *ret_text, struct err *err);
