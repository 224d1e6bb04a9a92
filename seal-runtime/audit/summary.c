#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "audit/receipt.h"
#include "audit/read.h"
#include "base/err.h"

static struct audit_count *count_of(struct audit_summary *summary, struct str call)
{
	struct audit_count *count = summary->counts;

	for (; count < summary->counts + summary->n_counts; count++)
		if (str_is(call, count->call))
			return count;
	/* The calls are those of the WIT; what does not fit shares the last row. */
	if (summary->n_counts == AUDIT_CALLS_MAX)
		return count - 1;
	(void)snprintf(count->call, sizeof(count->call), "%.*s", STR_ARG(call));
	summary->n_counts++;
	return count;
}

static void count_end(struct audit_summary *summary, struct audit_count *count, struct str outcome)
{
	if (!count)
		return;
	if (str_is(outcome, "denied")) {
		count->denied++;
		summary->n_denied++;
	} else if (str_is(outcome, "done")) {
		count->done++;
	} else {
		count->failed++;
	}
}

struct counting {
	struct audit_summary *summary;
	struct audit_count *open; /* the call that was begun */
};

static void close_unknown(struct counting *c)
{
	if (!c->open)
		return;
	c->open->unknown++;
	c->summary->n_unknown++;
	c->open = NULL;
}

static void count_record(struct counting *c, const struct audit_record *record)
{
	struct audit_summary *summary = c->summary;

	summary->last = record->time;
	summary->n_records++;
	switch (record->kind) {
	case AUDIT_SESSION:
		summary->first = record->time;
		break;
	case AUDIT_RESUME:
		summary->n_resumes++;
		close_unknown(c);
		break;
	case AUDIT_EXPORT_BEGIN:
		summary->n_turns += str_is(record->call, "handle-message");
		break;
	case AUDIT_BEGIN:
		summary->n_calls++;
		c->open = count_of(summary, record->call);
		c->open->n++;
		break;
	case AUDIT_ASK:
		summary->n_asked++;
		if (c->open)
			c->open->asked++;
		break;
	case AUDIT_END:
		count_end(summary, c->open, record->outcome);
		c->open = NULL;
		break;
	case AUDIT_EXPORT_END:
		close_unknown(c);
		break;
	default:
		break;
	}
}

/* A receipt that is signed, and of another log than this, is as bad as none. */
static int check_receipt(const struct receipt *receipt, const struct audit_reader *reader,
			 uint64_t n_records, struct err *err)
{
	if (n_records != receipt->records || strcmp(audit_reader_head(reader), receipt->head) == 0)
		return 0;
	return err_set(err, ERR_INPUT, "record %llu: it is not what the signed receipt says",
		       (unsigned long long)n_records - 1);
}

static int open_receipt(const char *dir, struct audit_summary *summary, struct receipt *receipt,
			struct err *err)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "open folder %s", dir);
	return receipt_read(fd, receipt, summary->receipt_key, &summary->has_receipt, err);
}

int audit_receipt_text(const char *dir, struct buf *ret_statement, struct buf *ret_signature,
		       bool *ret_found, struct err *err)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "open folder %s", dir);
	return receipt_text(fd, ret_statement, ret_signature, ret_found, err);
}

int audit_summarize(const char *dir, struct audit_summary *ret_summary, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_summary summary = { 0 };
	struct counting counting = { .summary = &summary };
	struct audit_record record;
	struct receipt receipt = { .records = 0 };
	bool more = true;
	int r = open_receipt(dir, &summary, &receipt, err);

	/* The receipt first: a log that is being written only grows. */
	if (r >= 0)
		r = audit_reader_open(dir, false, &reader, err);
	summary.receipt_records = receipt.records;

	while (r >= 0 && more) {
		r = audit_next(reader, &record, &more, err);
		if (r >= 0 && more)
			count_record(&counting, &record);
		if (r >= 0 && more && summary.has_receipt)
			r = check_receipt(&receipt, reader, summary.n_records, err);
	}
	if (r >= 0 && summary.n_records < receipt.records)
		r = err_set(err, ERR_INPUT, "record %llu: the signed receipt reaches to record %llu: the end "
					    "is missing", (unsigned long long)summary.n_records,
			    (unsigned long long)receipt.records - 1);
	if (r < 0)
		return r;
	close_unknown(&counting);
	memcpy(summary.head, audit_reader_head(reader), sizeof(summary.head));
	*ret_summary = summary;
	return 0;
}
