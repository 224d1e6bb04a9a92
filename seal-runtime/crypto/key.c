#include "crypto/key.h"

#include <sodium.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "crypto/verify.h"
#include "crypto/wire.h"

#define WRONG "the signature does not fit what it should cover"

/* The touch that a hardware key asks of its owner. */
#define SK_TOUCHED 0x01

struct str crypto_key_type(const struct crypto_key *key)
{
	struct wire wire = wire_of((struct str){(const char *)key->blob, key->len});

	return wire_string(&wire);
}

bool crypto_key_eq(const struct crypto_key *a, const struct crypto_key *b)
{
	return a->len == b->len && memcmp(a->blob, b->blob, a->len) == 0;
}

int crypto_key_set(struct str blob, struct crypto_key *ret_key, struct err *err)
{
	struct wire wire = wire_of(blob);
	struct str type = wire_string(&wire);

	if (blob.len > CRYPTO_KEY_MAX)
		return err_set(err, ERR_INPUT, "the key is larger than %d bytes", CRYPTO_KEY_MAX);
	if (wire.failed || type.len == 0 || wire.rest.len == 0)
		return err_set(err, ERR_INPUT, "these bytes are no SSH public key");
	if (str_find(type, STR("-cert-"), 0) != STR_NONE)
		return err_set(err, ERR_INPUT, "certificates are not used; give the key itself");
	*ret_key = (struct crypto_key){.len = blob.len};
	memcpy(ret_key->blob, blob.data, blob.len);
	return 0;
}

static struct str take_word(struct str *rest)
{
	size_t at = 0;
	struct str word;

	*rest = str_trim(*rest);
	while (at < rest->len && rest->data[at] != ' ' && rest->data[at] != '\t')
		at++;
	word = str_head(*rest, at);
	*rest = str_from(*rest, at);
	return word;
}

/* Shown on terminals, written into lines: what is neither is dropped. */
void crypto_key_set_comment(struct crypto_key *key, struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len && n < sizeof(key->comment) - 1; i++)
		if (text.data[i] > 0x1f && text.data[i] < 0x7f)
			key->comment[n++] = text.data[i];
	key->comment[n] = '\0';
}

int crypto_key_read(struct str line, struct crypto_key *ret_key, struct err *err)
{
	struct str rest = line, type = take_word(&rest), body = take_word(&rest);
	cleanup_buf struct buf blob = BUF_INIT;

	if (!body.len)
		return err_set(err, ERR_INPUT,
			       "this is no SSH public key (\"ssh-ed25519 AAAA... comment\")");
	if (wire_base64(body, &blob, err) < 0)
		return err_wrap(err, "the key");
	if (crypto_key_set(buf_str(&blob), ret_key, err) < 0)
		return err->code;
	if (!str_eq(crypto_key_type(ret_key), type))
		return err_set(err, ERR_INPUT, "the key says it is \"%.*s\", its line \"%.*s\"",
			       STR_ARG(str_head(crypto_key_type(ret_key), 60)),
			       STR_ARG(str_head(type, 60)));
	crypto_key_set_comment(ret_key, str_trim(rest));
	return 0;
}

void crypto_key_write(const struct crypto_key *key, struct buf *line)
{
	buf_add(line, crypto_key_type(key));
	buf_addc(line, ' ');
	wire_put_base64(line, (struct str){(const char *)key->blob, key->len}, 0);
	if (key->comment[0])
		buf_addf(line, " %s", key->comment);
}

void crypto_key_fingerprint(const struct crypto_key *key, char ret_text[CRYPTO_FINGERPRINT_MAX])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, key->blob, key->len);
	memcpy(ret_text, "SHA256:", 7);
	(void)sodium_bin2base64(ret_text + 7, CRYPTO_FINGERPRINT_MAX - 7, hash, sizeof(hash),
				sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

static int verify_ed25519(struct str point, struct str data, struct str signature, struct err *err)
{
	if (point.len != crypto_sign_PUBLICKEYBYTES || signature.len != crypto_sign_BYTES)
		return err_set(err, ERR_INPUT, "the key or the signature has the wrong length");
	if (crypto_sign_verify_detached((const uint8_t *)signature.data, (const uint8_t *)data.data,
					data.len, (const uint8_t *)point.data) < 0)
		return err_set(err, ERR_INPUT, WRONG);
	return 0;
}

/* What a hardware key signs: hash of its application, flags, counter, hash of the data. */
static int sk_data(struct str application, struct str tail, struct str data, struct buf *ret_data,
		   struct err *err)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	if (tail.len != 5)
		return err_set(err, ERR_INPUT, "a hardware key's signature lacks its counter");
	if (!(tail.data[0] & SK_TOUCHED))
		return err_set(err, ERR_INPUT,
			       "the hardware key was not touched for this signature");
	(void)crypto_hash_sha256(hash, (const uint8_t *)application.data, application.len);
	buf_add(ret_data, (struct str){(const char *)hash, sizeof(hash)});
	buf_add(ret_data, tail);
	(void)crypto_hash_sha256(hash, (const uint8_t *)data.data, data.len);
	buf_add(ret_data, (struct str){(const char *)hash, sizeof(hash)});
	return buf_check(ret_data, "the data", err);
}

