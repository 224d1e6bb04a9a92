#include "session/look/look.h"

#include <string.h>

#include "audit/read.h"
#include "base/err.h"
#include "session/state.h"

static int find_log(struct session *session, yyjson_val *params, char **ret_dir, struct err *err)
{
	struct str id = json_str(params, "sessionId");

	if (!folder_id_is_valid(id))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no session id",
			       STR_ARG(str_head(id, 64)));
	memcpy(session->id, id.data, id.len);
	return folder_find(session->id, ret_dir, err);
}

static void put_counts(struct json *w, const struct audit_summary *summary)
{
	json_key(w, "counts");
	json_array(w);
	for (size_t i = 0; i < summary->n_counts; i++) {
		const struct audit_count *count = &summary->counts[i];

		json_object(w);
		json_kv(w, "call", str_of(count->call));
		json_kv_int(w, "calls", (int64_t)count->n);
		json_kv_int(w, "done", (int64_t)count->done);
		json_kv_int(w, "denied", (int64_t)count->denied);
		json_kv_int(w, "failed", (int64_t)count->failed);
		json_kv_int(w, "unknown", (int64_t)count->unknown);
		json_end(w);
	}
	json_end(w);
}

static void put_receipt(struct json *w, const struct audit_summary *summary)
{
	if (!summary->has_receipt)
		return;
	json_key(w, "receipt");
	json_object(w);
	json_kv_int(w, "records", (int64_t)summary->receipt_records);
	json_kv(w, "key", str_of(summary->receipt_key));
	json_end(w);
}

static void put_summary(struct json *w, const struct audit_summary *summary)
{
	json_kv_bool(w, "isIntact", true);
	json_kv_int(w, "records", (int64_t)summary->n_records);
	json_kv_int(w, "turns", (int64_t)summary->n_turns);
	json_kv_int(w, "calls", (int64_t)summary->n_calls);
	json_kv_int(w, "denied", (int64_t)summary->n_denied);
	json_kv_int(w, "asked", (int64_t)summary->n_asked);
	json_kv_int(w, "unknown", (int64_t)summary->n_unknown);
	json_kv_int(w, "lost", (int64_t)summary->n_lost);
	json_kv(w, "head", str_of(summary->head));
	put_counts(w, summary);
	put_receipt(w, summary);
}

/* That a log is damaged is an answer, and no failure of the question. */
int look_audit(struct session *session, yyjson_val *params, struct buf *ret_json,
	       const char **ret_fault, struct err *err)
{
	cleanup_free char *dir = NULL;
	struct json w = json_to(ret_json);
	struct audit_summary summary;
	int r;

	*ret_fault = FAULT_SESSION;
	if (find_log(session, params, &dir, err) < 0)
		return err->code;
	r = audit_summarize(dir, &summary, err);
	if (r < 0 && r != ERR_INPUT)
		return r;
	json_object(&w);
	if (r < 0) {
		json_kv_bool(&w, "isIntact", false);
		json_kv(&w, "reason", str_of(err->text));
	} else {
		put_summary(&w, &summary);
	}
	json_end(&w);
	return 0;
}

/* A page of them, from the first that is wanted on. */
static int put_records(struct json *w, struct audit_reader *reader, uint64_t from, struct err *err)
{
	struct audit_record record;
	size_t n = 0, bytes = 0;
	uint64_t next = 0;
	bool more;

	json_key(w, "records");
	json_array(w);
	for (;;) {
		if (audit_next(reader, &record, &more, err) < 0)
			return err->code;
		if (!more)
			break;
		if (record.seq < from)
			continue;
		if (n == LOOK_RECORDS_MAX || bytes > LOOK_BYTES_MAX) {
			next = record.seq;
			break;
		}
		json_put_raw(w, record.line);
		bytes += record.line.len;
		n++;
	}
	json_end(w);
	if (next)
		json_kv_int(w, "next", (int64_t)next);
	return 0;
}

int look_records(struct session *session, yyjson_val *params, struct buf *ret_json,
		 const char **ret_fault, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	cleanup_free char *dir = NULL;
	int64_t from = json_int(params, "from", 0);
	struct json w = json_to(ret_json);

	*ret_fault = FAULT_SESSION;
	if (from < 0)
		return err_set(err, ERR_INPUT, "\"from\" is the number of a record: 0 or more");
	if (find_log(session, params, &dir, err) < 0 ||
	    audit_reader_open(dir, false, &reader, err) < 0)
		return err->code;
	json_object(&w);
	if (put_records(&w, reader, (uint64_t)from, err) < 0)
		return err->code;
	json_end(&w);
	return buf_check(ret_json, "the records", err);
}

/* The agent's own; a child's list is not the person's. */
static int last_tasks(struct audit_reader *reader, struct buf *ret_args, struct err *err)
{
	struct audit_record record;
	bool more, in_child = false;

	for (;;) {
		if (audit_next(reader, &record, &more, err) < 0)
			return err->code;
		if (!more)
			return buf_check(ret_args, "the tasks", err);
		if (record.kind == AUDIT_EXPORT_BEGIN)
			in_child = str_starts(record.call, STR("a")) &&
				   !str_starts(record.call, STR("a0."));
		if (in_child || record.kind != AUDIT_BEGIN ||
		    !str_is(record.call, "console.show-tasks"))
			continue;
		buf_clear(ret_args);
		buf_add(ret_args, record.payload);
	}
}

int look_tasks(struct session *session, yyjson_val *params, struct buf *ret_json,
	       const char **ret_fault, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	cleanup_json yyjson_doc *doc = NULL;
	cleanup_free char *dir = NULL;
	cleanup_buf struct buf args = BUF_INIT;
	struct json w = json_to(ret_json);

	*ret_fault = FAULT_SESSION;
	if (find_log(session, params, &dir, err) < 0 ||
	    audit_reader_open(dir, true, &reader, err) < 0 || last_tasks(reader, &args, err) < 0)
		return err->code;
	doc = json_read(buf_str(&args), NULL, NULL);
	json_object(&w);
	session_put_plan(&w, yyjson_arr_get(yyjson_doc_get_root(doc), 0));
	json_end(&w);
	return 0;
}
