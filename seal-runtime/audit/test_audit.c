/* The writer and the reader against each other, on real files. */
#include "audit/audit.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/read.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"

static char dir[64];

static const struct audit_header header = {
	.session_id = "s1", .root = "/p", .component_hash = "c0", .engine = "test 1",
	.memory_max = 1 << 20, .manifest_text = { "schema_version = 1\n", 19 },
	.manifest_hash = "m0", .model_json = { "{\"name\":\"m\"}", 12 }, .seal_version = "0",
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static struct audit *begin(void)
{
	struct audit *audit = NULL;
	struct err err;

	snprintf(dir, sizeof(dir), "/tmp/seal-audit-XXXXXX");
	assert_non_null(mkdtemp(dir));
	MUST(audit_open(dir, &header, &audit, &err), &err);
	return audit;
}

static struct audit *again(struct audit *audit)
{
	struct err err;

	audit_free(audit);
	audit = NULL;
	MUST(audit_open(dir, &header, &audit, &err), &err);
	return audit;
}

static void end(struct audit *audit)
{
	audit_free(audit);
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void one_call(struct audit *audit, const char *call, struct str args, struct str result)
{
	struct err err;
	uint64_t seq;

	MUST(audit_begin(audit, call, args, &seq, &err), &err);
	MUST(audit_decision(audit, seq, "allow", STR("src/**"), STR(""), &err), &err);
	MUST(audit_end(audit, seq, "done", result, false, &err), &err);
}

static char *repeat(const char *text, size_t times, const char *before, const char *after)
{
	struct buf out = BUF_INIT;

	buf_adds(&out, before);
	for (size_t i = 0; i < times; i++)
		buf_adds(&out, text);
	buf_adds(&out, after);
	return buf_take(&out);
}

static const struct bytes_row {
	const char *name;
	const char *text;
	size_t times;
	const char *before, *after;
} bytes_rows[] = {
	{ "a short value stays in the line", "x", 3, "[\"", "\"]" },
	{ "escapes come back as they were written", "\\u0041\\n\\/", 3, "[\"", "\"]" },
	{ "a number keeps its spelling", "1.00e+2,", 9, "[", "0]" },
	{ "512 bytes are still inline", "x", 508, "[\"", "\"]" },
	{ "513 bytes are a blob", "x", 509, "[\"", "\"]" },
	{ "a value with line breaks is a blob", "\n1,", 9, "[", "2]" },
	{ "a long value is cut into pieces", "0123456789abcdef", 20000, "[\"", "\"]" },
	{ "pieces may cut a character", "\xe2\x82\xac", 30000, "[\"", "\"]" },
	{ "what is no JSON comes back too", "{", 4, "", "" },
	{ "nothing comes back as nothing", "", 0, "", "" },
	{ "a model call is cut at its messages", "{\"role\":\"user\",\"content\":[{\"text\":{\"text\":\"hello there\"}}]}",
	  1, "[{\"system\":\"s\",\"messages\":[", "],\"tools\":[],\"max-output-tokens\":null,\"purpose\":\"turn\"}]" },
	{ "a model call without messages", "", 0, "[{\"system\":\"s\",\"messages\":[],\"tools\":[]}]", "" },
	{ "a model call that has text like a key", "", 0,
	  "[{\"system\":\"\\\"messages\\\":[1,2]\",\"messages\":[{\"role\":\"user\"},{\"x\":\"],[\"}],\"tools\":[]}]", "" },
};

TEST(gives_back_the_same_bytes)
{
	struct audit *audit = begin();
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_record record;
	struct err err;
	bool more;

	TEST_ROWS(bytes_rows, row) {
		cleanup_free char *text = repeat(row->text, row->times, row->before, row->after);

		one_call(audit, strncmp(row->name, "a model", 7) ? "tools.grep" : "llm.chat", str_of(text),
			 str_of(text));
	}
	MUST(audit_reader_open(dir, true, &reader, &err), &err);
	MUST(audit_next(reader, &record, &more, &err), &err);
	TEST_ROWS(bytes_rows, row) {
		cleanup_free char *text = repeat(row->text, row->times, row->before, row->after);

		MUST(audit_next(reader, &record, &more, &err), &err);
		EXPECT_EQ(row, record.kind, AUDIT_BEGIN);
		EXPECT_TRUE(row, str_eq(record.payload, str_of(text)));
		MUST(audit_next(reader, &record, &more, &err), &err);
		EXPECT_STR(row, record.rule, "src/**");
		MUST(audit_next(reader, &record, &more, &err), &err);
		EXPECT_EQ(row, record.kind, AUDIT_END);
		EXPECT_TRUE(row, str_eq(record.payload, str_of(text)));
	}
	MUST(audit_next(reader, &record, &more, &err), &err);
	assert_false(more);
	end(audit);
}

static uint64_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

static uint64_t sum;

static int add_size(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)path, (void)ftw;
	if (flag == FTW_F)
		sum += (uint64_t)st->st_size;
	return 0;
}

static char *conversation(size_t n)
{
	struct buf out = BUF_INIT;

	buf_adds(&out, "[{\"system\":\"s\",\"messages\":[");
	for (size_t i = 0; i < n; i++) {
		buf_addf(&out, "%s{\"role\":\"user\",\"content\":[{\"text\":{\"text\":\"", i ? "," : "");
		/* Not compressible by much, so that the figure is about sharing. */
		for (size_t k = 0; k < 120; k++)
			buf_addf(&out, "%08zx", (i * 7919 + k * 104729) * 2654435761u % 4294967291u);
		buf_adds(&out, "\"}}]}");
	}
	buf_adds(&out, "],\"tools\":[],\"max-output-tokens\":null,\"purpose\":\"turn\"}]");
	return buf_take(&out);
}

TEST(a_conversation_costs_what_it_holds_not_its_square)
{
	struct audit *audit = begin();
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_record record;
	struct err err;
	bool more = true;
	size_t payload = 0, n = 0;

	for (size_t i = 1; i <= 200; i++) {
		cleanup_free char *text = conversation(i);

		payload = strlen(text);
		one_call(audit, "llm.chat", str_of(text), STR("{\"ok\":null}"));
	}
	sum = 0;
	(void)nftw(dir, add_size, 16, FTW_PHYS);
	if (sum > 2 * payload)
		fail_msg("the log takes %llu bytes for %zu", (unsigned long long)sum, payload);
	assert_true(size_of(in_dir("events.jsonl")) > 0);
	MUST(audit_reader_open(dir, true, &reader, &err), &err);
	while (more) {
		MUST(audit_next(reader, &record, &more, &err), &err);
		if (more && record.kind == AUDIT_BEGIN) {
			cleanup_free char *text = conversation(++n);

			assert_true(str_eq(record.payload, str_of(text)));
		}
	}
	assert_int_equal(n, 200);
	end(audit);
}

TEST(goes_on_where_it_ended_and_cuts_a_torn_line_off)
{
	struct audit *audit = begin();
	struct audit_summary summary;
	struct err err;
	int fd;

	one_call(audit, "tools.grep", STR("[1]"), STR("1"));
	audit = again(audit);
	one_call(audit, "tools.grep", STR("[2]"), STR("2"));
	audit_free(audit);
	fd = open(in_dir("events.jsonl"), O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "{\"seq\":8,\"pre", 13), 13);
	close(fd);
	assert_int_equal(audit_summarize(dir, &summary, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "record 8: its line has no end"));
	audit = NULL;
	MUST(audit_open(dir, &header, &audit, &err), &err);
	one_call(audit, "tools.grep", STR("[3]"), STR("3"));
	MUST(audit_summarize(dir, &summary, &err), &err);
	assert_int_equal(summary.n_calls, 3);
	assert_int_equal(summary.n_resumes, 2);
	assert_int_equal(size_of(in_dir("events.torn")), 13);
	end(audit);
}

