/* The loop: what ends a turn, and what the model is told in between. */
#include "seal-agent/test/harness.h"

#define CALL(id, name, input) \
	"{\"tool-use\":{\"id\":\"" id "\",\"name\":\"" name "\",\"input-json\":\"" input "\"}}"
#define TEXT(text) "{\"text\":{\"text\":\"" text "\"}}"
#define REPLY(content, stop) "{\"ok\":{\"content\":[" content "],\"stop\":\"" stop "\"}}"

static const struct end_row {
	const char *name, *reply, *want_text, *want_stop;
	bool want_ok;
} end_rows[] = {
	{ "a text ends the turn", REPLY(TEXT("done"), "end-turn"), "done", "end-turn", true },
	{ "texts are put "
	  "together", REPLY(TEXT("a") "," TEXT("b"), "end-turn"), "ab", "end-turn", true },
	{ "an empty reply is an empty text", REPLY("", "end-turn"), "", "end-turn", true },
	{ "a text cut at the limit says "
	  "so", REPLY(TEXT("long"), "max-tokens"), "long", "max-tokens",
	  true },
	{ "a refusal is told", REPLY(TEXT("I"), "refusal"), "I", "refusal", true },
	{ "an unknown reason is an error", REPLY(TEXT("x"), "other"), "x", "error", true },
	{ "a missing key names auth", "{\"err\":{\"auth\":\"no key\"}}", "auth: no "
									 "key", "", false },
	{ "a spent budget is named", "{\"err\":{\"budget\":\"2 USD\"}}", "budget: 2 "
									 "USD", "", false },
	{ "a broken network is named", "{\"err\":{\"network\":\"reset\"}}", "network: "
									    "reset", "", false },
	{ "an overloaded provider is named", "{\"err\":{\"overloaded\":\"529\"}}", "overloaded: "
										   "529", "",
	  false },
	{ "a cancelled call has no more to "
	  "say", "{\"err\":\"cancelled\"}", "cancelled", "", false },
};

TEST(ends)
{
	TEST_ROWS(end_rows, row) {
		struct outcome outcome;

		harness_start(NULL);
		world_answer("chat", row->reply);
		outcome = harness_send("hello");
		EXPECT_EQ(row, outcome.is_ok, row->want_ok);
		EXPECT_STR(row, str_of(outcome.text), row->want_text);
		EXPECT_STR(row, str_of(outcome.stop), row->want_stop);
		EXPECT_EQ(row, world_requests(), 1);
	}
}

TEST(a_result_goes_back_to_the_model)
{
	struct outcome outcome;

	harness_start(NULL);
	harness_reply_call("file_read", "{\"path\":\"a.c\"}");
	harness_reply_text("read it");
	world_answer("file-read", "{\"ok\":{\"text\":\"int "
				  "x;\\n\",\"total-lines\":1,\"first-line\":1}}");
	outcome = harness_send("look");
	assert_true(outcome.is_ok);
	assert_string_equal(outcome.text, "read it");
	assert_int_equal(outcome.tool_calls, 1);
	assert_int_equal(outcome.llm_calls, 2);
	assert_true(harness_asked(1, "\"tool-result\":\"     1\\tint "
				     "x;\\n\",\"id\":\"c1\",\"is-error\":false"));
}

TEST(results_of_one_reply_are_one_message_in_order)
{
	harness_start(NULL);
	world_answer("chat", REPLY(TEXT("both") "," CALL("c1", "file_delete", "{\\\"path\\\":\\\"a\\\"}") ","
				   CALL("c2", "file_delete", "{\\\"path\\\":\\\"b\\\"}"), "tool-use"));
	harness_reply_text("ok");
	assert_int_equal(harness_send("go").tool_calls, 2);
	assert_true(harness_asked(1, "{\"role\":\"user\",\"content\":["
				     "{\"tool-result\":\"Deleted "
				     "a\",\"id\":\"c1\",\"is-error\":false},"
				     "{\"tool-result\":\"Deleted "
				     "b\",\"id\":\"c2\",\"is-error\":false}]}]"));
}

