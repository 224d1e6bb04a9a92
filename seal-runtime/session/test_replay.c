#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/err.h"
#include "base/test.h"
#include "gate/gate.h"
#include "host/host.h"
#include "host/test/guests.h"
#include "session/replay.h"

/* What is written other than it was: what a log could have that is not true. */
enum lie {
	LIE_NONE,
	LIE_ARGS,   /* of call `at` */
	LIE_ANSWER, /* of call `at` */
	LIE_DROP,   /* call `at` is not there */
	LIE_ADD,    /* a call stands behind call `at` */
	LIE_NAME,   /* of call `at` */
	LIE_MESSAGE,
	LIE_RESULT,
	LIE_FUEL,
	LIE_ENGINE, /* and fuel */
	LIE_COMPONENT,
	LIE_OUTCOME,
	LIE_CANCELLED, /* not a lie with "spin": it is interrupted then */
	LIE_CRASH,     /* the host dies within call `at`, and a new one goes on */
	LIE_FAULT,     /* the host fails within call `at` */
};

static const struct row {
	const char *name;
	const char *message;
	enum lie lie;
	uint64_t at;
	uint64_t n_calls;
	const char *says; /* NULL: it matches */
} rows[] = {
    {"what was logged replays", "copy 3", LIE_NONE, 0, 6, NULL},
    {"a turn without calls replays", "hello", LIE_NONE, 0, 0, NULL},
    {"a turn that trapped replays to its trap", "crash", LIE_NONE, 0, 0, NULL},
    {"other arguments are found at their call", "copy 3", LIE_ARGS, 4, 4,
     "call 4 (record 13): storage.save has other arguments\n"
     "  log: [\"k\",\"answer 9\"]\n  now: [\"k\",\"answer 3\"]\n"
     "  they part at byte 13 of 16 and 16"},
    {"another answer is found where it is used", "copy 3", LIE_ANSWER, 3, 4,
     "call 4 (record 13): storage.save has other arguments"},
    {"a call that is missing is found in its place", "copy 3", LIE_DROP, 3, 3,
     "call 3 (record 10): the component calls storage.load, the log has storage.save"},
    {"the last call missing is found", "copy 3", LIE_DROP, 6, 6,
     "call 6 (record 19): the component calls storage.save, where the log has the export's end"},
    {"a call too many is found", "copy 3", LIE_ADD, 6, 6,
     "after call 6 (record 22): the log goes on with console.print, which the component does "
     "not call"},
    {"another call's name is found", "copy 3", LIE_NAME, 2, 2,
     "the component calls storage.save, the log has storage.delete"},
    {"another message is found", "copy 3", LIE_MESSAGE, 0, 4,
     "after call 4 (record 16): the log goes on with storage.load"},
    {"another result is found", "copy 3", LIE_RESULT, 0, 6,
     "after call 6 (record 22): the export returns something else"},
    {"other fuel is found", "copy 3", LIE_FUEL, 0, 6, "took"},
    {"fuel of another engine is not compared", "copy 3", LIE_ENGINE, 0, 6, NULL},
    {"a trap that was none is found", "copy 3", LIE_OUTCOME, 0, 6,
     "the component returns, the log says \"trap\""},
    {"a turn cancelled at its last step may have returned", "copy 3", LIE_CANCELLED, 0, 6, NULL},
    {"a turn cancelled while it computed ends there again", "spin", LIE_CANCELLED, 0, 0, NULL},
    {"a crash within a call ends that life and begins the next", "copy 3", LIE_CRASH, 3, 3 + 6,
     NULL},
    {"a fault within a call ends the export", "copy 3", LIE_FAULT, 3, 3, NULL},
};

static char guest[64]; /* the guest's compiled form */

