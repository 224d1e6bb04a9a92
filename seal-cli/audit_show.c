/*
 * The log for people, a line a call; and for programs, an object a call.  What
 * belongs to one call (begin, decision, ask, end) is gathered first.
 */
#include "seal-cli/audit_show.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/utf8.h"
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

/* One line of text: no control byte reaches the terminal. */
static void put_clean(struct buf *out, struct str text, size_t max)
{
	bool cut = text.len > max;

	text = str_head(text, utf8_cut(text, max));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '\n')
			buf_adds(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_addf(out, "\\x%02x", c);
		else
			buf_addc(out, (char)c);
	}
	if (cut)
		buf_adds(out, "...");
}

/* What the call is about: a path, a command, an address, a number of messages. */
static void put_subject(const struct line *line, struct buf *out)
{
	cleanup_json yyjson_doc *doc = json_read(buf_str(&line->args), NULL, NULL);
	yyjson_val *first = yyjson_arr_get_first(yyjson_doc_get_root(doc));
	struct str command = json_str(first, "command");

	if (yyjson_is_str(first))
		put_clean(out, json_text(first), SUBJECT_MAX);
	else if (command.data)
		put_clean(out, command, SUBJECT_MAX);
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
	put_subject(line, out);
	if (line->rule.len) {
		buf_adds(out, "  [");
		put_clean(out, buf_str(&line->rule), RULE_MAX);
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

static bool is_wanted(const struct show *show)
{
	const struct audit_filter *filter = show->filter;
	struct str outcome = show->line.outcome.len ? buf_str(&show->line.outcome) : STR("unknown");

	if (filter->call && str_find(buf_str(&show->line.call), str_of(filter->call), 0) == STR_NONE)
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

	if (show->filter->json || show->filter->call || show->filter->outcome)
		return;
	if (record->kind == AUDIT_RESUME) {
		buf_adds(&show->out, "-- the writer ended; the session went on --\n");
	} else if (str_is(record->call, "handle-message")) {
		doc = json_read(record->payload, NULL, NULL);
		first = yyjson_arr_get_first(yyjson_doc_get_root(doc));
		buf_addf(&show->out, "\nturn %llu: ", (unsigned long long)++show->n_turns);
		put_clean(&show->out, json_text(first), SUBJECT_MAX);
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

int audit_show(const char *dir, const struct audit_filter *filter, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	cleanup_with(show_fini) struct show show = { .filter = filter };
	struct audit_record record;
	bool more = true;
	int r = audit_reader_open(dir, true, &reader, err);

	show.colours = !filter->json && isatty(STDOUT_FILENO);
	while (r >= 0 && more) {
		r = audit_next(reader, &record, &more, err);
		if (r >= 0 && more)
			r = take(&show, &record, err);
	}
	if (r < 0) {
		struct err ignored;

		(void)flush(&show, &ignored);
		return r;
	}
	return flush(&show, err);
}
