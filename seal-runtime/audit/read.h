/*
 * Reading a log: every record in order, each verified before it is given out
 * (its place in the chain, its form, the blobs it names, what it refers to).
 * Used by resume, replay, show and verify; also linked by the client.  Never
 * writes, never takes the writer's lock: a log that is being written can be
 * read up to its last whole line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct audit_reader;

enum audit_kind {
#define EVENT(name, c_name, fields, sentence) AUDIT_##c_name,
#include "audit/events.def"
#undef EVENT
	AUDIT_KIND_MAX
};

/* One record.  The strings live until the next audit_next() of the reader. */
struct audit_record {
	enum audit_kind kind;
	uint64_t seq;
	int64_t time;		/* ms since 1970, the writer's clock */
	uint64_t of;		/* the begin that it belongs to */
	struct str call;	/* begin, export-begin */
	struct str outcome;	/* end, export-end */
	struct str verdict, rule;	/* decision */
	struct str answer;	/* ask */
	uint64_t fuel;		/* export-end */
	/* args, result or details: exactly the bytes that were logged.  Empty when
	 * the reader was opened without payloads. */
	struct str payload;
	struct str line;	/* the whole record as JSON */
};

/* What the log begins with (and a resume repeats). */
struct audit_facts {
	char *id, *root, *component, *engine, *manifest_hash, *seal;
	uint64_t memory_max;
	struct buf manifest_text, model_json;
};
void audit_facts_fini(struct audit_facts *facts);
static inline void audit_facts_finip(struct audit_facts *facts)
{
	audit_facts_fini(facts);
}

/* `payloads` false: blobs are still checked to be there, but not given out. */
int audit_reader_open(const char *dir, bool payloads, struct audit_reader **ret_reader,
		      struct err *err);

/*
 * The last records only: from the first call or export among the last `size` bytes on,
 * each verified against the one before it; that one, and all before, is taken as it
 * stands.  Payloads are given out, but not the arguments of model calls.  *ret_first is
 * the number of the first record: 0 when it is the whole log.
 */
int audit_reader_open_last(const char *dir, size_t size, struct audit_reader **ret_reader,
			   uint64_t *ret_first, struct err *err);
void audit_reader_free(struct audit_reader *reader);
DEFINE_CLEANUP(struct audit_reader, audit_reader_free)

/* *ret_more false: the end.  ERR_INPUT: "record N: <what is wrong>". */
int audit_next(struct audit_reader *reader, struct audit_record *ret_record, bool *ret_more,
	       struct err *err);

/* The facts of the last session or resume record that was read. */
int audit_reader_facts(struct audit_reader *reader, struct audit_facts *ret_facts, struct err *err);

/* Hash of the line read last, and whether a call is begun and not ended. */
const char *audit_reader_head(const struct audit_reader *reader);
bool audit_reader_open_call(const struct audit_reader *reader, uint64_t *ret_seq);

#define AUDIT_CALLS_MAX 64

struct audit_count {
	char call[48];
	uint64_t n, done, denied, failed, asked, unknown;
};

struct audit_summary {
	uint64_t n_records, n_calls, n_denied, n_asked, n_turns;
	uint64_t n_unknown;	/* begun and not ended: a crash in between */
	uint64_t n_resumes, n_lost;
	int64_t first, last;	/* ms */
	struct audit_count counts[AUDIT_CALLS_MAX];
	size_t n_counts;
	char head[65];
	/* The signed receipt, if the log has one: how far it reaches, and whose key
	 * made it ("SHA256:..."). */
	bool has_receipt;
	uint64_t receipt_records;
	char receipt_key[64];
};

/* The receipt's statement and its signature as they stand there, unchecked. */
int audit_receipt_text(const char *dir, struct buf *ret_statement, struct buf *ret_signature,
		       bool *ret_found, struct err *err);

/* Reads and verifies the whole log, and its receipt if it has one. */
int audit_summarize(const char *dir, struct audit_summary *ret_summary, struct err *err);
