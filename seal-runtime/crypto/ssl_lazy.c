/*
 * OpenSSL's libcrypto, loaded when it is first called.
 *
 * Its tables are relocated as it is loaded: a millisecond and half a megabyte of
 * each process, for keys that most people do not have.  These are the functions
 * that verify_ssl.c calls, under their own names; each passes on what it is given.
 */
#include <dlfcn.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdint.h>
#include <stdlib.h>

#include "crypto/verify.h"

static void *library(void)
{
	static void *loaded;

	if (!loaded)
		loaded = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
	return loaded;
}

bool verify_has_ssl(void)
{
	return library();
}

/* Called behind verify_has_ssl() only: nothing is missing. */
static void *function(const char *name)
{
	void *found = dlsym(library(), name);

	if (!found)
		abort();
	return found;
}

#define REAL(name) ((__typeof__(&(name)))(uintptr_t)function(#name))
#define PASS(type, name, params, args)      \
	type name params                    \
	{                                   \
		return REAL(name) args;     \
	}
#define PASS_VOID(name, params, args)       \
	void name params                    \
	{                                   \
		REAL(name) args;            \
	}

PASS(BIGNUM *, BN_bin2bn, (const unsigned char *bytes, int len, BIGNUM *to), (bytes, len, to))
PASS(int, BN_num_bits, (const BIGNUM *number), (number))
PASS_VOID(BN_free, (BIGNUM * number), (number))
PASS_VOID(CRYPTO_free, (void *memory, const char *file, int line), (memory, file, line))
PASS(ECDSA_SIG *, ECDSA_SIG_new, (void), ())
PASS(int, ECDSA_SIG_set0, (ECDSA_SIG * pair, BIGNUM *r, BIGNUM *s), (pair, r, s))
PASS_VOID(ECDSA_SIG_free, (ECDSA_SIG * pair), (pair))
PASS(int, i2d_ECDSA_SIG, (const ECDSA_SIG *pair, unsigned char **der), (pair, der))
PASS(const EVP_MD *, EVP_get_digestbyname, (const char *name), (name))
PASS(EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())
PASS_VOID(EVP_MD_CTX_free, (EVP_MD_CTX * context), (context))
PASS(int, EVP_DigestVerifyInit,
     (EVP_MD_CTX * context, EVP_PKEY_CTX **key_context, const EVP_MD *hash, ENGINE *engine,
      EVP_PKEY *key),
     (context, key_context, hash, engine, key))
PASS(int, EVP_DigestVerify,
     (EVP_MD_CTX * context, const unsigned char *signature, size_t signature_len,
      const unsigned char *data, size_t len),
     (context, signature, signature_len, data, len))
PASS(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name,
     (OSSL_LIB_CTX * library_context, const char *name, const char *query),
     (library_context, name, query))
PASS_VOID(EVP_PKEY_CTX_free, (EVP_PKEY_CTX * context), (context))
PASS(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX * context), (context))
PASS(int, EVP_PKEY_fromdata,
     (EVP_PKEY_CTX * context, EVP_PKEY **key, int selection, OSSL_PARAM params[]),
     (context, key, selection, params))
PASS_VOID(EVP_PKEY_free, (EVP_PKEY * key), (key))
PASS(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_new, (void), ())
PASS(OSSL_PARAM *, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD * build), (build))
PASS(int, OSSL_PARAM_BLD_push_BN,
     (OSSL_PARAM_BLD * build, const char *key, const BIGNUM *number), (build, key, number))
PASS(int, OSSL_PARAM_BLD_push_utf8_string,
     (OSSL_PARAM_BLD * build, const char *key, const char *text, size_t size),
     (build, key, text, size))
PASS(int, OSSL_PARAM_BLD_push_octet_string,
     (OSSL_PARAM_BLD * build, const char *key, const void *bytes, size_t size),
     (build, key, bytes, size))
PASS_VOID(OSSL_PARAM_BLD_free, (OSSL_PARAM_BLD * build), (build))
PASS_VOID(OSSL_PARAM_free, (OSSL_PARAM * params), (params))
