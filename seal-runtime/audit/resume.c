#include <stdlib.h>

#include "audit/format.h"
#include "audit/read.h"
#include "audit/receipt.h"
#include "audit/tail.h"
#include "base/err.h"
#include "base/fd.h"

/* What is read at first: more than a turn leaves behind its receipt, but for one
 * that was cut off in its middle. */
#define TAIL_FIRST ((size_t)64 << 10)

/* Where the reading begins: the records in `text` from `at` on. */
struct start {
	struct buf text;
	size_t at;
	uint64_t seq;
	char prev[HASH_HEX];
};

static void start_finip(struct start *start)
{
	buf_fini(&start->text);
}

/* Finds the record that the receipt names last; *ret_found false: the log does not
 * reach so far, or its numbers are no order. */
static int find_signed(struct start *start, const struct receipt *receipt, bool *ret_found,
		       struct err *err)
{
	struct str rest = buf_str(&start->text), line;
	char hash[HASH_HEX], prev[HASH_HEX];
	uint64_t seq;

	*ret_found = false;
	while (str_line(&rest, &line)) {
		if (!tail_place(line, &seq, prev) || seq + 1 < receipt->records)
			continue;
		if (seq + 1 > receipt->records)
			return 0;
		hash_hex(line, hash);
		if (strcmp(hash, receipt->head) != 0)
			return err_set(err, ERR_INPUT, "record %llu: it is not what the signed receipt says",
				       (unsigned long long)seq);
		start->at = start->text.len - rest.len;
		start->seq = receipt->records;
		memcpy(start->prev, hash, HASH_HEX);
		*ret_found = true;
		return 0;
	}
	return 0;
}

/* From the end backwards, in steps that grow. */
static int start_behind(struct start *start, int fd, off_t end, const struct receipt *receipt,
			bool *ret_found, struct err *err)
{
	char prev[HASH_HEX];
	bool is_whole = false;
	uint64_t seq;

	*ret_found = false;
	for (size_t size = TAIL_FIRST; !is_whole; size *= 4) {
		struct str rest, line;

		if (tail_read(fd, end, size, &start->text, &is_whole, err) < 0)
			return err->code;
		rest = buf_str(&start->text);
		if (!is_whole && (!str_line(&rest, &line) || !tail_place(line, &seq, prev) ||
				  seq + 1 > receipt->records))
			continue;
		return find_signed(start, receipt, ret_found, err);
	}
	return 0;
}

static int start_whole(struct start *start, int fd, off_t end, struct err *err)
{
	bool is_whole;

	start->at = 0;
	start->seq = 0;
	memcpy(start->prev, AUDIT_FIRST_PREV, HASH_HEX);
	return tail_read(fd, end, (size_t)end, &start->text, &is_whole, err);
}

static int walk(const struct start *start, struct str head_file, struct resume *resume,
		struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_record record;
	bool more;

	if (reader_over(str_from(buf_str(&start->text), start->at), start->seq, start->prev, head_file,
			&reader, err) < 0)
		return err->code;
	for (;;) {
		if (audit_next(reader, &record, &more, err) < 0)
			return err->code;
		if (!more)
			break;
		resume->count = record.seq + 1;
		resume->calls += record.kind == AUDIT_BEGIN;
		resume->denied += record.kind == AUDIT_END && str_is(record.outcome, "denied");
		resume->is_forked = record.kind == AUDIT_FORK;
	}
	memcpy(resume->head, audit_reader_head(reader), HASH_HEX);
	return 0;
}

static int check(int dir, int fd, off_t end, struct resume *resume, struct err *err)
{
	cleanup_with(start_fini) struct start start = { 0 };
	cleanup_buf struct buf head_file = BUF_INIT;
	struct receipt receipt = { .records = 0 };
	char key[64];
	bool is_found;
	int r = receipt_read(dir, &receipt, key, &is_found, err);

	resume->n_claimed = receipt.records;
	if (r >= 0 && is_found)
		r = start_behind(&start, fd, end, &receipt, &is_found, err);
	if (r >= 0 && is_found)
		*resume = (struct resume){ .count = receipt.records, .n_signed = receipt.records,
					   .n_claimed = receipt.records, .calls = receipt.calls,
					   .denied = receipt.denied };
	else if (r >= 0)
		r = start_whole(&start, fd, end, err);
	if (r >= 0 && fd_read_file(dir, AUDIT_HEAD, AUDIT_HEAD_SIZE, &head_file, err) < 0)
		r = err->code;
	return r < 0 ? r : walk(&start, buf_str(&head_file), resume, err);
}

int resume_check(int dir, int fd, off_t end, struct resume *ret_resume, struct err *err)
{
	struct resume resume = { 0 };

	if (check(dir, fd, end, &resume, err) < 0)
		return err_wrap(err, "the log is damaged and is not gone on with; `seal audit verify` says "
				     "more, `seal fork` goes on from a call before");
	*ret_resume = resume;
	return 0;
}