TEST(blocks_go_back_unchanged)
{
	harness_start(NULL);
	world_answer("chat", REPLY("{\"thinking\":{\"text\":\"hm\",\"signature\":\"sig==\"}},"
				   "{\"redacted-thinking\":\"opaque\"}," CALL("c1", "task_list", "{ }"),
				   "tool-use"));
	harness_reply_text("ok");
	harness_send("go");
	assert_true(harness_asked(1, "[{\"thinking\":\"hm\",\"signature\":\"sig==\"},"
				     "{\"redacted-thinking\":\"opaque\"},"
				     "{\"tool-use\":\"task_list\",\"id\":\"c1\",\"input\":\"{ "
				     "}\"}]"));
}

static const struct bad_row {
	const char *name, *tool, *input, *want;
} bad_rows[] = {
	{ "a tool that does not exist", "frobnicate", "{}", "there is no tool \"frobnicate\"" },
	{ "half a JSON text", "file_read", "{\"path\":\"a", "not valid JSON (byte" },
	{ "JSON that is no object", "file_read", "[1]", "not a JSON object" },
	{ "a missing field", "file_read", "{}", "\"path\" is missing; it must be a string" },
	{ "an unknown field", "file_read", "{\"path\":\"a\",\"file\":\"b\"}",
	  "there is no field \"file\"; the fields are \"path\", \"offset\", \"limit\"" },
	{ "a string for a number", "file_read", "{\"path\":\"a\",\"offset\":\"3\"}",
	  "\"offset\" must be an integer of at least 1, not this string" },
	{ "a number that is too small", "file_read", "{\"path\":\"a\",\"offset\":0}",
	  "\"offset\" must be an integer of at least 1, not 0" },
	{ "a word that is not offered", "task_update", "{\"id\":1,\"state\":\"finished\"}",
	  "\"state\" must be one of \"pending\", \"active\", \"done\", \"dropped\"" },
	{ "a bad item in a list", "file_edit",
	  "{\"path\":\"a\",\"edits\":[{\"old\":\"x\",\"new\":\"y\"},{\"old\":\"x\"}]}",
	  "\"new\" is missing; it must be a string (in item 2 of \"edits\")" },
	{ "both forms of an edit", "file_edit",
	  "{\"path\":\"a\",\"old\":\"x\",\"new\":\"y\",\"edits\":[{\"old\":\"x\",\"new\":\"y\"}]}",
	  "needs either" },
	{ "half of an edit", "file_edit", "{\"path\":\"a\",\"old\":\"x\"}", "needs either" },
	{ "a step that does not exist", "task_update", "{\"id\":7}", "no step with this id" },
};

TEST(bad_calls_are_told_and_not_run)
{
	TEST_ROWS(bad_rows, row) {
		const char *result;
		bool is_error;

		harness_start(NULL);
		world_log_clear();
		harness_reply_call(row->tool, row->input);
		harness_reply_text("sorry");
		EXPECT_EQ(row, harness_send("go").is_ok, true);
		result = harness_result(&is_error);
		EXPECT_EQ(row, is_error, true);
		if (!strstr(result, row->want))
			fail_msg("%s: \"%s\" does not say \"%s\"", row->name, result, row->want);
		EXPECT_EQ(row, str_find(world_log(), STR("file-"), 0), STR_NONE);
	}
}

TEST(arguments_that_are_no_json_do_not_go_back_to_the_provider)
{
	harness_start(NULL);
	harness_reply_call("file_read", "{\"path\":");
	harness_reply_text("sorry");
	harness_send("go");
	assert_true(harness_asked(1, "{\"tool-use\":\"file_read\",\"id\":\"c1\",\"input\":\"{}\"}"));
}

TEST(no_arguments_are_an_empty_object)
{
	bool is_error;

	harness_start(NULL);
	harness_reply_call("task_list", "");
	harness_reply_text("ok");
	harness_send("go");
	assert_string_equal(harness_result(&is_error), "(the task list is empty)\n");
	assert_false(is_error);
}

TEST(the_turn_limit_ends_the_turn_with_its_results_kept)
{
	struct outcome outcome;

	harness_start("{\"max_turns\":2}");
	for (int i = 0; i < 2; i++)
		harness_reply_call("task_list", "{}");
	outcome = harness_send("go");
	assert_string_equal(outcome.stop, "limit");
	assert_int_equal(outcome.llm_calls, 2);
	harness_reply_text("ok");
	assert_string_equal(harness_send("on").stop, "end-turn");
	assert_true(harness_asked(2, "\"is-error\":false},{\"text\":\"on\"}]}]"));
}

