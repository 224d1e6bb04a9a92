/*
 * The log for people, a line a call; and for programs, an object a call.  What
 * belongs to one call (begin, decision, ask, end) is gathered first.
 */
#include "seal-cli/audit_show.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "seal-cli/audit/clean.h"
#include "seal-runtime/audit/read.h"

#define SUBJECT_MAX 72
#define RULE_MAX    40

struct line {
	bool open;
	uint64_t seq;
	int64_t time;
	struct buf call, args, verdict, rule, answer, outcome, result;
};

struct show {
	const struct audit_filter *filter;
	bool colours;
	struct line line;
	uint64_t n_turns;
	uint64_t next;		/* the record that was not looked at yet */
	struct buf out;
};

static void line_clear(struct line *line)
{
	struct buf *bufs[] = { &line->call, &line->args, &line->verdict, &line->rule,
			       &line->answer, &line->outcome, &line->result };

	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_fini(bufs[i]);
	line->open = false;
}

static void show_finip(struct show *show)
{
	line_clear(&show->line);
	buf_fini(&show->out);
}

/* What the call is about: a path, a command, an address, a number of messages. */
static void put_subject(const struct line *line, size_t max, struct buf *out)
{
	cleanup_json yyjson_doc *doc = json_read(buf_str(&line->args), NULL, NULL);
	yyjson_val *first = yyjson_arr_get_first(yyjson_doc_get_root(doc));
	struct str command = json_str(first, "command");

	if (yyjson_is_str(first))
		clean_add(out, json_text(first), max);
	else if (command.data)
		clean_add(out, command, max);
	else if (yyjson_obj_get(first, "messages"))
		buf_addf(out, "%zu messages", yyjson_arr_size(yyjson_obj_get(first, "messages")));
}

static const char *colour_of(const struct show *show, struct str outcome)
{
	if (!show->colours)
		return "";
	if (str_is(outcome, "done"))
		return "\033[32m";
	return str_is(outcome, "denied") ? "\033[31m" : "\033[33m";
}

static void put_time(struct buf *out, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	char text[16];

	(void)localtime_r(&seconds, &tm);
	(void)strftime(text, sizeof(text), "%H:%M:%S", &tm);
	buf_adds(out, text);
}

static void put_line(struct show *show)
{
	const struct line *line = &show->line;
	struct buf *out = &show->out;
	struct str outcome = line->outcome.len ? buf_str(&line->outcome) : STR("unknown");

	put_time(out, line->time);
	buf_addf(out, " %6llu %s%-9.*s%s %s ", (unsigned long long)line->seq, colour_of(show, outcome),
		 STR_ARG(outcome), show->colours ? "\033[0m" : "", line->call.data);
	put_subject(line, SUBJECT_MAX, out);
	if (line->rule.len) {
		buf_adds(out, "  [");
		clean_add(out, buf_str(&line->rule), RULE_MAX);
		buf_adds(out, "]");
	}
	if (line->answer.len)
		buf_addf(out, "  asked: %s", line->answer.data);
	buf_addc(out, '\n');
}

static void put_object(struct show *show)
{
	const struct line *line = &show->line;
	struct json w = json_to(&show->out);

	json_object(&w);
	json_key(&w, "seq");
	json_put_uint(&w, line->seq);
	json_kv_int(&w, "t", line->time);
	json_kv(&w, "call", buf_str(&line->call));
	json_kv_raw(&w, "args", line->args.len ? buf_str(&line->args) : STR("null"));
	json_kv(&w, "verdict", buf_str(&line->verdict));
	json_kv(&w, "rule", buf_str(&line->rule));
	json_kv(&w, "answer", buf_str(&line->answer));
	json_kv(&w, "outcome", line->outcome.len ? buf_str(&line->outcome) : STR("unknown"));
	json_kv_raw(&w, "result", line->result.len ? buf_str(&line->result) : STR("null"));
	json_end(&w);
	buf_addc(&show->out, '\n');
}

static bool is_about(const struct line *line, const char *wanted)
{
	cleanup_buf struct buf subject = BUF_INIT;

	put_subject(line, SIZE_MAX, &subject);
	return str_find(buf_str(&subject), str_of(wanted), 0) != STR_NONE;
}

