/* Long conversations: when they are made shorter, and what survives. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "seal-agent/test/harness.h"

/* Some turns that fill about `bytes` of the context. */
static void fill(size_t bytes)
{
	cleanup_buf struct buf big = BUF_INIT;

	while (big.len < bytes / 4)
		buf_adds(&big, "word ");
	for (int i = 0; i < 4; i++) {
		harness_reply_text(big.data);
		assert_true(harness_send("more").is_ok);
	}
}

/* A context in which 36,000 bytes with prompt and tools are just too much. */
static void start_small(const char *limits)
{
	harness_start(limits);
	world_model(20000, 4000, 0);
}

TEST(a_short_conversation_is_left_alone)
{
	start_small(NULL);
	fill(2000);
	assert_int_equal(world_requests(), 4);
	assert_false(harness_asked(3, "\"purpose\":\"compaction\""));
}

TEST(a_long_conversation_becomes_its_summary)
{
	size_t n;

	start_small(NULL);
	harness_reply_call("task_add", "{\"titles\":[\"keep me\"]}");
	fill(36000);
	n = world_requests();
	world_answer("chat", "{\"ok\":{\"content\":[{\"text\":{\"text\":\"<summary>\\nTHE "
			     "SUM\\n</summary>\"}}]}}");
	harness_reply_text("going on");
	assert_string_equal(harness_send("the last wish").text, "going on");
	assert_int_equal(world_requests(), n + 2);
	assert_true(harness_asked(n, "\"purpose\":\"compaction\",\"max-output-tokens\":20000"));
	assert_true(harness_asked(n, "under these nine headings"));
	assert_true(harness_asked(n + 1, "<summary>\\nTHE SUM\\n</summary>"));
	assert_true(harness_asked(n + 1, "1. [pending] keep me"));
	assert_true(harness_asked(n + 1, "{\"text\":\"the last wish\"}]}]"));
	assert_true(harness_asked(n + 1, "Use tabs."));
	assert_false(harness_asked(n + 1, "word word"));
}

TEST(a_summary_survives_a_kill)
{
	size_t n;

	start_small(NULL);
	fill(36000);
	harness_reply_text("<summary>THE SUM</summary>");
	harness_reply_text("ok");
	harness_send("x");
	harness_resume(NULL);
	n = world_requests();
	harness_reply_text("ok");
	harness_send("y");
	assert_true(harness_asked(n, "THE SUM"));
	assert_false(harness_asked(n, "word word"));
	/* One packed chunk, the reply, the new message and reply, head, tasks. */
	assert_true(world_keys() < 8);
}

TEST(compaction_can_be_switched_off)
{
	start_small("{\"compact\":{\"enabled\":false}}");
	fill(80000);
	for (size_t i = 0; i < world_requests(); i++)
		assert_false(harness_asked(i, "\"purpose\":\"compaction\""));
}

TEST(the_manifest_may_set_the_threshold)
{
	harness_start("{\"compact\":{\"threshold_pct\":10,\"max_output_tokens\":777}}");
	world_model(100000, 4000, 0);
	fill(24000);
	harness_reply_text("<summary>s</summary>");
	harness_reply_text("ok");
	harness_send("x");
	assert_true(harness_asked(4, "\"purpose\":\"compaction\",\"max-output-tokens\":777"));
}

TEST(a_model_without_a_summary_leaves_the_conversation_as_it_is)
{
	start_small(NULL);
	fill(36000);
	world_answer("chat", "{\"ok\":{\"content\":[]}}");
	harness_reply_text("ok");
	assert_string_equal(harness_send("x").text, "ok");
	assert_true(harness_asked(5, "word word"));
}

TEST(an_overflow_is_answered_by_a_summary_once)
{
	struct outcome outcome;

	harness_start(NULL);
	harness_reply_text("a");
	harness_send("one");
	world_answer("chat", "{\"err\":{\"context-overflow\":\"too long\"}}");
	harness_reply_text("<summary>s</summary>");
	harness_reply_text("fits");
	assert_string_equal(harness_send("two").text, "fits");
	world_answer("chat", "{\"err\":{\"context-overflow\":\"too long\"}}");
	harness_reply_text("<summary>s</summary>");
	world_answer("chat", "{\"err\":{\"context-overflow\":\"still too long\"}}");
	outcome = harness_send("three");
	assert_false(outcome.is_ok);
	assert_string_equal(outcome.text, "context-overflow: still too long");
}

