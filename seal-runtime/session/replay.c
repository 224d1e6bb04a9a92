#include "session/replay.h"

#include <string.h>

#include "audit/read.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/utf8.h"
#include "gate/gate.h"
#include "host/host.h"

/* Bytes of each side that are shown around the first difference. */
#define SHOW_BEFORE 40
#define SHOW_LEN    100

/* More than the children of one turn, so that no two of a turn share a place. */
#define INSTANCES_MAX 64

struct replay {
	const struct replay_setup *setup;
	struct replay_outcome *outcome;
	char *component;
	struct audit_reader *reader;
	struct audit_reader *pilot; /* reads to the end of the export that is about to run */
	struct audit_facts facts;
	struct host *hosts[INSTANCES_MAX]; /* the session's own, then its children by number */
	struct audit_record next; /* when is_looked */
	unsigned int number;	  /* of the instance that runs; 0: the session's own */
	bool is_looked, has_next;
	bool is_cut;      /* the log has no more of the export that runs */
	struct err fault; /* code not 0: the log could not be read on */
};

static const char *const call_names[GATE_CALL_MAX] = {
#define CALL(interface, name, wit_name, verb, title)                                               \
	[GATE_##interface##_##name] = #interface "." wit_name,
#include "gate/calls.def"
#undef CALL
};

/* ---- the log, one record ahead --------------------------------------------- */

static bool is_told(enum audit_kind kind)
{
	return kind == AUDIT_SESSION || kind == AUDIT_RESUME || kind == AUDIT_EXPORT_BEGIN ||
	       kind == AUDIT_EXPORT_END || kind == AUDIT_BEGIN || kind == AUDIT_END;
}

/* The next record that has to do with the component; its texts live until
 * the look after take(). */
static int look(struct replay *replay, struct err *err)
{
	int r = 0;

	while (!replay->is_looked && r >= 0) {
		r = audit_next(replay->reader, &replay->next, &replay->has_next, err);
		replay->is_looked = !replay->has_next || is_told(replay->next.kind);
	}
	return r;
}

static bool next_is(const struct replay *replay, enum audit_kind kind)
{
	return replay->has_next && replay->next.kind == kind;
}

static void take(struct replay *replay)
{
	replay->is_looked = false;
}

/* ---- what is told of a divergence ------------------------------------------- */

/* Around byte `at`; C1 controls, which some terminals obey, become '?'. */
static void put_around(struct buf *text, const char *title, struct str bytes, size_t at)
{
	size_t start = utf8_cut(bytes, at > SHOW_BEFORE ? at - SHOW_BEFORE : 0);
	struct str rest = str_from(bytes, start), shown = str_head(rest, utf8_cut(rest, SHOW_LEN));

	buf_addf(text, "\n  %s: %s", title, start ? "..." : "");
	while (shown.len) {
		uint32_t point = 0;
		size_t n = utf8_decode(shown, &point);

		if (n == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0))
			buf_addc(text, '?');
		else
			buf_add(text, str_head(shown, n));
		shown = str_from(shown, n ? n : 1);
	}
	if (rest.len > SHOW_LEN)
		buf_adds(text, "...");
}

static void put_difference(struct buf *text, struct str log, struct str now)
{
	size_t at = 0;

	while (at < log.len && at < now.len && log.data[at] == now.data[at])
		at++;
	put_around(text, "log", log, at);
	put_around(text, "now", now, at);
	buf_addf(text, "\n  they part at byte %zu of %zu and %zu", at, log.len, now.len);
}

/* "call 41 (record 133)": the place every sentence begins with. */
static struct buf *diverge(struct replay *replay, const char *what)
{
	struct buf *text = &replay->outcome->text;

	replay->outcome->is_diverged = true;
	buf_addf(text, "%s %llu", what, (unsigned long long)replay->outcome->n_calls);
	if (replay->has_next)
		buf_addf(text, " (record %llu)", (unsigned long long)replay->next.seq);
	buf_adds(text, ": ");
	return text;
}

/* ---- a call of the component ------------------------------------------------- */