static const char *const names[GATE_CALL_MAX] = {
#define CALL(interface, name, wit_name, verb, title)                                               \
	[GATE_##interface##_##name] = #interface "." wit_name,
#include "gate/calls.def"
#undef CALL
};

/* ---- a session that writes its log ------------------------------------------ */

struct recorder {
	const struct row *row;
	const char *dir;
	struct audit *audit;
	struct host *host;
	uint64_t n;   /* calls made */
	bool is_over; /* it died, or what it wrote is whole */
};

static void write_call(struct recorder *recorder, const char *name, struct str args,
		       struct str answer)
{
	struct err err = {0};
	uint64_t seq;

	MUST(audit_begin(recorder->audit, name, args, &seq, &err), &err);
	MUST(audit_decision(recorder->audit, seq, "allow", STR("storage"), STR(""), &err), &err);
	MUST(audit_end(recorder->audit, seq, "done", answer, false, &err), &err);
}

static int die_within(struct recorder *recorder, const char *name, struct str args, struct err *err)
{
	struct err log_err = {0};
	uint64_t seq;

	MUST(audit_begin(recorder->audit, name, args, &seq, &log_err), &log_err);
	recorder->is_over = true;
	return err_set(err, ERR_SYS, "the disk is full");
}

static int on_call(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
		   struct err *err)
{
	struct recorder *recorder = ctx;
	bool is_it = ++recorder->n == recorder->row->at && !recorder->is_over;
	enum lie lie = is_it ? recorder->row->lie : LIE_NONE;
	struct str false_args = STR("[\"k\",\"answer 9\"]"),
		   false_answer = STR("{\"ok\":\"other\"}");

	if (id == GATE_storage_load)
		buf_addf(ret_result, "{\"ok\":\"answer %llu\"}", (unsigned long long)recorder->n);
	else
		buf_adds(ret_result, "{\"ok\":null}");
	if (lie == LIE_CRASH || lie == LIE_FAULT)
		return die_within(recorder, names[id], args, err);
	if (lie != LIE_DROP)
		write_call(recorder, lie == LIE_NAME ? "storage.delete" : names[id],
			   lie == LIE_ARGS ? false_args : args,
			   lie == LIE_ANSWER ? false_answer : buf_str(ret_result));
	if (lie == LIE_ADD)
		write_call(recorder, "console.print", STR("[\"x\"]"), STR("null"));
	return 0;
}

static void run_export(struct recorder *recorder, const char *name, struct str args,
		       struct str logged_args)
{
	cleanup_buf struct buf result = BUF_INIT;
	struct err failure = {0}, err = {0};
	bool is_message = strcmp(name, "init") != 0;
	const char *outcome = "ok";
	enum lie lie = is_message ? recorder->row->lie : LIE_NONE;
	uint64_t seq, fuel = 0;
	int r;

	MUST(audit_export_begin(recorder->audit, name, logged_args, &seq, &err), &err);
	/* Stands for the interrupt, which comes at no place that can be named. */
	host_set_fuel_max(recorder->host, lie == LIE_CANCELLED ? 10000000 : 0);
	r = host_export(recorder->host, name, args, &result, &fuel, &failure);
	if (lie == LIE_CRASH && recorder->is_over)
		return;
	if (r < 0 || lie == LIE_OUTCOME)
		outcome = "trap";
	if (lie == LIE_CANCELLED)
		outcome = "cancelled";
	if (lie == LIE_FUEL || lie == LIE_ENGINE)
		fuel += 7;
	MUST(audit_export_end(recorder->audit, seq, outcome,
			      r < 0               ? STR("\"trap\"")
			      : lie == LIE_RESULT ? STR("{\"ok\":null}")
						  : buf_str(&result),
			      fuel, &err),
	     &err);
}

static void begin(struct recorder *recorder)
{
	struct host_setup setup = {.component = guest, .call = on_call, .ctx = recorder};
	struct err err = {0};
	struct audit_header header = {
	    .session_id = "s1",
	    .root = "/p",
	    .component_hash = "0000000000000000000000000000000000000000000000000000000000000000",
	    .engine = recorder->row->lie == LIE_ENGINE ? "wasmtime 1" : host_engine_id(),
	    .memory_max = HOST_MEMORY_MAX,
	    .manifest_text = STR("version = 1\n"),
	    .manifest_hash = "0000000000000000000000000000000000000000000000000000000000000000",
	    .model_json = STR("{}"),
	    .seal_version = "0",
	};

	MUST(host_new(&setup, &recorder->host, &err), &err);
	if (recorder->row->lie != LIE_COMPONENT)
		header.component_hash = host_component_hash(recorder->host);
	MUST(audit_open(recorder->dir, &header, &recorder->audit, &err), &err);
	run_export(recorder, "init", STR("[\"s1\",\"{}\"]"), STR("[\"s1\",\"{}\"]"));
}

static void end(struct recorder *recorder)
{
	audit_free(recorder->audit);
	host_free(recorder->host);
	recorder->audit = NULL;
	recorder->host = NULL;
}

static void record(const struct row *row, const char *dir)
{
	struct recorder recorder = {.row = row, .dir = dir};
	cleanup_buf struct buf args = BUF_INIT;
	bool is_lie = row->lie == LIE_MESSAGE;

	guest_signals();
	buf_addf(&args, "[\"%s\"]", row->message);
	begin(&recorder);
	run_export(&recorder, "handle-message", is_lie ? STR("[\"copy 3\"]") : buf_str(&args),
		   is_lie ? STR("[\"copy 2\"]") : buf_str(&args));
	end(&recorder);
	if (row->lie != LIE_CRASH)
		return;
	begin(&recorder);
	run_export(&recorder, "handle-message", buf_str(&args), buf_str(&args));
	end(&recorder);
}

static void make_dir(char dir[32])
{
	(void)snprintf(dir, 32, "/tmp/seal-replay-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void remove_dir(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && unlinkat(fd, entry->d_name, 0) < 0)
			remove_dir(fd, entry->d_name);
	if (dir)
		(void)closedir(dir);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

TEST(logs)
{
	TEST_ROWS(rows, row)
	{
		cleanup_with(replay_outcome_fini) struct replay_outcome outcome = {0};
		struct replay_setup setup = {.component = guest};
		struct err err = {0};
		char dir[32];
		int r;

		make_dir(dir);
		record(row, dir);
		setup.dir = dir;
		r = replay_run(&setup, &outcome, &err);
		remove_dir(AT_FDCWD, dir);
		if (r < 0)
			fail_msg("%s: %s", row->name, err.text);
		if (outcome.is_diverged != (row->says != NULL) ||
		    (row->says && !strstr(outcome.text.data, row->says)))
			fail_msg("%s: \"%.*s\" is not \"%s\"", row->name,
				 STR_ARG(buf_str(&outcome.text)), row->says ? row->says : "");
		EXPECT_EQ(row, outcome.n_calls, row->n_calls);
	}
}

/* Without --component the log's own is wanted: agent.cwasm of SEAL_LIB. */
TEST(another_component_is_only_tried_when_it_is_named)
{
	static const struct row row = {"", "copy 1", LIE_COMPONENT, 0, 2, NULL};
	cleanup_with(replay_outcome_fini) struct replay_outcome outcome = {0};
	struct replay_setup setup = {0};
	char dir[32], part[64];
	struct err err = {0};

	make_dir(dir);
	record(&row, dir);
	(void)snprintf(part, sizeof(part), "%s/agent.cwasm", dir);
	assert_int_equal(symlink(guest, part), 0);
	assert_int_equal(setenv("SEAL_LIB", dir, 1), 0);
	setup.dir = dir;
	assert_int_equal(replay_run(&setup, &outcome, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "the log is of component 0000000000000000, "));
	setup.component = guest;
	MUST(replay_run(&setup, &outcome, &err), &err);
	assert_false(outcome.is_diverged);
	remove_dir(AT_FDCWD, dir);
}

TEST(a_log_that_was_changed_is_not_replayed)
{
	static const struct row row = {"", "copy 1", LIE_NONE, 0, 2, NULL};
	struct replay_outcome outcome = {0};
	struct replay_setup setup = {.component = guest};
	char dir[32], log[64];
	struct err err = {0};
	int fd;

	make_dir(dir);
	record(&row, dir);
	(void)snprintf(log, sizeof(log), "%s/events.jsonl", dir);
	fd = open(log, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "\"", 1, 300), 1);
	(void)close(fd);
	setup.dir = dir;
	assert_int_equal(replay_run(&setup, &outcome, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "record "));
	remove_dir(AT_FDCWD, dir);
}

/* Compiled once for all rows: a second or two of the test's time otherwise. */
static int set_up(void **state)
{
	struct err err = {0};

	(void)state;
	(void)snprintf(guest, sizeof(guest), "/tmp/seal-guest-%d.cwasm", (int)getpid());
	if (host_compile(getenv("GUEST"), guest, &err) == 0) {
		guest_signals();
		return 0;
	}
	print_error("%s\n", err.text);
	return -1;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUN(logs),
	    RUN(another_component_is_only_tried_when_it_is_named),
	    RUN(a_log_that_was_changed_is_not_replayed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
