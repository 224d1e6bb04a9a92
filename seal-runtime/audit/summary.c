#include <stdio.h>

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

int audit_summarize(const char *dir, struct audit_summary *ret_summary, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_summary summary = { 0 };
	struct counting counting = { .summary = &summary };
	struct audit_record record;
	bool more = true;
	int r = audit_reader_open(dir, false, &reader, err);

	while (r >= 0 && more) {
		r = audit_next(reader, &record, &more, err);
		if (r >= 0 && more)
			count_record(&counting, &record);
	}
	if (r < 0)
		return r;
	close_unknown(&counting);
	memcpy(summary.head, audit_reader_head(reader), sizeof(summary.head));
	*ret_summary = summary;
	return 0;
}
