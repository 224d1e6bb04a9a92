/*
 * A session whose past is another's: its component runs again on the log's
 * answers, up to the call that the fork was made at, and from there on live.
 */
#include "session/state.h"

#include "audit/audit.h"
#include "audit/read.h"
#include "base/err.h"
#include "gate/gate.h"
#include "host/host.h"
#include "session/cancel.h"
#include "session/replay.h"

struct going {
	struct session *session;
	bool is_live;
	struct buf answer;	/* what the first call is told instead of being made */
};

static void going_finip(struct going *going)
{
	buf_fini(&going->answer);
}

static const char *const call_names[GATE_CALL_MAX] = {
#define CALL(interface, name, wit_name, verb, title) \
	[GATE_##interface##_##name] = #interface "." wit_name,
#include "gate/calls.def"
#undef CALL
};

/* In the log like every call: with its end, but nothing was decided or done. */
static int tell_answer(struct going *going, unsigned int id, struct str args, struct buf *ret_result,
		       struct err *err)
{
	struct str answer = buf_str(&going->answer);
	const char *outcome = str_starts(answer, STR("{\"err\"")) ? "failed" : "done";
	uint64_t seq;

	if (audit_begin(going->session->audit, call_names[id], args, &seq, err) < 0 ||
	    audit_end(going->session->audit, seq, outcome, answer, false, err) < 0)
		return err->code;
	buf_add(ret_result, answer);
	buf_clear(&going->answer);
	return buf_check(ret_result, "the answer", err);
}

static int on_call(void *ctx, unsigned int id, struct str args, struct buf *ret_result, struct err *err)
{
	struct going *going = ctx;
	struct session *session = going->session;

	/* The manifest of the past ruled then; this one does from here on. */
	if (!going->is_live && session_note_manifest(session, session->manifest, err) < 0)
		return err->code;
	going->is_live = true;
	return going->answer.len ? tell_answer(going, id, args, ret_result, err) :
				   session_pass(session, id, args, ret_result, err);
}

static int on_repeat(void *ctx, unsigned int id, struct str args, struct str result, struct err *err)
{
	struct going *going = ctx;

	return gate_repeat(going->session->gate, id, args, result, err);
}

static void on_host(void *ctx, struct host *host)
{
	(void)ctx;
	cancel_set_host(host);
}

/* The log ends with the fork record; a fork of a fork has two. */
static int read_answer(struct going *going, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_record record;
	bool more = true;

	if (audit_reader_open(going->session->dir, true, &reader, err) < 0)
		return err->code;
	while (audit_next(reader, &record, &more, err) >= 0 && more) {
		cleanup_json yyjson_doc *doc = NULL;

		if (record.kind != AUDIT_FORK)
			continue;
		doc = json_read(record.payload, NULL, NULL);
		buf_clear(&going->answer);
		buf_add(&going->answer, json_str(yyjson_doc_get_root(doc), "answer"));
	}
	if (more)
		return err->code;
	return buf_check(&going->answer, "the answer", err);
}

static int end_export(struct session *session, const struct replay_outcome *outcome, struct err *err)
{
	const char *how = outcome->result >= 0 ? "ok" : cancel_is_wanted() ? "cancelled" : "trap";

	return audit_export_end(session->audit, outcome->export_seq, how, buf_str(&outcome->value),
				outcome->fuel, err);
}

int session_go_on(struct session *session, struct buf *ret_result, struct err *err)
{
	cleanup_with(going_fini) struct going going = { .session = session };
	cleanup_with(replay_outcome_fini) struct replay_outcome outcome = { 0 };
	const struct replay_live live = { on_call, on_repeat, on_host, &going };
	const struct replay_setup setup = { .dir = session->dir, .live = &live };

	if (read_answer(&going, err) < 0)
		return err->code;
	host_free(take_ptr(session->host));
	if (replay_run(&setup, &outcome, err) < 0)
		return err->code;
	if (outcome.is_diverged || !outcome.is_live)
		return err_set(err, ERR_INPUT, "the agent does not do again what the log says: %s",
			       outcome.is_diverged ? outcome.text.data : "it ends before that call");
	if (end_export(session, &outcome, err) < 0)
		return err->code;
	buf_add(ret_result, buf_str(&outcome.value));
	if (outcome.result < 0)
		return err_set(err, ERR_GONE, "%s", outcome.value.data);
	return buf_check(ret_result, "the result", err);
}