TEST(a_call_without_an_end_is_counted_as_unknown)
{
	struct audit *audit = begin();
	struct audit_summary summary;
	struct err err;
	uint64_t seq;

	MUST(audit_begin(audit, "tools.command-run", STR("[1]"), &seq, &err), &err);
	audit = again(audit);
	MUST(audit_summarize(dir, &summary, &err), &err);
	assert_int_equal(summary.n_unknown, 1);
	end(audit);
}

TEST(one_writer_at_a_time)
{
	struct audit *audit = begin(), *second = NULL;
	struct err err;

	assert_int_equal(audit_open(dir, &header, &second, &err), ERR_INPUT);
	assert_null(second);
	end(audit);
}

TEST(a_full_disk_is_an_error_and_leaves_no_half_line)
{
	struct audit *audit = begin();
	struct audit_summary summary;
	struct rlimit old, small;
	struct stat st;
	struct err err;
	uint64_t seq;

	one_call(audit, "tools.grep", STR("[1]"), STR("1"));
	assert_int_equal(stat(in_dir("events.jsonl"), &st), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ (rlim_t)st.st_size + 20, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(audit_begin(audit, "tools.grep", STR("[2]"), &seq, &err), ERR_SYS);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	MUST(audit_summarize(dir, &summary, &err), &err);
	assert_int_equal(summary.n_calls, 1);
	one_call(audit, "tools.grep", STR("[3]"), STR("3"));
	MUST(audit_summarize(dir, &summary, &err), &err);
	assert_int_equal(summary.n_calls, 2);
	end(audit);
}

TEST(the_facts_come_back)
{
	struct audit *audit = begin();
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	cleanup_with(audit_facts_fini) struct audit_facts facts = { 0 };
	struct audit_record record;
	struct err err;
	bool more;

	MUST(audit_reader_open(dir, true, &reader, &err), &err);
	MUST(audit_next(reader, &record, &more, &err), &err);
	MUST(audit_reader_facts(reader, &facts, &err), &err);
	assert_string_equal(facts.component, "c0");
	assert_int_equal(facts.memory_max, 1 << 20);
	assert_true(str_eq(buf_str(&facts.manifest_text), header.manifest_text));
	assert_true(str_eq(buf_str(&facts.model_json), header.model_json));
	end(audit);
}

TEST(a_note_has_a_kind_of_the_table)
{
	struct audit *audit = begin();
	struct err err;

	MUST(audit_note(audit, "cancel", STR("{}"), &err), &err);
	assert_int_equal(audit_note(audit, "gossip", STR("{}"), &err), ERR_INTERNAL);
	end(audit);
}

TEST_MAIN(RUN(gives_back_the_same_bytes), RUN(a_conversation_costs_what_it_holds_not_its_square),
	  RUN(goes_on_where_it_ended_and_cuts_a_torn_line_off),
	  RUN(a_call_without_an_end_is_counted_as_unknown), RUN(one_writer_at_a_time),
	  RUN(a_full_disk_is_an_error_and_leaves_no_half_line), RUN(the_facts_come_back),
	  RUN(a_note_has_a_kind_of_the_table))