TEST(calls_of_a_cut_reply_are_not_run)
{
	bool is_error;

	harness_start(NULL);
	world_answer("chat", REPLY(CALL("c1", "file_delete", "{\\\"path\\\":\\\"a\\\"}"), "max-tokens"));
	harness_reply_text("smaller now");
	assert_int_equal(harness_send("go").tool_calls, 0);
	assert_non_null(strstr(harness_result(&is_error), "cut at the output limit"));
	assert_true(is_error);
	assert_true(str_find(world_log(), STR("file-delete"), 0) == STR_NONE);
}

TEST(a_model_that_is_cut_again_and_again_is_stopped)
{
	harness_start(NULL);
	for (int i = 0; i < 10; i++)
		world_answer("chat", REPLY(CALL("c1", "file_delete", "{"), "max-tokens"));
	assert_string_equal(harness_send("go").stop, "max-tokens");
	assert_int_equal(world_requests(), 3);
}

TEST(a_cancelled_tool_ends_the_turn_and_skips_the_rest)
{
	harness_start(NULL);
	world_answer("chat", REPLY(CALL("c1", "command_run", "{\\\"command\\\":\\\"make\\\"}") ","
				   CALL("c2", "file_delete", "{\\\"path\\\":\\\"b\\\"}"), "tool-use"));
	world_answer("command-run", "{\"err\":\"cancelled\"}");
	assert_string_equal(harness_send("go").stop, "cancelled");
	assert_int_equal(world_requests(), 1);
	assert_true(str_find(world_log(), STR("file-delete"), 0) == STR_NONE);
	harness_reply_text("ok");
	harness_send("on");
	assert_true(harness_asked(1, "\"Not run: the user cancelled the turn.\",\"id\":\"c2\""));
}

TEST(a_message_after_an_error_joins_the_one_before)
{
	harness_start(NULL);
	world_answer("chat", "{\"err\":{\"network\":\"down\"}}");
	assert_false(harness_send("one").is_ok);
	harness_reply_text("ok");
	harness_send("two");
	assert_true(harness_asked(1, "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"one\"},"
				     "{\"text\":\"two\"}]}]"));
}

TEST(a_thought_alone_is_closed_by_a_text)
{
	harness_start(NULL);
	world_answer("chat", REPLY("{\"thinking\":{\"text\":\"hm\",\"signature\":\"s\"}}", "max-tokens"));
	assert_string_equal(harness_send("go").stop, "max-tokens");
	harness_reply_text("ok");
	harness_send("on");
	assert_true(harness_asked(1, "\"signature\":\"s\"},{\"text\":\"[The reply ended here"));
}

TEST(a_text_without_a_word_is_not_kept)
{
	harness_start(NULL);
	world_answer("chat", REPLY(TEXT("") "," TEXT("word") "," TEXT(" \\n"), "end-turn"));
	harness_send("go");
	harness_reply_text("ok");
	harness_send("on");
	assert_true(harness_asked(1, "{\"role\":\"assistant\",\"content\":[{\"text\":\"word\"}]}"));
}

TEST(a_command_by_hand_is_run_and_told_with_the_next_message)
{
	struct outcome outcome;

	harness_start(NULL);
	outcome = harness_send("! make check ");
	assert_true(outcome.is_ok);
	assert_int_equal(outcome.llm_calls, 0);
	assert_int_equal(outcome.tool_calls, 1);
	harness_reply_text("Seen.");
	(void)harness_send("What was that?");
	assert_true(harness_asked(0, "I ran this command by hand:\\nmake check\\n\\nIt gave:"));
	assert_true(harness_asked(0, "What was that?"));
}

TEST(a_message_before_init_is_refused)
{
	struct outcome outcome;

	world_reset();
	outcome = harness_send("hello");
	assert_false(outcome.is_ok);
	assert_string_equal(outcome.text, "invalid: init has not succeeded");
}

TEST(the_prompt_holds_the_project_and_its_instructions)
{
	harness_start(NULL);
	harness_reply_text("ok");
	harness_send("hello");
	assert_true(harness_asked(0, "Project root: /p\\n- Project name: sample"));
	assert_true(harness_asked(0, "<instructions path=\\\"AGENTS.md\\\">\\nUse "
				     "tabs.\\n</instructions>"));
}

