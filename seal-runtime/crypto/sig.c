#include "crypto/sig.h"

#include <sodium.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "crypto/wire.h"

#define LABEL   "SSH SIGNATURE"
#define MAGIC   STR("SSHSIG")
#define VERSION 1

/* The bytes that the key signs; see PROTOCOL.sshsig of OpenSSH. */
static int signed_bytes(struct str message, struct str name_space, struct str hash_name,
			struct buf *ret_bytes, struct err *err)
{
	uint8_t hash[crypto_hash_sha512_BYTES];
	size_t len = sizeof(hash);

	if (str_is(hash_name, "sha512")) {
		(void)crypto_hash_sha512(hash, (const uint8_t *)message.data, message.len);
	} else if (str_is(hash_name, "sha256")) {
		(void)crypto_hash_sha256(hash, (const uint8_t *)message.data, message.len);
		len = crypto_hash_sha256_BYTES;
	} else {
		return err_set(err, ERR_INPUT,
			       "the signature uses the hash \"%.*s\", which is unknown",
			       STR_ARG(str_head(hash_name, 60)));
	}
	buf_add(ret_bytes, MAGIC);
	wire_put_string(ret_bytes, name_space);
	wire_put_string(ret_bytes, STR(""));
	wire_put_string(ret_bytes, hash_name);
	wire_put_string(ret_bytes, (struct str){(const char *)hash, len});
	return buf_check(ret_bytes, "the signed bytes", err);
}

int crypto_sig_make(struct crypto_signer *signer, struct str message, const char *name_space,
		    struct buf *ret_text, struct err *err)
{
	const struct crypto_key *key = crypto_signer_key(signer);
	cleanup_buf struct buf data = BUF_INIT, signature = BUF_INIT, blob = BUF_INIT;
	int r;

	r = signed_bytes(message, str_of(name_space), STR("sha512"), &data, err);
	if (r == 0)
		r = crypto_signer_sign(signer, buf_str(&data), &signature, err);
	if (r < 0)
		return r;
	buf_add(&blob, MAGIC);
	wire_put_u32(&blob, VERSION);
	wire_put_string(&blob, (struct str){(const char *)key->blob, key->len});
	wire_put_string(&blob, str_of(name_space));
	wire_put_string(&blob, STR(""));
	wire_put_string(&blob, STR("sha512"));
	wire_put_string(&blob, buf_str(&signature));
	wire_put_armor(ret_text, LABEL, buf_str(&blob));
	if (blob.failed)
		return err_nomem(err);
	return buf_check(ret_text, "the signature", err);
}

struct fields {
	struct str key, name_space, hash_name, signature;
};

static int read_fields(struct str blob, struct fields *ret_fields, struct err *err)
{
	struct wire wire = wire_of(blob);
	struct str reserved;
	bool is_ours = str_eq(wire_take(&wire, MAGIC.len), MAGIC);
	uint32_t version = wire_u32(&wire);

	ret_fields->key = wire_string(&wire);
	ret_fields->name_space = wire_string(&wire);
	reserved = wire_string(&wire);
	ret_fields->hash_name = wire_string(&wire);
	ret_fields->signature = wire_string(&wire);
	if (!is_ours)
		return err_set(err, ERR_INPUT, "these bytes are no SSH signature");
	if (version != VERSION)
		return err_set(err, ERR_INPUT, "the signature has version %u, must be %d", version,
			       VERSION);
	if (!wire_is_done(&wire) || reserved.len)
		return err_set(err, ERR_INPUT,
			       "the signature is damaged: its fields do not add up");
	return 0;
}

int crypto_sig_verify(struct str text, struct str message, const char *name_space,
		      struct crypto_key *ret_key, struct err *err)
{
	cleanup_buf struct buf blob = BUF_INIT, data = BUF_INIT;
	struct fields fields = {0};
	int r;

	if (text.len > CRYPTO_SIG_MAX)
		return err_set(err, ERR_INPUT, "the signature is larger than %d bytes",
			       CRYPTO_SIG_MAX);
	r = wire_armor(text, LABEL, &blob, err);
	if (r < 0)
		return err_wrap(err, "the signature is damaged: it");
	r = read_fields(buf_str(&blob), &fields, err);
	if (r == 0)
		r = crypto_key_set(fields.key, ret_key, err);
	if (r < 0)
		return r;
	if (!str_is(fields.name_space, name_space))
		return err_set(err, ERR_INPUT,
			       "the signature was made for \"%.*s\", not for \"%s\"",
			       STR_ARG(str_head(fields.name_space, 60)), name_space);
	r = signed_bytes(message, fields.name_space, fields.hash_name, &data, err);
	if (r < 0)
		return r;
	return crypto_key_verify(ret_key, buf_str(&data), fields.signature, err);
}
