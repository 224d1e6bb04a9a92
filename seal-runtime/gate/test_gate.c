/* What is refused is never executed; what is not recorded is never executed. */
#include "gate/test_fakes.h"

#include <signal.h>
#include <sys/resource.h>

#define READ_ALL "[capabilities.allow.read]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n"
#define WRITE_SRC "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"src/**\"]\n"
#define DENY_ENV "[capabilities.deny.read]\ndefault_files = [\".env\"]\n"

static const struct denial_row {
	const char *name, *rules;
	enum gate_call_id id;
	const char *args;
	const char *rule;	/* in the denial */
} denial_rows[] = {
	{ "a read that a rule denies", READ_ALL DENY_ENV, GATE_tools_file_read,
	  "[\".env\",{\"offset\":null,\"limit\":null}]", "\"rule\":\".env\"" },
	{ "a read by a link to what a rule denies", READ_ALL DENY_ENV, GATE_tools_file_read,
	  "[\"link\",{\"offset\":null,\"limit\":null}]", "\"operation\":\"read\"" },
	{ "a write of the manifest", READ_ALL "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n",
	  GATE_tools_file_write, "[\"seal.toml\",\"x\"]", "\"operation\":\"write\"" },
	{ "a write of /dev", "", GATE_tools_file_write, "[\"/dev/null\",\"x\"]", "\"operation\":\"write\"" },
	{ "a page on a denied host", "[capabilities.deny.network]\ndomains = [\"evil.example\"]\n",
	  GATE_tools_web_fetch, "[\"https://evil.example/x\"]", "\"operation\":\"connect\"" },
	{ "a page on this machine", "", GATE_tools_web_fetch, "[\"http://127.0.0.1:1/\"]",
	  "\"operation\":\"connect\"" },
	{ "what nobody granted where nobody may be asked",
	  "[security]\nallow_runtime_expansion = false\n", GATE_tools_file_write, "[\"a\",\"x\"]",
	  "sandbox denied write" },
};

TEST(what_is_denied_is_not_done_and_nobody_is_asked)
{
	TEST_ROWS(denial_rows, row) {
		char link[128];

		gate_begin(row->rules);
		fake.choice = ASK_ALLOW;
		project_file(".env", "KEY=secret-bytes");
		project_file("seal.toml", "old");
		snprintf(link, sizeof(link), "%s/link", root);
		assert_int_equal(symlink(".env", link), 0);
		call(row->id, row->args);
		EXPECT_HAS(result.data, "{\"err\":{\"denied\":{\"target\":");
		EXPECT_HAS(result.data, row->rule);
		EXPECT_HAS(result.data, "\"hint\":\"");
		EXPECT_TRUE(row, !strstr(result.data, "secret-bytes"));
		EXPECT_EQ(row, fake.asks, 0);
		EXPECT_EQ(row, fake.runs, 0);
		EXPECT_TRUE(row, project_is("seal.toml", "old"));
		gate_end();
	}
}

static const struct ask_row {
	const char *name;
	enum ask_choice choice;
	bool nobody, done;
	const char *says;
	unsigned int asks_twice;	/* after the same call once more */
	const char *pattern;
} ask_rows[] = {
	{ "a no is a denial", ASK_DENY, false, false, "a person was asked and refused", 2, NULL },
	{ "nobody there is a denial", ASK_ALLOW, true, false, "nobody was there", 2, NULL },
	{ "a yes is for this once", ASK_ALLOW, false, true, "\"ok\"", 2, "src/**" },
	{ "an always is not asked again", ASK_ALLOW_ALWAYS, false, true, "\"ok\"", 1, "src/**" },
	{ "a never is not asked again", ASK_DENY_ALWAYS, false, false, "denied", 1, "src/**" },
};

TEST(a_person_decides)
{
	TEST_ROWS(ask_rows, row) {
		gate_begin(READ_ALL);
		fake.choice = row->choice;
		fake.nobody = row->nobody;
		fake.pattern = row->pattern;
		EXPECT_HAS(call(GATE_tools_file_write, "[\"src/a\",\"one\"]"), row->says);
		EXPECT_EQ(row, project_is("src/a", "one"), row->done);
		EXPECT_HAS(fake.diff, "+one");
		call(GATE_tools_file_write, "[\"src/a\",\"two\"]");
		EXPECT_EQ(row, fake.asks, row->asks_twice);
		EXPECT_EQ(row, project_is("src/a", "two"), row->done);
		gate_end();
	}
}

