/*
 * Private to audit/: the end of a log, without what stands before it.  A log
 * that is opened is held to its receipt and read from there (resume_check());
 * a screen is told the last records only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"
#include "crypto/hash.h"

struct audit_reader;
struct blobs;
struct err;

/* Where the last whole line ends in a file of that size. */
int tail_end(int fd, off_t size, off_t *ret_end, struct err *err);

/* Appends what stands there. */
int tail_bytes(int fd, off_t at, off_t end, struct buf *ret_bytes, struct err *err);

/* The whole lines among the last `size` bytes before `end`, where one ends;
 * *ret_is_whole: they are all that there are.  May be none, where a line is longer. */
int tail_read(int fd, off_t end, size_t size, struct buf *ret_text, bool *ret_is_whole,
	      struct err *err);

/* What a record says of its place; false when it does not. */
bool tail_place(struct str line, uint64_t *ret_seq, char ret_prev[HASH_HEX]);

/* What is known of a log that is gone on with. */
struct resume {
	uint64_t count;		/* records */
	char head[HASH_HEX];	/* hash of the last */
	bool is_forked;		/* the last says so */
	uint64_t calls, denied;
	uint64_t n_signed;	/* records that the receipt covers */
	uint64_t n_claimed;	/* records that it speaks of: more, when some were lost */
};

/*
 * Holds the log, whose whole lines end at `end`, to its receipt: the signature, the
 * record that it names, then each record behind that one by the chain, and the
 * head file.  Where there is no receipt, or the log does not reach it, each
 * record.  Blobs are not looked at.  ERR_INPUT when something is not right.
 */
int resume_check(int dir, int fd, off_t end, struct resume *ret_resume, struct err *err);

/*
 * rest.c: a turn's end is on the disk with all before it; what follows the last one
 * may not be, and after a power cut a line can be there and the blobs that it names
 * not.  *end, where the whole lines end, is moved before the first such line; the
 * blobs of those before it are vouched for.
 */
int rest_check(struct blobs *blobs, int fd, off_t *end, struct err *err);

/* read.c: the records in `text`, of which the first is number `seq` and follows
 * `prev`, chain and form alone.  `head_file` may know of more than there are. */
int reader_over(struct str text, uint64_t seq, const char *prev, struct str head_file,
		struct audit_reader **ret_reader, struct err *err);
