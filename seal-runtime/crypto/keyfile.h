/*
 * Private to crypto/: OpenSSH's private-key file with one Ed25519 key and no
 * passphrase.  Anything else is refused with the way to use it (ssh-agent).
 */
#pragma once

#include <stdint.h>

#include "crypto/key.h"

struct buf;
struct err;

#define KEYFILE_MAX         16384
#define KEYFILE_SECRET_SIZE 64

struct keyfile {
	struct crypto_key key;
	uint8_t secret[KEYFILE_SECRET_SIZE]; /* to be wiped */
};

void keyfile_wipe(struct keyfile *keyfile);

/* A new key. */
int keyfile_make(const char *comment, struct keyfile *ret_keyfile, struct err *err);
void keyfile_write(const struct keyfile *keyfile, struct buf *text);
int keyfile_read(struct str text, struct keyfile *ret_keyfile, struct err *err);

/* From disk; refused when others could read it. */
int keyfile_load(const char *path, struct keyfile *ret_keyfile, struct err *err);
