/*
 * A public key of SSH: reading and writing its line, its fingerprint, and the
 * check of a signature by it.
 *
 * Checked: ssh-ed25519, sk-ssh-ed25519@openssh.com (a hardware key), and where
 * OpenSSL was there at build time ssh-rsa, ecdsa-sha2-nistp256/384/521 and
 * sk-ecdsa-sha2-nistp256@openssh.com.  Who may call: everyone that trusts or
 * shows keys.  Certificates are refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

#define CRYPTO_KEY_MAX         2400 /* an RSA key of 16,384 bits fits */
#define CRYPTO_COMMENT_MAX     256
#define CRYPTO_FINGERPRINT_MAX 64

struct crypto_key {
	uint8_t blob[CRYPTO_KEY_MAX];
	size_t len;
	char comment[CRYPTO_COMMENT_MAX];
};

/* "ssh-ed25519 AAAA... comment", one line. */
int crypto_key_read(struct str line, struct crypto_key *ret_key, struct err *err);
/* The bytes inside; the comment is left empty. */
int crypto_key_set(struct str blob, struct crypto_key *ret_key, struct err *err);
void crypto_key_set_comment(struct crypto_key *key, struct str text);
/* The line without its newline. */
void crypto_key_write(const struct crypto_key *key, struct buf *line);

struct str crypto_key_type(const struct crypto_key *key);
bool crypto_key_eq(const struct crypto_key *a, const struct crypto_key *b);
/* "SHA256:..." as ssh-keygen -l prints it. */
void crypto_key_fingerprint(const struct crypto_key *key, char ret_text[CRYPTO_FINGERPRINT_MAX]);

/* `signature` is SSH's: type, then bytes. */
int crypto_key_verify(const struct crypto_key *key, struct str data, struct str signature,
		      struct err *err);
