/*
 * Private to audit/: the signed statement about a log's head.  One file, so that
 * no crash can part the two: `receipt.sig` is the signature, which stock
 * ssh-keygen checks too (docs/audit.md), and behind it the statement.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "crypto/hash.h"

struct buf;
struct crypto_signer;
struct err;

#define RECEIPT_NAME	 "receipt.sig"
#define RECEIPT_TEXT_MAX 128

struct receipt {
	char session[RECEIPT_TEXT_MAX], component[RECEIPT_TEXT_MAX], manifest[RECEIPT_TEXT_MAX];
	uint64_t records, calls, denied;
	char head[HASH_HEX];	/* hash of record `records - 1` */
};

void receipt_facts(struct receipt *receipt, const char *session, const char *component,
		   const char *manifest);
/* Replaced whole; the caller syncs the folder. */
int receipt_write(int dir, struct crypto_signer *signer, const struct receipt *receipt,
		  struct err *err);

/* The statement and its signature as they stand there, unchecked.  *ret_found
 * false: the log has none. */
int receipt_text(int dir, struct buf *ret_statement, struct buf *ret_signature, bool *ret_found,
		 struct err *err);

/* *ret_found false: the log has none.  ERR_INPUT: it is not what was signed.
 * `ret_key` is the signing key's fingerprint; whether it is trusted is the
 * caller's question. */
int receipt_read(int dir, struct receipt *ret_receipt, char ret_key[64], bool *ret_found,
		 struct err *err);