static rlim_t log_size(void)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/events.jsonl", session);
	assert_int_equal(stat(path, &st), 0);
	return (rlim_t)st.st_size;
}

static bool write_at_room(rlim_t room)
{
	bool written;
	struct err err;
	struct rlimit old, small;
	int r;

	gate_begin(READ_ALL WRITE_SRC);
	for (unsigned int i = 0; i < 40; i++)
		call(GATE_console_print, "[\"padding padding padding padding padding padding\"]");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ log_size() + room, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	buf_clear(&result);
	r = gate_pass(gate, GATE_tools_file_write, STR("[\"src/a\",\"x\"]"), &result, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	written = project_is("src/a", "x");
	/* It was written only if begin and decision are in the log. */
	if (written || r == 0) {
		struct buf text = BUF_INIT;
		char path[128];

		snprintf(path, sizeof(path), "%s/events.jsonl", session);
		MUST(fd_read_file(AT_FDCWD, path, 1 << 20, &text, &err), &err);
		EXPECT_HAS(text.data, "\"kind\":\"begin\",\"call\":\"tools.file-write\"");
		EXPECT_HAS(text.data, "\"verdict\":\"allow\",\"rule\":\"src/**/*\"");
		buf_fini(&text);
	}
	gate_end();
	return written;
}

TEST(a_disk_that_fills_up_at_any_byte_lets_nothing_through_unrecorded)
{
	unsigned int ran = 0, refused = 0;

	(void)signal(SIGXFSZ, SIG_IGN);
	for (rlim_t room = 0; room < 1200; room += 37) {
		if (write_at_room(room))
			ran++;
		else
			refused++;
	}
	assert_true(ran > 0 && refused > 0);
}

TEST(a_cancelled_turn_does_nothing_more)
{
	int fds[2];

	gate_begin(READ_ALL WRITE_SRC);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "c", 1), 1);
	up.cancel_fd = fds[0];
	assert_string_equal(call(GATE_tools_file_write, "[\"src/a\",\"x\"]"), "{\"err\":\"cancelled\"}");
	assert_false(project_is("src/a", "x"));
	up.cancel_fd = -1;
	close(fds[0]), close(fds[1]);
	gate_end();
}

TEST(every_call_is_in_the_log_with_its_decision)
{
	struct audit_summary summary;
	struct err err;

	gate_begin(READ_ALL DENY_ENV);
	fake.choice = ASK_ALLOW;
	call(GATE_tools_file_list, "[\".\",false]");
	call(GATE_tools_file_read, "[\".env\",{}]");
	call(GATE_tools_file_write, "[\"a\",\"x\"]");
	call(GATE_storage_save, "[\"k\",\"v\"]");
	MUST(audit_summarize(session, &summary, &err), &err);
	assert_int_equal(summary.n_calls, 4);
	assert_int_equal(summary.n_asked, 1);
	assert_int_equal(summary.n_unknown, 0);
	gate_end();
}

TEST(a_changed_manifest_rules_from_then_on)
{
	struct manifest *changed = NULL;
	struct err err;

	gate_begin(READ_ALL);
	project_file("a", "text");
	EXPECT_HAS(call(GATE_tools_file_read, "[\"a\",{}]"), "\"text\":\"text\"");
	MUST(manifest_parse(STR(MANIFEST_HEAD "[capabilities.deny.read]\npaths = [{ path = \".\", files = [\"a\"] }]\n"),
			    "seal.toml", &changed, &err), &err);
	MUST(gate_reload(gate, changed, &err), &err);
	EXPECT_HAS(call(GATE_tools_file_read, "[\"a\",{}]"), "denied");
	gate_end();
	manifest_free(changed);
}

TEST_MAIN(RUN(what_is_denied_is_not_done_and_nobody_is_asked), RUN(a_person_decides),
	 
	  RUN(a_disk_that_fills_up_at_any_byte_lets_nothing_through_unrecorded),
	  RUN(a_cancelled_turn_does_nothing_more), RUN(every_call_is_in_the_log_with_its_decision),
	  RUN(a_changed_manifest_rules_from_then_on))
