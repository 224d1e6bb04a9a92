/*
 * Private to crypto/: signatures that libsodium does not check.  verify_ssl.c
 * has them by OpenSSL; verify_none.c stands in where that is not there.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct err;

/* ssl_lazy.c: OpenSSL is installed, and loaded now. */
bool verify_has_ssl(void);

/* `hash` names what was used on `data`: "sha256", "sha384", "sha512". */
int verify_rsa(struct str exponent, struct str modulus, const char *hash, struct str data,
	       struct str signature, struct err *err);
/* curve "nistp256"...; r and s as SSH writes them. */
int verify_ecdsa(struct str curve, struct str point, struct str data, struct str r, struct str s,
		 struct err *err);