static int verify_ec(struct str curve, struct str point, struct str data, struct str pair,
		     struct err *err)
{
	struct wire wire = wire_of(pair);
	struct str r = wire_string(&wire), s = wire_string(&wire);

	if (!wire_is_done(&wire))
		return err_set(err, ERR_INPUT, "the signature is cut or too long");
	return verify_ecdsa(curve, point, data, r, s, err);
}

/* The key behind its type, the signature behind its own. */
struct parts {
	struct str data;
	struct wire key;
	struct str type, bytes, tail; /* of the signature */
};

static int verify_sk(struct parts *parts, bool is_ec, struct err *err)
{
	struct str curve = is_ec ? wire_string(&parts->key) : (struct str){0};
	struct str point = wire_string(&parts->key), application = wire_string(&parts->key);
	cleanup_buf struct buf data = BUF_INIT;
	int r;

	if (!wire_is_done(&parts->key))
		return err_set(err, ERR_INPUT, "the key is cut or too long");
	r = sk_data(application, parts->tail, parts->data, &data, err);
	if (r < 0)
		return r;
	return is_ec ? verify_ec(curve, point, buf_str(&data), parts->bytes, err)
		     : verify_ed25519(point, buf_str(&data), parts->bytes, err);
}

static int verify_plain(struct parts *parts, struct str type, struct err *err)
{
	struct str first = wire_string(&parts->key);

	if (parts->tail.len)
		return err_set(err, ERR_INPUT, "there is something behind the signature");
	if (str_is(type, "ssh-ed25519"))
		return wire_is_done(&parts->key)
			   ? verify_ed25519(first, parts->data, parts->bytes, err)
			   : err_set(err, ERR_INPUT, "the key is cut or too long");
	if (str_starts(type, STR("ecdsa-sha2-")))
		return verify_ec(first, wire_string(&parts->key), parts->data, parts->bytes, err);
	if (str_is(parts->type, "rsa-sha2-512") || str_is(parts->type, "rsa-sha2-256"))
		return verify_rsa(first, wire_string(&parts->key),
				  str_ends(parts->type, STR("512")) ? "sha512" : "sha256",
				  parts->data, parts->bytes, err);
	return err_set(err, ERR_INPUT,
		       "signatures of type \"%.*s\" are not accepted; use an ed25519 key",
		       STR_ARG(str_head(parts->type, 60)));
}

int crypto_key_verify(const struct crypto_key *key, struct str data, struct str signature,
		      struct err *err)
{
	struct wire wire = wire_of(signature);
	struct parts parts = {.data = data};
	struct str type;

	parts.key = wire_of((struct str){(const char *)key->blob, key->len});
	type = wire_string(&parts.key);
	parts.type = wire_string(&wire);
	parts.bytes = wire_string(&wire);
	parts.tail = wire.rest;
	if (wire.failed)
		return err_set(err, ERR_INPUT, "the signature is cut");
	if (!str_eq(parts.type, type) && !str_is(type, "ssh-rsa"))
		return err_set(err, ERR_INPUT,
			       "the signature is of type \"%.*s\", the key \"%.*s\"",
			       STR_ARG(str_head(parts.type, 60)), STR_ARG(str_head(type, 60)));
	if (str_is(type, "sk-ssh-ed25519@openssh.com"))
		return verify_sk(&parts, false, err);
	if (str_is(type, "sk-ecdsa-sha2-nistp256@openssh.com"))
		return verify_sk(&parts, true, err);
	return verify_plain(&parts, type, err);
}