TEST(a_summary_in_the_middle_of_a_turn_loses_no_result_silently)
{
	harness_start(NULL);
	harness_reply_call("file_delete", "{\"path\":\"a\"}");
	world_answer("chat", "{\"err\":{\"context-overflow\":\"too long\"}}");
	harness_reply_text("<summary>deleted a</summary>");
	harness_reply_text("done");
	assert_string_equal(harness_send("delete a").text, "done");
	/* The summary was asked for with the result in sight. */
	assert_true(harness_asked(2, "Deleted a"));
	assert_true(harness_asked(3, "deleted a\\n</summary>"));
	assert_true(harness_asked(3, "{\"text\":\"delete a\"}]}]"));
}

TEST(cancelling_the_summary_cancels_the_turn)
{
	start_small(NULL);
	fill(36000);
	world_answer("chat", "{\"err\":\"cancelled\"}");
	assert_string_equal(harness_send("x").text, "cancelled");
}

TEST(the_person_may_ask_for_a_summary)
{
	harness_start(NULL);
	assert_string_equal(harness_send("/compact").text, "There is nothing to summarize yet.");
	harness_reply_text("a");
	harness_send("one");
	harness_reply_text("<summary>s</summary>");
	assert_string_equal(harness_send("/compact").text, "The conversation was summarized.");
	assert_int_equal(world_requests(), 2);
}

static void read_files(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		harness_reply_call("file_read", "{\"path\":\"a\"}");
		world_answer("file-read", "{\"ok\":{\"text\":\"CONTENT of the file, long enough "
					  "to be worth "
					  "clearing away when nobody needs it any more, which "
					  "is the case "
					  "here\\n\",\"total-lines\":1}}");
	}
	harness_reply_text("ok");
	assert_true(harness_send("go").is_ok);
}

static size_t count(struct str text, const char *what)
{
	size_t n = 0;

	for (size_t at = 0; (at = str_find(text, str_of(what), at)) != STR_NONE; at++)
		n++;
	return n;
}

static const struct idle_row {
	const char *name, *limits;
	uint64_t idle_seconds;
	size_t n_read, want_left;
} idle_rows[] = {
	{ "a short pause clears nothing", NULL, 3599, 8, 8 },
	{ "a long pause keeps the newest five", NULL, 3600, 8, 5 },
	{ "five or fewer stay", NULL, 99999, 5, 5 },
	{ "it can be switched "
	  "off", "{\"compact\":{\"microcompact\":{\"enabled\":false}}}", 99999, 8, 8 },
	{ "gap and number are the manifest's",
	  "{\"compact\":{\"microcompact\":{\"gap_threshold_minutes\":1,\"keep_recent\":2}}}", 60, 8, 2 },
};

TEST(old_results_are_cleared_after_a_pause)
{
	TEST_ROWS(idle_rows, row) {
		harness_start(row->limits);
		read_files(row->n_read);
		world_model(200000, 32000, row->idle_seconds);
		harness_reply_text("ok");
		harness_send("again");
		EXPECT_EQ(row, count(world_request(world_requests() - 1), "CONTENT"), row->want_left);
		EXPECT_EQ(row, count(world_request(world_requests() - 1), "[old tool result "
									  "removed"),
			  row->n_read - row->want_left);
		/* And they stay so. */
		world_model(200000, 32000, 0);
		harness_resume(row->limits);
		harness_reply_text("ok");
		harness_send("again");
		EXPECT_EQ(row, count(world_request(world_requests() - 1), "CONTENT"), row->want_left);
	}
}

TEST(usage_corrects_the_estimate)
{
	harness_start(NULL);
	world_model(100000, 10000, 0);
	/* Few bytes, but the provider counts far more tokens than guessed. */
	for (int i = 0; i < 3; i++) {
		world_answer("chat", "{\"ok\":{\"content\":[{\"text\":{\"text\":\"ok\"}}],"
				     "\"usage\":{\"input\":10,\"cache-read\":79000,\"output\":10}}}");
		harness_send("go");
	}
	fill(64000);
	harness_reply_text("<summary>s</summary>");
	harness_reply_text("ok");
	harness_send("x");
	assert_true(count(world_request(world_requests() - 2), "\"purpose\":\"compaction\"") == 1);
}

TEST_MAIN(RUN(a_short_conversation_is_left_alone), RUN(a_long_conversation_becomes_its_summary),
	  RUN(a_summary_survives_a_kill), RUN(compaction_can_be_switched_off),
	  RUN(the_manifest_may_set_the_threshold),
	  RUN(a_model_without_a_summary_leaves_the_conversation_as_it_is),
	  RUN(an_overflow_is_answered_by_a_summary_once),
	  RUN(a_summary_in_the_middle_of_a_turn_loses_no_result_silently),
	  RUN(cancelling_the_summary_cancels_the_turn), RUN(the_person_may_ask_for_a_summary),
	  RUN(old_results_are_cleared_after_a_pause), RUN(usage_corrects_the_estimate))
