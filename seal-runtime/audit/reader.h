/*
 * Private to audit/: a reader of a log, which read_open.c makes in three ways and
 * read.c goes on with.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audit/read.h"
#include "crypto/hash.h"

struct blobs;

/* The export that a reader began in the middle of. */
#define EXPORT_BEFORE UINT64_MAX

struct audit_reader {
	int dir;
	struct blobs *blobs;
	bool payloads;
	bool is_chain;		/* payloads are not looked at, and the end may be missing */
	bool is_last;		/* it begins within the log, and gives out no model call's arguments */
	struct buf text;	/* the log */
	struct str rest;	/* what is left of it */
	uint64_t seq;		/* of the next record */
	char head[HASH_HEX];
	struct buf head_file;
	bool is_call_open, is_export_open;
	uint64_t call_seq, export_seq;
	struct buf payload, call, outcome, verdict, rule, answer;
	struct str facts;	/* line of the last session or resume record */
	uint32_t fields[AUDIT_KIND_MAX]; /* bits of enum field */
	/* The pieces of the last model call, as they stand in the log. */
	struct str *chat;
	size_t n_chat;
};

/* Fills `fields` from events.def. */
void reader_table(struct audit_reader *reader);
