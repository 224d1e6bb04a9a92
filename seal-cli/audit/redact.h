/*
 * A log for strangers: its records without what was said in them, one file, and
 * still held to the signed receipt.  A record whose text says nothing of the
 * content stands as it is; of every other its hash stands for it, beside what it
 * is said to have been.  Whoever has the log can show any record later, and its
 * hash says that it is the one.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

#define REDACT_MARK "{\"seal-redacted\":1"

int redact_log(const char *dir, struct buf *ret_text, struct err *err);

struct redacted {
	uint64_t n_records, n_whole; /* whole: as they were logged */
	uint64_t n_signed;           /* how far the receipt reaches; 0: there is none */
	char key[64], head[65];
};

/* ERR_INPUT: "record N: ..." */
int redact_verify(struct str text, struct redacted *ret_redacted, struct err *err);
