#include "seal-cli/audit/redact.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "seal-runtime/audit/read.h"
#include "seal-runtime/crypto/hash.h"
#include "seal-runtime/crypto/key.h"
#include "seal-runtime/crypto/sig.h"

/* Fields that are the log's own words; hashes say nothing either. */
static const char *const harmless[] = { "seq",     "prev",    "t",      "kind",         "call",
	                                "of",      "outcome", "fuel",   "verdict",      "answer",
	                                "args-blob", "result-blob", "details-blob" };

static bool is_harmless(yyjson_val *key, yyjson_val *value)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (str_is(json_text(key), harmless[i]))
			return true;
	/* No rule, as of a call that none speaks of. */
	return str_is(json_text(key), "rule") && yyjson_is_str(value) && yyjson_get_len(value) == 0;
}

static bool says_nothing(yyjson_val *root)
{
	yyjson_val *key, *value;
	size_t i, n;

	yyjson_obj_foreach (root, i, n, key, value) {
		if (!is_harmless(key, value))
			return false;
	}
	return true;
}

static void put_withheld(struct buf *out, struct str line, yyjson_val *root)
{
	static const char *const told[] = { "kind", "call", "of", "outcome", "verdict", "answer", "t" };
	char hash[HASH_HEX];
	struct json w = json_to(out);

	hash_hex(line, hash);
	json_object(&w);
	json_kv_int(&w, "seq", json_int(root, "seq", 0));
	json_kv(&w, "withheld", str_of(hash));
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		yyjson_val *value = yyjson_obj_get(root, told[i]);

		if (!value)
			continue;
		json_key(&w, told[i]);
		json_put_val(&w, value);
	}
	json_end(&w);
	buf_addc(out, '\n');
}

static int put_receipt(const char *dir, struct buf *out, struct err *err)
{
	cleanup_buf struct buf statement = BUF_INIT, signature = BUF_INIT;
	struct json w = json_to(out);
	bool has_one = false;

	if (audit_receipt_text(dir, &statement, &signature, &has_one, err) < 0)
		return err->code;
	json_object(&w);
	json_kv_int(&w, "seal-redacted", 1);
	if (has_one) {
		json_kv(&w, "receipt", buf_str(&statement));
		json_kv(&w, "signature", buf_str(&signature));
	}
	json_end(&w);
	buf_addc(out, '\n');
	return 0;
}

int redact_log(const char *dir, struct buf *ret_text, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_record record;
	bool more;

	if (put_receipt(dir, ret_text, err) < 0 || audit_reader_open(dir, false, &reader, err) < 0)
		return err->code;
	for (;;) {
		cleanup_json yyjson_doc *doc = NULL;

		if (audit_next(reader, &record, &more, err) < 0)
			return err->code;
		if (!more)
			return buf_check(ret_text, "the log", err);
		doc = json_read(record.line, NULL, NULL);
		if (says_nothing(yyjson_doc_get_root(doc))) {
			buf_add(ret_text, record.line);
			buf_addc(ret_text, '\n');
		} else {
			put_withheld(ret_text, record.line, yyjson_doc_get_root(doc));
		}
	}
}

/* ---- verifying ---- */

struct signed_head {
	uint64_t records;
	char head[HASH_HEX];
};

static int read_receipt(struct str line, struct redacted *redacted, struct signed_head *ret_head,
                        struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(line, NULL, NULL), *said = NULL;
	struct str statement = json_str(yyjson_doc_get_root(doc), "receipt");
	struct str signature = json_str(yyjson_doc_get_root(doc), "signature"), head;
	struct crypto_key key;

	if (!str_starts(line, STR(REDACT_MARK)) || !doc)
		return err_set(err, ERR_INPUT, "it is no log that `seal audit export --redacted` wrote");
	if (!statement.data || !signature.data)
		return 0;
	if (crypto_sig_verify(signature, statement, CRYPTO_FOR_RECEIPT, &key, err) < 0)
		return err_wrap(err, "receipt");
	crypto_key_fingerprint(&key, redacted->key);
	said = json_read(statement, NULL, NULL);
	head = json_str(yyjson_doc_get_root(said), "head");
	if (head.len != HASH_HEX - 1)
		return err_set(err, ERR_INPUT, "the receipt has no head");
	memcpy(ret_head->head, head.data, head.len);
	ret_head->records = (uint64_t)json_int(yyjson_doc_get_root(said), "records", 0);
	return 0;
}

/* A record as it was logged follows from the one before by its hash, whether that
 * one is here or withheld. */
static int check_line(struct redacted *redacted, struct str line, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(line, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct str withheld = json_str(root, "withheld");

	if (!yyjson_is_obj(root) || json_int(root, "seq", -1) != (int64_t)redacted->n_records)
		return err_set(err, ERR_INPUT, "it is not the next record");
	redacted->n_records++;
	if (withheld.len == HASH_HEX - 1) {
		memcpy(redacted->head, withheld.data, HASH_HEX - 1);
		return 0;
	}
	if (!str_is(json_str(root, "prev"), redacted->head))
		return err_set(err, ERR_INPUT, "it does not follow from the record before it");
	redacted->n_whole++;
	hash_hex(line, redacted->head);
	return 0;
}

int redact_verify(struct str text, struct redacted *ret_redacted, struct err *err)
{
	struct redacted redacted = { .n_records = 0 };
	struct signed_head wanted = { .records = 0 };
	struct str line;

	memset(redacted.head, '0', HASH_HEX - 1);
	if (!str_line(&text, &line))
		return err_set(err, ERR_INPUT, "it is empty");
	if (read_receipt(line, &redacted, &wanted, err) < 0)
		return err->code;
	while (str_line(&text, &line)) {
		uint64_t number = redacted.n_records;

		if (check_line(&redacted, line, err) < 0)
			return err_wrap(err, "record %llu", (unsigned long long)number);
		if (redacted.n_records == wanted.records && strcmp(redacted.head, wanted.head) != 0)
			return err_set(err, ERR_INPUT, "record %llu: it is not what the signed receipt says",
			               (unsigned long long)number);
	}
	if (redacted.n_records < wanted.records || !redacted.n_records)
		return err_set(err, ERR_INPUT, "record %llu: the end is missing",
		               (unsigned long long)redacted.n_records);
	redacted.n_signed = wanted.records;
	*ret_redacted = redacted;
	return 0;
}
