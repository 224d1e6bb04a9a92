#include "crypto/verify.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/cleanup.h"
#include "base/err.h"

/* Shorter RSA keys are refused, as OpenSSH does with its default settings (RequiredRSASize). */
#define RSA_BITS_MIN 2048

DEFINE_CLEANUP(BIGNUM, BN_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_CLEANUP(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
DEFINE_CLEANUP(OSSL_PARAM, OSSL_PARAM_free)
DEFINE_CLEANUP(ECDSA_SIG, ECDSA_SIG_free)

static BIGNUM *number(struct str bytes)
{
	return BN_bin2bn((const unsigned char *)bytes.data, (int)bytes.len, NULL);
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *build)
{
	cleanup_with(OSSL_PARAM_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	cleanup_with(EVP_PKEY_CTX_free) EVP_PKEY_CTX *context =
	    EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !context || EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		return NULL;
	return key;
}

static int verify(EVP_PKEY *key, const char *hash, struct str data, struct str signature,
		  struct err *err)
{
	cleanup_with(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context ||
	    EVP_DigestVerifyInit(context, NULL, EVP_get_digestbyname(hash), NULL, key) <= 0)
		return err_set(err, ERR_INPUT, "OpenSSL does not take this key");
	if (EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.len,
			     (const unsigned char *)data.data, data.len) != 1)
		return err_set(err, ERR_INPUT, "the signature does not fit what it should cover");
	return 0;
}

static int check_rsa(struct str exponent, struct str modulus, const char *hash, struct str data,
		     struct str signature, struct err *err)
{
	cleanup_with(BN_free) BIGNUM *e = number(exponent);
	cleanup_with(BN_free) BIGNUM *n = number(modulus);
	cleanup_with(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	cleanup_with(EVP_PKEY_free) EVP_PKEY *key = NULL;

	if (!e || !n || !build || !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n))
		return err_nomem(err);
	if (BN_num_bits(n) < RSA_BITS_MIN)
		return err_set(err, ERR_INPUT, "an RSA key of less than %d bits is not trusted",
			       RSA_BITS_MIN);
	key = make_key("RSA", build);
	if (!key)
		return err_set(err, ERR_INPUT, "these bytes are no RSA key");
	return verify(key, hash, data, signature, err);
}

static int not_there(struct err *err)
{
	return err_set(err, ERR_INPUT, "a key that is not ed25519 is checked with OpenSSL, and "
				       "libcrypto.so.3 is not installed");
}

int verify_rsa(struct str exponent, struct str modulus, const char *hash, struct str data,
	       struct str signature, struct err *err)
{
	return verify_has_ssl() ? check_rsa(exponent, modulus, hash, data, signature, err) :
				  not_there(err);
}

static const struct {
	const char *name, *group, *hash;
} curves[] = {
    {"nistp256", "P-256", "sha256"},
    {"nistp384", "P-384", "sha384"},
    {"nistp521", "P-521", "sha512"},
};

/* SSH has the two numbers, OpenSSL wants them as DER. */
static int verify_pair(EVP_PKEY *key, const char *hash, struct str data, ECDSA_SIG *pair,
		       struct err *err)
{
	unsigned char *der = NULL;
	int len = i2d_ECDSA_SIG(pair, &der), r;

	if (len < 0)
		return err_nomem(err);
	r = verify(key, hash, data, (struct str){(const char *)der, (size_t)len}, err);
	OPENSSL_free(der);
	return r;
}

static int check_ecdsa(struct str curve, struct str point, struct str data, struct str r,
		       struct str s, struct err *err)
{
	cleanup_with(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	cleanup_with(ECDSA_SIG_free) ECDSA_SIG *pair = ECDSA_SIG_new();
	cleanup_with(EVP_PKEY_free) EVP_PKEY *key = NULL;
	size_t i = 0;

	while (i < 3 && !str_is(curve, curves[i].name))
		i++;
	if (i == 3)
		return err_set(err, ERR_INPUT, "there is no curve \"%.*s\"",
			       STR_ARG(str_head(curve, 60)));
	if (!build || !pair ||
	    !OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group,
					     0) ||
	    !OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data,
					      point.len))
		return err_nomem(err);
	/* The pair owns both numbers from here on. */
	if (!ECDSA_SIG_set0(pair, number(r), number(s)))
		return err_nomem(err);
	key = make_key("EC", build);
	if (!key)
		return err_set(err, ERR_INPUT, "these bytes are no key on %s", curves[i].name);
	return verify_pair(key, curves[i].hash, data, pair, err);
}

int verify_ecdsa(struct str curve, struct str point, struct str data, struct str r, struct str s,
		 struct err *err)
{
	return verify_has_ssl() ? check_ecdsa(curve, point, data, r, s, err) : not_there(err);
}