static bool is_wanted(const struct show *show)
{
	const struct audit_filter *filter = show->filter;
	struct str outcome = show->line.outcome.len ? buf_str(&show->line.outcome) : STR("unknown");

	if (filter->call && str_find(buf_str(&show->line.call), str_of(filter->call), 0) == STR_NONE)
		return false;
	if (filter->verdict && !str_is(buf_str(&show->line.verdict), filter->verdict))
		return false;
	if (filter->subject && !is_about(&show->line, filter->subject))
		return false;
	return !filter->outcome || str_is(outcome, filter->outcome);
}

static int flush(struct show *show, struct err *err)
{
	int r;

	if (show->line.open && is_wanted(show)) {
		if (show->filter->json)
			put_object(show);
		else
			put_line(show);
	}
	line_clear(&show->line);
	r = buf_check(&show->out, "the output", err);
	if (r >= 0)
		r = fd_write_all(STDOUT_FILENO, buf_str(&show->out), err);
	buf_clear(&show->out);
	return r;
}

static void begin_line(struct show *show, const struct audit_record *record)
{
	show->line.open = true;
	show->line.seq = record->seq;
	show->line.time = record->time;
	buf_add(&show->line.call, record->call);
	buf_add(&show->line.args, record->payload);
}

static void put_heading(struct show *show, const struct audit_record *record)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *first;

	if (show->filter->json || show->filter->call || show->filter->outcome ||
	    show->filter->verdict || show->filter->subject)
		return;
	if (record->kind == AUDIT_RESUME) {
		buf_adds(&show->out, "-- the writer ended; the session went on --\n");
	} else if (str_is(record->call, "handle-message")) {
		doc = json_read(record->payload, NULL, NULL);
		first = yyjson_arr_get_first(yyjson_doc_get_root(doc));
		buf_addf(&show->out, "\nturn %llu: ", (unsigned long long)++show->n_turns);
		clean_add(&show->out, json_text(first), SUBJECT_MAX);
		buf_addc(&show->out, '\n');
	}
}

static int take(struct show *show, const struct audit_record *record, struct err *err)
{
	struct line *line = &show->line;

	switch (record->kind) {
	case AUDIT_BEGIN:
		if (flush(show, err) < 0)
			return err->code;
		begin_line(show, record);
		return 0;
	case AUDIT_DECISION:
		buf_add(&line->verdict, record->verdict);
		buf_add(&line->rule, record->rule);
		return 0;
	case AUDIT_ASK:
		buf_add(&line->answer, record->answer);
		return 0;
	case AUDIT_END:
		buf_add(&line->outcome, record->outcome);
		buf_add(&line->result, record->payload);
		return flush(show, err);
	case AUDIT_EXPORT_BEGIN:
	case AUDIT_RESUME:
		if (flush(show, err) < 0)
			return err->code;
		put_heading(show, record);
		return 0;
	default:
		return 0;
	}
}

/* From the first record that was not shown yet to the last. */
static int show_on(struct show *show, const char *dir, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_record record;
	bool more = true;
	int r = audit_reader_open(dir, true, &reader, err);

	while (r >= 0 && more) {
		r = audit_next(reader, &record, &more, err);
		if (r >= 0 && more && record.seq >= show->next) {
			show->next = record.seq + 1;
			r = take(show, &record, err);
		}
	}
	return r;
}

/* The watch is there before the log is read, so nothing is missed in between. */
static int follow(struct show *show, const char *dir, struct err *err)
{
	cleanup_close int events = inotify_init1(IN_CLOEXEC);
	cleanup_buf struct buf log = BUF_INIT;
	char event[4096];

	buf_addf(&log, "%s/events.jsonl", dir);
	if (log.failed)
		return err_nomem(err);
	if (events < 0 || inotify_add_watch(events, log.data, IN_MODIFY) < 0)
		return err_sys(err, "watch %s", log.data);
	for (;;) {
		if (show_on(show, dir, err) < 0)
			return err->code;
		if (read(events, event, sizeof(event)) < 0 && errno != EINTR)
			return err_sys(err, "watch %s", log.data);
	}
}

int audit_show(const char *dir, const struct audit_filter *filter, struct err *err)
{
	cleanup_with(show_fini) struct show show = { .filter = filter };
	struct err ignored;
	int r;

	show.colours = !filter->json && isatty(STDOUT_FILENO);
	r = filter->follow ? follow(&show, dir, err) : show_on(&show, dir, err);
	if (r < 0) {
		(void)flush(&show, &ignored);
		return r;
	}
	return flush(&show, err);
}
