/*
 * OpenSSH signatures (SSHSIG, as `ssh-keygen -Y sign` makes them): made by a
 * signer, checked against the key inside.  Whether that key is trusted is
 * crypto/signers.h's question, and to be asked by every caller of
 * crypto_sig_verify().
 */
#pragma once

#include "base/str.h"

struct buf;
struct crypto_key;
struct crypto_signer;
struct err;

#define CRYPTO_SIG_MAX 16384 /* bytes of the text form */

/* What a signature is for is part of it; one made for another use is refused. */
#define CRYPTO_FOR_MANIFEST "seal-manifest"
#define CRYPTO_FOR_RECEIPT  "seal-receipt"

int crypto_sig_make(struct crypto_signer *signer, struct str message, const char *name_space,
		    struct buf *ret_text, struct err *err);

/* 0: the key in it signed exactly this message for this use; *ret_key is that key. */
int crypto_sig_verify(struct str text, struct str message, const char *name_space,
		      struct crypto_key *ret_key, struct err *err);
