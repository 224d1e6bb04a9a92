/*
 * Signatures, allowed_signers, public-key lines and private-key files: foreign
 * bytes never crash, and never verify or are trusted.  The first byte chooses.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "crypto/key.h"
#include "crypto/keyfile.h"
#include "crypto/sig.h"
#include "crypto/signers.h"
#include "crypto/wire.h"

/* Nobody has the secret of this key: its bytes count upwards. */
#define OWN "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

static void signature(struct str text)
{
	cleanup_buf struct buf armored = BUF_INIT;
	struct crypto_key key;
	struct err err;

	(void)crypto_sig_verify(text, STR("message"), CRYPTO_FOR_MANIFEST, &key, &err);
	/* The same bytes inside the armor, past the base64 that stops most inputs. */
	wire_put_armor(&armored, "SSH SIGNATURE", text);
	(void)crypto_sig_verify(buf_str(&armored), STR("message"), CRYPTO_FOR_MANIFEST, &key, &err);
}

static void signers(struct str text)
{
	struct crypto_key key;
	struct str rest = text, principals;
	struct err err;

	assert(crypto_key_read(STR(OWN), &key, &err) == 0);
	(void)crypto_signers_check(text, &key, CRYPTO_FOR_MANIFEST, 1700000000, &err);
	while (crypto_signers_next(&rest, &key, &principals, &err) > 0)
		assert(principals.len);
}

/* What is read is written as the same key. */
static void line(struct str text)
{
	cleanup_buf struct buf again = BUF_INIT;
	struct crypto_key key, same;
	struct err err;

	if (crypto_key_read(text, &key, &err) < 0)
		return;
	crypto_key_write(&key, &again);
	assert(crypto_key_read(buf_str(&again), &same, &err) == 0 && crypto_key_eq(&key, &same));
}

static void private_key(struct str text)
{
	cleanup_buf struct buf armored = BUF_INIT;
	struct keyfile keyfile;
	struct err err;

	(void)keyfile_read(text, &keyfile, &err);
	wire_put_armor(&armored, "OPENSSH PRIVATE KEY", text);
	(void)keyfile_read(buf_str(&armored), &keyfile, &err);
}

/* A key and a signature of it, as foreign as the rest. */
static void verify(struct str text)
{
	struct wire wire = wire_of(text);
	struct str blob = wire_string(&wire), bytes = wire_string(&wire);
	struct crypto_key key;
	struct err err;

	if (!wire.failed && crypto_key_set(blob, &key, &err) == 0)
		(void)crypto_key_verify(&key, STR("message"), bytes, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(struct str) = {signature, signers, line, private_key,
						      verify};
	struct str text = {(const char *)data + 1, size - 1};

	if (size)
		parsers[data[0] % (sizeof(parsers) / sizeof(parsers[0]))](text);
	return 0;
}
