#include "audit/receipt.h"

#include <errno.h>
#include <stdio.h>

#include "audit/format.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "crypto/key.h"
#include "crypto/sig.h"
#include "crypto/signer.h"

#define RECEIPT_SIZE_MAX 8192

_Static_assert(CRYPTO_FINGERPRINT_MAX == 64, "the callers' buffers");

void receipt_facts(struct receipt *receipt, const char *session, const char *component,
		   const char *manifest)
{
	(void)snprintf(receipt->session, RECEIPT_TEXT_MAX, "%s", session);
	(void)snprintf(receipt->component, RECEIPT_TEXT_MAX, "%s", component);
	(void)snprintf(receipt->manifest, RECEIPT_TEXT_MAX, "%s", manifest);
}

static void put_statement(const struct receipt *receipt, struct buf *out)
{
	struct json w = json_to(out);

	json_object(&w);
	json_kv(&w, "session", str_of(receipt->session));
	json_kv(&w, "component", str_of(receipt->component));
	json_kv(&w, "manifest", str_of(receipt->manifest));
	json_kv_int(&w, "records", (int64_t)receipt->records);
	json_kv_int(&w, "calls", (int64_t)receipt->calls);
	json_kv_int(&w, "denied", (int64_t)receipt->denied);
	json_kv(&w, "head", str_of(receipt->head));
	json_end(&w);
	buf_addc(out, '\n');
}

int receipt_write(int dir, struct crypto_signer *signer, const struct receipt *receipt,
		  struct err *err)
{
	cleanup_buf struct buf statement = BUF_INIT;
	cleanup_buf struct buf signature = BUF_INIT;
	int r;

	put_statement(receipt, &statement);
	r = buf_check(&statement, "the receipt", err);
	if (r >= 0)
		r = crypto_sig_make(signer, buf_str(&statement), CRYPTO_FOR_RECEIPT, &signature, err);
	if (r < 0)
		return r;
	buf_add(&signature, buf_str(&statement));
	r = buf_check(&signature, "the receipt", err);
	return r < 0 ? r : fd_replace_soon(dir, RECEIPT_NAME, buf_str(&signature), 0600, err);
}

static int read_statement(struct str text, struct receipt *ret_receipt, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(text, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct str head = json_str(root, "head");

	if (!yyjson_is_obj(root) || head.len != HASH_HEX - 1)
		return err_set(err, ERR_INPUT, RECEIPT_NAME " is damaged");
	ret_receipt->records = (uint64_t)json_int(root, "records", 0);
	ret_receipt->calls = (uint64_t)json_int(root, "calls", 0);
	ret_receipt->denied = (uint64_t)json_int(root, "denied", 0);
	memcpy(ret_receipt->head, head.data, HASH_HEX - 1);
	ret_receipt->head[HASH_HEX - 1] = '\0';
	return 0;
}

/* ssh-keygen stops reading at the line that ends the signature, too. */
int receipt_text(int dir, struct buf *ret_statement, struct buf *ret_signature, bool *ret_found,
		 struct err *err)
{
	static const char end[] = "\n-----END SSH SIGNATURE-----\n";
	cleanup_buf struct buf text = BUF_INIT;
	int r = fd_read_file(dir, RECEIPT_NAME, CRYPTO_SIG_MAX + RECEIPT_SIZE_MAX, &text, err);
	size_t at;

	*ret_found = false;
	if (r < 0)
		return err->sys == ENOENT ? 0 : r;
	at = str_find(buf_str(&text), str_of(end), 0);
	if (at == STR_NONE)
		return err_set(err, ERR_INPUT, RECEIPT_NAME " is damaged");
	at += strlen(end);
	buf_add(ret_signature, str_head(buf_str(&text), at));
	buf_add(ret_statement, str_from(buf_str(&text), at));
	if (ret_signature->failed || ret_statement->failed)
		return err_nomem(err);
	*ret_found = true;
	return 0;
}

int receipt_read(int dir, struct receipt *ret_receipt, char ret_key[64], bool *ret_found,
		 struct err *err)
{
	cleanup_buf struct buf statement = BUF_INIT;
	cleanup_buf struct buf signature = BUF_INIT;
	struct crypto_key key;
	bool is_there;
	int r = receipt_text(dir, &statement, &signature, &is_there, err);

	*ret_found = false;
	if (r >= 0 && !is_there)
		return 0;
	if (r >= 0)
		r = crypto_sig_verify(buf_str(&signature), buf_str(&statement), CRYPTO_FOR_RECEIPT, &key,
				      err);
	if (r >= 0)
		r = read_statement(buf_str(&statement), ret_receipt, err);
	if (r < 0)
		return err_wrap(err, "receipt");
	crypto_key_fingerprint(&key, ret_key);
	*ret_found = true;
	return 0;
}
