#include "audit/payload.h"

#include <stdio.h>
#include <stdlib.h>

#include "audit/format.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"

void payloads_fini(struct payloads *payloads)
{
	blobs_free(payloads->blobs);
	free(payloads->chat);
}

/* JSON of one line whose bytes a reader can cut out again. */
static bool fits_inline(struct str payload)
{
	cleanup_json yyjson_doc *doc = NULL;

	if (payload.len == 0 || payload.len > AUDIT_INLINE_MAX)
		return false;
	if (strchr(" \t\r\n", payload.data[0]) || strchr(" \t\r\n", payload.data[payload.len - 1]))
		return false;
	for (size_t i = 0; i < payload.len; i++)
		if ((unsigned char)payload.data[i] < 0x20)
			return false;
	doc = json_read(payload, NULL, NULL);
	return doc;
}

static bool same_piece(const struct payloads *payloads, size_t i, const uint8_t hash[HASH_SIZE])
{
	return i < payloads->n_chat && memcmp(payloads->chat[i], hash, HASH_SIZE) == 0;
}

static int put_piece(struct payloads *payloads, struct json *w, struct str piece, struct err *err)
{
	char hex[HASH_HEX];
	int r;

	if (piece.len <= AUDIT_INLINE_MAX && utf8_valid(piece)) {
		json_object(w);
		json_kv(w, "text", piece);
		json_end(w);
		return 0;
	}
	r = blobs_put(payloads->blobs, piece, hex, err);
	if (r < 0)
		return r;
	json_put(w, str_of(hex));
	return 0;
}

/* {"keep":k,"add":[...]}: the first k pieces of the model call before, then these. */
static int put_pieces(struct payloads *payloads, struct json *w, const struct pieces *pieces,
		      bool is_chat, struct err *err)
{
	cleanup_free uint8_t(*hashes)[HASH_SIZE] = calloc(pieces->n, HASH_SIZE);
	size_t keep = 0;
	int r;

	if (!hashes)
		return err_nomem(err);
	for (size_t i = 0; i < pieces->n; i++)
		hash_bytes(pieces->piece[i], hashes[i]);
	while (is_chat && keep < pieces->n && same_piece(payloads, keep, hashes[keep]))
		keep++;
	json_object(w);
	json_key(w, "keep");
	json_put_uint(w, keep);
	json_key(w, "add");
	json_array(w);
	for (size_t i = keep; i < pieces->n; i++) {
		r = put_piece(payloads, w, pieces->piece[i], err);
		if (r < 0)
			return r;
	}
	json_end(w);
	json_end(w);
	if (is_chat) {
		free(payloads->chat);
		payloads->chat = take_ptr(hashes);
		payloads->n_chat = pieces->n;
	}
	return 0;
}

static int put_blob(struct payloads *payloads, struct json *w, const char *name, struct str payload,
		    struct err *err)
{
	char key[32], hex[HASH_HEX];
	int r = blobs_put(payloads->blobs, payload, hex, err);

	if (r < 0)
		return r;
	(void)snprintf(key, sizeof(key), "%s-blob", name);
	json_kv(w, key, str_of(hex));
	return 0;
}

int payload_put(struct payloads *payloads, struct json *w, const char *name, struct str payload,
		struct err *err)
{
	cleanup_with(pieces_fini) struct pieces pieces = { 0 };
	char key[32];
	int r;

	if (payload.len > AUDIT_PAYLOAD_MAX)
		return err_set(err, ERR_LIMIT, "a payload of more than %zu bytes", AUDIT_PAYLOAD_MAX);
	if (fits_inline(payload)) {
		json_kv_raw(w, name, payload);
		return 0;
	}
	r = pieces_cut(payload, false, &pieces, err);
	if (r < 0)
		return r;
	if (pieces.n == 0)
		return put_blob(payloads, w, name, payload, err);
	(void)snprintf(key, sizeof(key), "%s-pieces", name);
	json_key(w, key);
	return put_pieces(payloads, w, &pieces, false, err);
}

int payload_put_chat(struct payloads *payloads, struct json *w, struct str args, struct err *err)
{
	cleanup_with(pieces_fini) struct pieces pieces = { 0 };
	cleanup_json yyjson_doc *doc = json_read(args, NULL, NULL);
	int r = doc ? pieces_cut(args, true, &pieces, err) : 0;

	if (r < 0)
		return r;
	if (pieces.n == 0)
		return payload_put(payloads, w, "args", args, err);
	json_key(w, "args-pieces");
	return put_pieces(payloads, w, &pieces, true, err);
}
