#include "crypto/verify.h"

#include "base/err.h"

static int refuse(struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "this build of seal checks ed25519 keys only; use one, or build "
		       "seal with OpenSSL's libcrypto");
}

int verify_rsa(struct str exponent, struct str modulus, const char *hash, struct str data,
	       struct str signature, struct err *err)
{
	(void)exponent, (void)modulus, (void)hash, (void)data, (void)signature;
	return refuse(err);
}

int verify_ecdsa(struct str curve, struct str point, struct str data, struct str r, struct str s,
		 struct err *err)
{
	(void)curve, (void)point, (void)data, (void)r, (void)s;
	return refuse(err);
}
