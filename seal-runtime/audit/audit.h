/*
 * The log of one session, append only: `<dir>/events.jsonl`, each line chained
 * to the one before by its hash, and `<dir>/blobs/`.  What it holds and why is
 * in docs/audit.md.
 *
 * The runtime writes through this header and never reads its own log; reading
 * is audit/read.h (resume, verify, replay, show), also linked by the client.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct audit;
struct err;

/* Facts for the header record of a new log. */
struct audit_header {
	const char *session_id;
	const char *root;
	const char *component_hash;
	const char *engine;	/* "wasmtime 48.0.8; ..." */
	uint64_t memory_max;
	struct str manifest_text;
	const char *manifest_hash;
	struct str model_json;	/* provider, name, settings; no keys */
	const char *seal_version;
};

/* Makes or continues the log in `dir` (0700).  Continuing verifies the last
 * line; a torn last line (crash) is cut off into `events.torn`. */
int audit_open(const char *dir, const struct audit_header *header, struct audit **ret_audit,
	       struct err *err);
void audit_free(struct audit *audit);
DEFINE_CLEANUP(struct audit, audit_free)

/* From now on each end of a turn is followed by a signed receipt of the log's
 * head.  The signer is the log's own now; without one there are no receipts. */
struct crypto_signer;
void audit_set_signer(struct audit *audit, struct crypto_signer *signer);

/* Written before the host acts.  *ret_seq names the call. */
int audit_begin(struct audit *audit, const char *call, struct str args, uint64_t *ret_seq,
		struct err *err);

/* The decision about call `seq`; rule and reason may be empty.  `verdict` is
 * "allow", "deny", "ask"; `details` is JSON (parts), may be empty. */
int audit_decision(struct audit *audit, uint64_t seq, const char *verdict, struct str rule,
		   struct str details, struct err *err);

/* A prompt and its answer ("allow", "allow-always", "deny", "deny-always", "nobody"). */
int audit_ask(struct audit *audit, uint64_t seq, const char *answer, struct str patterns_json,
	      struct err *err);

/* Written before the guest sees the result.  `durable`: fdatasync first. */
int audit_end(struct audit *audit, uint64_t seq, const char *outcome, struct str result,
	      bool durable, struct err *err);

/* The two exports. `fuel` is what the call consumed.  The end of a turn is on the
 * disk, with all before it, when audit_export_end() returns: now the person is told.
 * After init nobody has been told anything, so nothing waits for the disk. */
int audit_export_begin(struct audit *audit, const char *name, struct str args, uint64_t *ret_seq,
		       struct err *err);
int audit_init_end(struct audit *audit, uint64_t seq, const char *outcome, struct str result,
		   uint64_t fuel, struct err *err);
int audit_export_end(struct audit *audit, uint64_t seq, const char *outcome, struct str result,
		     uint64_t fuel, struct err *err);

/* Anything else worth a line: kind is a row of events.def. */
int audit_note(struct audit *audit, const char *kind, struct str details_json, struct err *err);

/* Everything so far is on disk. */
int audit_sync(struct audit *audit, struct err *err);

/* Hash of the last line, and how many lines there are. */
void audit_head(const struct audit *audit, char ret_hex[65], uint64_t *ret_count);

/*
 * A new log in `dir` whose past is the log in `from` up to record `at`, which must
 * be a call: the same bytes, and behind them a fork record.  `answer`: the JSON
 * that the call is to be told instead of being made; empty: it is made.
 * audit_open() then goes on within the turn, without a resume record.
 */
int audit_fork(const char *from, uint64_t at, const char *dir, struct str answer, struct err *err);

/* The log that was opened ends with its fork record: nothing was done since. */
bool audit_is_forked(const struct audit *audit);