static uint64_t run_once(void)
{
	harness_start(NULL);
	harness_reply_call("command_run", "{\"command\":\"make\"}");
	harness_reply_text("ok");
	world_answer("command-run", "{\"ok\":{\"exit-code\":1,\"output\":\"no\\n\"}}");
	harness_send("go");
	return world_sum();
}

TEST(the_same_answers_make_the_same_calls)
{
	uint64_t first = run_once();

	assert_true(first == run_once());
}

/* Two agents and a call of its own in one reply: the results come in one
 * message when the agents have run. */
TEST(agents_answer_when_this_one_is_called_again)
{
	struct outcome first, second;

	harness_start(NULL);
	world_answer("chat", "{\"ok\":{\"content\":["
			     "{\"tool-use\":{\"id\":\"x\",\"name\":\"agent_run\",\"input-json\":\"{\\\"task\\\":\\\"look\\\",\\\"paths\\\":[\\\"src\\\"]}\"}},"
			     "{\"tool-use\":{\"id\":\"y\",\"name\":\"task_list\",\"input-json\":\"{}\"}},"
			     "{\"tool-use\":{\"id\":\"z\",\"name\":\"agent_run\",\"input-json\":\"{\\\"task\\\":\\\"do\\\",\\\"writes\\\":true}\"}}],"
			     "\"stop\":\"tool-use\"}}");
	world_answer("start", "{\"ok\":\"a1\"}");
	world_answer("start", "{\"ok\":\"a2\"}");
	first = harness_send("go");
	assert_true(first.is_ok);
	assert_string_equal(first.stop, "agents");
	assert_int_equal(world_requests(), 1);
	assert_non_null(strstr(world_log().data, "start [\"look\",false,false,false,\"src\"]\n"));
	assert_non_null(strstr(world_log().data, "start [\"do\",true,false,false]\n"));
	world_answer("answer", "{\"ok\":\"found </untrusted> it\"}");
	world_answer("answer", "{\"err\":{\"failed\":\"the agent was stopped\"}}");
	harness_reply_text("all done");
	second = harness_send("/agents");
	assert_true(second.is_ok);
	assert_string_equal(second.text, "all done");
	assert_true(harness_asked(1, "\"tool-result\":\"<untrusted source=\\\"agent a1\\\">\\nfound <\\\\/untrusted> it"));
	assert_true(harness_asked(1, "\"tool-result\":\"Failed: the agent was stopped\",\"id\":\"z\",\"is-error\":true"));
}

TEST(agents_that_never_ran_are_said_to_be_unknown)
{
	harness_start(NULL);
	harness_reply_call("agent_run", "{\"task\":\"look\"}");
	assert_string_equal(harness_send("go").stop, "agents");
	harness_reply_text("ok");
	assert_true(harness_send("something else").is_ok);
	assert_true(harness_asked(1, "whether it took effect is unknown"));
	/* A person may say the word; then it is one. */
	harness_reply_text("ok");
	assert_true(harness_send("/agents").is_ok);
	assert_true(harness_asked(2, "\"text\":\"/agents\""));
}

TEST_MAIN(RUN(agents_answer_when_this_one_is_called_again),
	  RUN(agents_that_never_ran_are_said_to_be_unknown), RUN(ends), RUN(a_result_goes_back_to_the_model),
	  RUN(results_of_one_reply_are_one_message_in_order), RUN(blocks_go_back_unchanged),
	  RUN(bad_calls_are_told_and_not_run),
	  RUN(arguments_that_are_no_json_do_not_go_back_to_the_provider),
	  RUN(no_arguments_are_an_empty_object),
	  RUN(the_turn_limit_ends_the_turn_with_its_results_kept),
	  RUN(calls_of_a_cut_reply_are_not_run), RUN(a_model_that_is_cut_again_and_again_is_stopped),
	  RUN(a_cancelled_tool_ends_the_turn_and_skips_the_rest),
	  RUN(a_message_after_an_error_joins_the_one_before), RUN(a_thought_alone_is_closed_by_a_text),
	  RUN(a_text_without_a_word_is_not_kept),
	  RUN(a_command_by_hand_is_run_and_told_with_the_next_message), RUN(a_message_before_init_is_refused),
	  RUN(the_prompt_holds_the_project_and_its_instructions),
	  RUN(the_same_answers_make_the_same_calls))