static bool may_end_here(const struct replay *replay)
{
	return !replay->has_next || replay->next.kind == AUDIT_RESUME ||
	       (replay->next.kind == AUDIT_EXPORT_END && !str_is(replay->next.outcome, "ok"));
}

static int stop(struct replay *replay, struct err *err)
{
	replay->is_cut = true;
	return err_set(err, ERR_GONE, "the log has no more of this");
}

static int compare(struct replay *replay, const char *name, struct str args, struct err *err)
{
	struct buf *text;

	replay->outcome->n_calls++;
	if (!next_is(replay, AUDIT_BEGIN)) {
		text = diverge(replay, "call");
		buf_addf(text, "the component calls %s, where the log has the export's end", name);
	} else if (!str_is(replay->next.call, name)) {
		text = diverge(replay, "call");
		buf_addf(text, "the component calls %s, the log has %.*s", name,
			 STR_ARG(replay->next.call));
	} else if (!str_eq(replay->next.payload, args)) {
		text = diverge(replay, "call");
		buf_addf(text, "%s has other arguments", name);
		put_difference(text, replay->next.payload, args);
	} else {
		return 0;
	}
	return err_set(err, ERR_GONE, "the replay diverged");
}

static int go_live(struct replay *replay, unsigned int id, struct str args, struct buf *ret_result,
		   struct err *err)
{
	/* Its scope is not known here, so it must not act. */
	if (replay->number)
		return err_set(err, ERR_INPUT,
			       "this call is made by an agent of the session's own; name one of that "
			       "itself");
	replay->outcome->is_live = true;
	return replay->setup->live->call(replay->setup->live->ctx, id, args, ret_result, err);
}

static int show(struct replay *replay, const char *name, struct str args, uint64_t record,
		struct err *err)
{
	const struct replay_call call = { replay->outcome->n_calls, record, name, args,
					  replay->next.payload };

	return replay->setup->watch ? replay->setup->watch(replay->setup->watch_ctx, &call, err) : 0;
}

static int answer(struct replay *replay, unsigned int id, struct str args, struct buf *ret_result,
		  struct err *err)
{
	const struct replay_live *live = replay->setup->live;
	uint64_t record;
	int r;

	r = look(replay, err);
	if (r < 0)
		return r;
	if (live && !replay->has_next)
		return go_live(replay, id, args, ret_result, err);
	if (may_end_here(replay))
		return stop(replay, err);
	r = compare(replay, call_names[id], args, err);
	if (r < 0)
		return r;
	record = replay->next.seq;
	take(replay);
	r = look(replay, err);
	if (r < 0)
		return r;
	/* Begun and not ended: the host died or failed in between. */
	if (!next_is(replay, AUDIT_END))
		return stop(replay, err);
	r = show(replay, call_names[id], args, record, err);
	if (r < 0)
		return r;
	buf_add(ret_result, replay->next.payload);
	take(replay);
	/* What a child stores is gone with it. */
	if (!live || replay->number)
		return 0;
	return live->repeat(live->ctx, id, args, replay->next.payload, err);
}

static int on_call(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
		   struct err *err)
{
	struct replay *replay = ctx;
	int r = answer(replay, id, args, ret_result, err);

	if (r < 0 && !replay->is_cut && !replay->outcome->is_diverged && !replay->outcome->is_live)
		replay->fault = *err;
	return r;
}

/* ---- a call of an export ------------------------------------------------------ */

static int find_component(struct replay *replay, struct err *err)
{
	if (replay->component)
		return 0;
	if (!replay->setup->component)
		return dirs_part("agent.cwasm", &replay->component, err);
	replay->component = str_dup(str_of(replay->setup->component));
	return replay->component ? 0 : err_nomem(err);
}

static void drop_host(const struct replay *replay, struct host **host)
{
	if (replay->setup->live)
		replay->setup->live->host(replay->setup->live->ctx, NULL);
	host_free(take_ptr(*host));
}

