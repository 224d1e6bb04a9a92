/*
 * Private to audit/: the form of a record, shared by the writer and the reader.
 * The text for people is docs/audit.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "crypto/hash.h"

struct err;

#define AUDIT_EVENTS	  "events.jsonl"
#define AUDIT_TORN	  "events.torn"
#define AUDIT_HEAD	  "head"
#define AUDIT_BLOBS	  "blobs"
#define AUDIT_INLINE_MAX  512u
#define AUDIT_PAYLOAD_MAX ((size_t)512 << 20)
#define AUDIT_LINE_MAX	  ((size_t)16 << 20)
#define AUDIT_PIECE	  ((size_t)16 << 10) /* a long payload is cut into these */
#define AUDIT_PIECES_MAX  200000
#define AUDIT_FIRST_PREV  "0000000000000000000000000000000000000000000000000000000000000000"

/* The head file: sequence number and hash of the last line, fixed width. */
#define AUDIT_HEAD_FORMAT "%020llu %s\n"
#define AUDIT_HEAD_SIZE	  (20 + 1 + 64 + 1)

/* The writer's clock, in ms since 1970. */
int64_t audit_now_ms(void);

/* Bytes kept under their hash in <dir>/blobs/xx/, compressed. */
struct blobs;
int blobs_open(int dir, bool writable, struct blobs **ret_blobs, struct err *err);
void blobs_free(struct blobs *blobs);
DEFINE_CLEANUP(struct blobs, blobs_free)
/* Nothing is written when the bytes are there already. */
int blobs_put(struct blobs *blobs, struct str bytes, char ret_hex[HASH_HEX], struct err *err);
/* Appends the bytes; they are what was hashed, or it is an error. */
int blobs_get(struct blobs *blobs, struct str hex, struct buf *ret_bytes, struct err *err);
/* One that an earlier process wrote: the next sync puts it on the disk. */
int blobs_vouch(struct blobs *blobs, struct str hex, bool *ret_is_whole, struct err *err);
/* What was put or vouched for since the last call is on disk. */
int blobs_sync(struct blobs *blobs, struct err *err);

/* One step over JSON that is known to be valid; slices of the text itself. */
struct str scan_value(struct str *rest);
bool scan_member(struct str *rest, struct str *ret_key, struct str *ret_value);
bool scan_item(struct str *rest, struct str *ret_value);
/* The raw text of a member of an object; len 0 when absent. */
struct str scan_find(struct str object, const char *key);

/* Cuts a payload: a model call at its messages, anything long every AUDIT_PIECE
 * bytes.  The slices in order are the whole.  0 pieces: not worth it. */
struct pieces {
	struct str *piece;
	size_t n, size;
};
void pieces_finip(struct pieces *pieces);
int pieces_cut(struct str payload, bool is_chat, struct pieces *ret_pieces, struct err *err);