/* A component's life begins with its init, also after a crash or a trap. */
static int make_host(struct replay *replay, struct host **host, struct err *err)
{
	struct host_setup setup = {
	    .call = on_call, .ctx = replay, .memory_max = replay->facts.memory_max};
	int r;

	drop_host(replay, host);
	r = find_component(replay, err);
	if (r < 0)
		return r;
	setup.component = replay->component;
	r = host_new(&setup, host, err);
	if (r < 0)
		return r;
	if (!replay->setup->component &&
	    strcmp(host_component_hash(*host), replay->facts.component) != 0)
		return err_set(err, ERR_INPUT,
			       "the log is of component %.16s, %s is %.16s; name the log's with "
			       "--component FILE, or this one to try it on the log",
			       replay->facts.component, replay->component,
			       host_component_hash(*host));
	if (replay->setup->live)
		replay->setup->live->host(replay->setup->live->ctx, *host);
	return 0;
}

static bool is_fuel_equal(const struct replay *replay, uint64_t fuel)
{
	return strcmp(replay->facts.engine, host_engine_id()) != 0 ||
	       strcmp(replay->facts.component, host_component_hash(replay->hosts[0])) != 0 ||
	       replay->next.fuel == fuel;
}

/*
 * A person's cancel is the one thing that ends an export at a place that no call
 * tells.  The fuel used until then does: without it, a guest that was computing
 * would compute on until all of a session's fuel is used up.  0: no such limit.
 */
static int find_limit(struct replay *replay, uint64_t seq, uint64_t *ret_fuel, struct err *err)
{
	struct audit_record record;
	bool has_more = true, is_end = false;

	*ret_fuel = 0;
	while (has_more && !is_end) {
		if (audit_next(replay->pilot, &record, &has_more, err) < 0)
			return err->code;
		is_end = has_more && record.seq > seq &&
			 (record.kind == AUDIT_EXPORT_END || record.kind == AUDIT_RESUME);
	}
	if (is_end && record.kind == AUDIT_EXPORT_END && str_is(record.outcome, "cancelled") &&
	    strcmp(replay->facts.engine, host_engine_id()) == 0)
		*ret_fuel = record.fuel;
	return 0;
}

static void compare_end(struct replay *replay, int result, struct str value, uint64_t fuel)
{
	bool is_ok = str_is(replay->next.outcome, "ok");

	/* It may have had nothing more to do when it was cancelled. */
	if (str_is(replay->next.outcome, "cancelled"))
		return;
	if (is_ok != (result >= 0))
		buf_addf(diverge(replay, "after call"), "the component %s, the log says \"%.*s\"",
			 result >= 0 ? "returns" : "fails", STR_ARG(replay->next.outcome));
	else if (is_ok && !str_eq(replay->next.payload, value)) {
		struct buf *text = diverge(replay, "after call");

		buf_adds(text, "the export returns something else");
		put_difference(text, replay->next.payload, value);
	} else if (is_ok && !is_fuel_equal(replay, fuel))
		buf_addf(diverge(replay, "after call"),
			 "the same calls and result took %llu fuel, not %llu as in the log",
			 (unsigned long long)fuel, (unsigned long long)replay->next.fuel);
}

static int finish_export(struct replay *replay, int result, struct str value, uint64_t fuel,
			 struct err *err)
{
	int r;

	if (replay->outcome->is_diverged)
		return 0;
	r = look(replay, err);
	if (r < 0)
		return r;
	if (next_is(replay, AUDIT_EXPORT_END)) {
		compare_end(replay, result, value, fuel);
		take(replay);
	} else if (next_is(replay, AUDIT_BEGIN)) {
		buf_addf(diverge(replay, "after call"),
			 "the log goes on with %.*s, which the component does not call",
			 STR_ARG(replay->next.call));
	}
	return 0;
}

/* "a3.init" is the init of child 3 (session/agents/agents.h), "init" that of the
 * session's own agent. */
static const char *instance_of(const char *logged, unsigned int *ret_number)
{
	const char *dot = strchr(logged, '.');
	uint64_t number = 0;

	*ret_number = 0;
	if (logged[0] != 'a' || !dot)
		return logged;
	for (const char *at = logged + 1; at < dot; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	*ret_number = number ? (unsigned int)((number - 1) % (INSTANCES_MAX - 1)) + 1 : 0;
	return dot + 1;
}

static void drop_children(struct replay *replay)
{
	for (size_t i = 1; i < INSTANCES_MAX; i++)
		drop_host(replay, &replay->hosts[i]);
}

static int run_export(struct replay *replay, struct err *err)
{
	cleanup_free char *logged = str_dup(replay->next.call);
	unsigned int number;
	const char *name = logged ? instance_of(logged, &number) : NULL;
	struct host **host = name ? &replay->hosts[number] : NULL;
	cleanup_buf struct buf args = BUF_INIT, result = BUF_INIT;
	struct err failure = {0};
	uint64_t fuel = 0, limit, seq = replay->next.seq;
	int r;

	if (find_limit(replay, seq, &limit, err) < 0)
		return err->code;
	buf_add(&args, replay->next.payload);
	if (!name || args.failed)
		return err_nomem(err);
	take(replay);
	if (strcmp(logged, "handle-message") == 0)
		drop_children(replay);
	if (strcmp(name, "init") == 0 && make_host(replay, host, err) < 0)
		return err->code;
	if (!*host)
		return err_set(err, ERR_INPUT, "the log calls %s before init", logged);
	replay->number = number;
	if (replay->setup->live)
		replay->setup->live->host(replay->setup->live->ctx, *host);
	replay->is_cut = false;
	host_set_fuel_max(*host, limit);
	r = host_export(*host, name, buf_str(&args), &result, &fuel, &failure);
	if (replay->fault.code) {
		*err = replay->fault;
		return err->code;
	}
	if (replay->outcome->is_live) {
		replay->outcome->export_seq = seq;
		replay->outcome->result = r;
		replay->outcome->fuel = fuel;
		buf_add(&replay->outcome->value, r < 0 ? str_of(failure.text) : buf_str(&result));
		return buf_check(&replay->outcome->value, "the result", err);
	}
	return finish_export(replay, r, buf_str(&result), fuel, err);
}

/* ---- the whole log --------------------------------------------------------------- */

static int take_facts(struct replay *replay, struct err *err)
{
	audit_facts_fini(&replay->facts);
	replay->facts = (struct audit_facts){0};
	take(replay);
	return audit_reader_facts(replay->reader, &replay->facts, err);
}

static int run(struct replay *replay, struct err *err)
{
	int r = look(replay, err);

	while (r >= 0 && replay->has_next && !replay->outcome->is_diverged &&
	       !replay->outcome->is_live) {
		if (next_is(replay, AUDIT_SESSION) || next_is(replay, AUDIT_RESUME))
			r = take_facts(replay, err);
		else if (next_is(replay, AUDIT_EXPORT_BEGIN))
			r = run_export(replay, err);
		else
			return err_set(err, ERR_INPUT, "record %llu: a call outside of an export",
				       (unsigned long long)replay->next.seq);
		if (r >= 0 && !replay->outcome->is_diverged && !replay->outcome->is_live)
			r = look(replay, err);
	}
	return r;
}

static void replay_fini(struct replay *replay)
{
	for (size_t i = 0; i < INSTANCES_MAX; i++)
		drop_host(replay, &replay->hosts[i]);
	audit_facts_fini(&replay->facts);
	audit_reader_free(replay->reader);
	audit_reader_free(replay->pilot);
	free(replay->component);
}

int replay_run(const struct replay_setup *setup, struct replay_outcome *ret_outcome,
	       struct err *err)
{
	struct replay_outcome outcome = {0};
	struct replay replay = {.setup = setup, .outcome = &outcome};
	int r;

	r = audit_reader_open(setup->dir, true, &replay.reader, err);
	if (r >= 0)
		r = audit_reader_open(setup->dir, false, &replay.pilot, err);
	if (r >= 0)
		r = run(&replay, err);
	replay_fini(&replay);
	if (r < 0) {
		replay_outcome_finip(&outcome);
		return err_wrap(err, "replay %s", setup->dir);
	}
	*ret_outcome = outcome;
	return 0;
}
