/* Each call's own manners: what the guest is told, shown and kept from. */
#include "gate/test_fakes.h"

#define RULES "[capabilities.allow.read]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n" \
	      "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n[capabilities.allow.delete]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n" \
	      "[capabilities.deny.read]\ndefault_files = [\".env\", \"*.key\"]\n"

TEST(reads_and_writes)
{
	gate_begin(RULES);
	EXPECT_HAS(call(GATE_tools_file_write, "[\"d/a.txt\",\"one\\ntwo\\n\"]"),
		   "{\"ok\":{\"created\":true,\"bytes\":8,\"diff\":\"--- /dev/null");
	assert_string_equal(call(GATE_tools_file_read, "[\"d/a.txt\",{\"offset\":2,\"limit\":1}]"),
			    "{\"ok\":{\"text\":\"two\\n\",\"total-lines\":2,\"first-line\":2,"
			    "\"encoding\":\"utf-8\",\"base64\":false}}");
	EXPECT_HAS(call(GATE_tools_file_edit, "[\"d/a.txt\",[{\"old\":\"two\",\"new\":\"2\",\"replace-all\":false}]]"),
		   "-two\\n+2\\n");
	assert_true(project_is("d/a.txt", "one\n2\n"));
	assert_string_equal(call(GATE_tools_file_delete, "[\"d/a.txt\"]"), "{\"ok\":null}");
	EXPECT_HAS(call(GATE_tools_file_read, "[\"d/a.txt\",{}]"), "{\"err\":{\"failed\":\"d/a.txt: No such file");
	EXPECT_HAS(call(GATE_tools_file_edit, "[\"none\",[{\"old\":\"a\",\"new\":\"b\",\"replace-all\":false}]]"),
		   "{\"err\":{\"failed\":\"none: No such file");
	gate_end();
}

TEST(what_exists_outside_is_not_told)
{
	gate_begin(RULES);
	EXPECT_HAS(call(GATE_tools_file_read, "[\"/no/such/file/at/all\",{}]"), "denied");
	gate_end();
}

TEST(a_file_that_changed_since_it_was_read_is_not_overwritten)
{
	gate_begin(RULES);
	project_file("a", "one\n");
	call(GATE_tools_file_read, "[\"a\",{}]");
	project_file("a", "somebody else\n");
	EXPECT_HAS(call(GATE_tools_file_write, "[\"a\",\"mine\\n\"]"), "changed since you read it");
	EXPECT_HAS(call(GATE_tools_file_edit, "[\"a\",[{\"old\":\"else\",\"new\":\"x\",\"replace-all\":false}]]"),
		   "changed since you read it");
	assert_true(project_is("a", "somebody else\n"));
	call(GATE_tools_file_read, "[\"a\",{}]");
	EXPECT_HAS(call(GATE_tools_file_write, "[\"a\",\"mine\\n\"]"), "\"ok\"");
	EXPECT_HAS(call(GATE_tools_file_write, "[\"a\",\"mine again\\n\"]"), "\"ok\"");
	gate_end();
}

TEST(a_right_to_write_is_none_to_read)
{
	gate_begin(RULES);
	project_file("x.key", "the secret\n");
	EXPECT_HAS(call(GATE_tools_file_edit, "[\"x.key\",[{\"old\":\"the secre\\n\",\"new\":\"x\",\"replace-all\":false}]]"),
		   "it may not be read");
	assert_null(strstr(result.data, "secret"));
	EXPECT_HAS(call(GATE_tools_file_write, "[\"x.key\",\"new\\n\"]"), "\"diff\":\"\"");
	gate_end();
}

TEST(lists_and_searches_hide_what_is_denied)
{
	gate_begin(RULES);
	project_file(".env", "needle=1\n");
	project_file("a.c", "needle\n");
	project_file("b.key", "needle\n");
	assert_string_equal(call(GATE_tools_file_list, "[\".\",false]"),
			    "{\"ok\":{\"entries\":[{\"path\":\"a.c\",\"kind\":\"file\",\"size\":7}],"
			    "\"truncated\":false}}");
	assert_string_equal(call(GATE_tools_file_glob, "[\"**/*\"]"),
			    "{\"ok\":{\"entries\":[{\"path\":\"a.c\",\"kind\":\"file\",\"size\":7}],"
			    "\"truncated\":false}}");
	assert_string_equal(call(GATE_tools_grep, "[\"needle\",\".\",{}]"),
			    "{\"ok\":{\"lines\":[{\"path\":\"a.c\",\"line\":1,\"text\":\"needle\","
			    "\"is-context\":false}],\"truncated\":false}}");
	EXPECT_HAS(call(GATE_tools_grep, "[\"needle\",\"b.key\",{}]"), "denied");
	EXPECT_HAS(call(GATE_tools_grep, "[\"(\",\".\",{}]"), "{\"err\":{\"invalid\":\"the pattern does not compile");
	assert_int_equal(fake.asks, 0);
	gate_end();
}

TEST(a_search_where_nothing_is_granted_asks_for_the_folder)
{
	gate_begin("");
	project_file("a.c", "needle\n");
	fake.choice = ASK_DENY;
	EXPECT_HAS(call(GATE_tools_grep, "[\"needle\",\".\",{}]"), "denied");
	fake.choice = ASK_ALLOW;
	EXPECT_HAS(call(GATE_tools_grep, "[\"needle\",\".\",{}]"), "\"text\":\"needle\"");
	assert_int_equal(fake.asks, 2);
	gate_end();
}

TEST(results_have_their_limits)
{
	gate_begin(RULES "[limits]\nmax_list_results = 2\ngrep_max_results = 2\nfile_read_max_bytes = 64\n");
	project_file("a", "x\nx\nx\nx\n");
	project_file("b", "0123456789012345678901234567890123456789012345678901234567890123456789\n");
	project_file("c", "");
	EXPECT_HAS(call(GATE_tools_file_list, "[\".\",false]"), "\"truncated\":true");
	EXPECT_HAS(call(GATE_tools_grep, "[\"x\",\"a\",{}]"), "\"line\":2,");
	assert_null(strstr(result.data, "\"line\":3,"));
	EXPECT_HAS(result.data, "\"truncated\":true");
	EXPECT_HAS(call(GATE_tools_file_read, "[\"b\",{}]"), "offset and limit");
	gate_end();
}

TEST(the_model)
{
	gate_begin("[limits]\nmax_session_tokens = 100\nmax_cost_usd = 2.0\n");
	EXPECT_HAS(call(GATE_llm_chat, "[{\"system\":\"s\",\"messages\":[],\"tools\":[],"
				       "\"max-output-tokens\":null,\"purpose\":\"turn\"}]"),
		   "{\"ok\":{\"content\":[]");
	assert_string_equal(fake.request, "{\"system\":\"s\",\"messages\":[],\"tools\":[],"
					  "\"max-output-tokens\":null,\"purpose\":\"turn\"}");
	EXPECT_HAS(fake.shown.data, "text hello\nusage {\"input\":1,\"output\":2,\"cache-read\":3,"
				    "\"cache-write\":4,\"context\":10,\"size\":1000,\"cost\":0.000000}");
	buf_clear(&fake.shown);
	call(GATE_llm_chat, "[{\"purpose\":\"title\"}]");
	assert_null(strstr(fake.shown.data, "hello"));
	fake.tokens = 100;
	EXPECT_HAS(call(GATE_llm_chat, "[{\"purpose\":\"turn\"}]"), "{\"err\":{\"budget\":\"max_session_tokens");
	fake.tokens = 0;
	fake.cost = 2.5;
	EXPECT_HAS(call(GATE_llm_chat, "[{\"purpose\":\"turn\"}]"), "{\"err\":{\"budget\":\"max_cost_usd");
	assert_int_equal(fake.chats, 2);
	gate_end();
}

TEST(the_host_counts_the_calls_of_a_message_itself)
{
	gate_begin("");
	gate_begin_turn(gate, 2);
	for (int i = 0; i < 2; i++) {
		EXPECT_HAS(call(GATE_llm_chat, "[{\"purpose\":\"turn\"}]"), "{\"ok\"");
		EXPECT_HAS(call(GATE_llm_chat, "[{\"purpose\":\"compaction\"}]"), "{\"ok\"");
	}
	EXPECT_HAS(call(GATE_llm_chat, "[{\"purpose\":\"turn\"}]"), "{\"err\":{\"budget\":\"max_turns reached");
	EXPECT_HAS(call(GATE_llm_chat, "[{\"purpose\":\"title\"}]"), "{\"ok\"");
	EXPECT_HAS(call(GATE_llm_chat, "[{\"purpose\":\"compaction\"}]"), "{\"err\":{\"budget\":\"max_turns reached");
	gate_begin_turn(gate, 2);
	EXPECT_HAS(call(GATE_llm_chat, "[{\"purpose\":\"turn\"}]"), "{\"ok\"");
	gate_end();
}

TEST(storage_and_console)
{
	gate_begin("");
	assert_string_equal(call(GATE_storage_save, "[\"a/b\",\"v\\u0001\"]"), "{\"ok\":null}");
	assert_string_equal(call(GATE_storage_load, "[\"a/b\"]"), "{\"ok\":\"v\\u0001\"}");
	assert_string_equal(call(GATE_storage_load, "[\"none\"]"), "{\"ok\":null}");
	EXPECT_HAS(call(GATE_storage_save, "[\"../x\\u0000\",\"v\"]"), "{\"err\":\"byte");
	assert_string_equal(call(GATE_storage_list_keys, "[\"a\"]"), "{\"ok\":[\"a/b\"]}");
	assert_string_equal(call(GATE_storage_delete, "[\"a/b\"]"), "{\"ok\":null}");
	assert_string_equal(call(GATE_console_print, "[\"hi\"]"), "null");
	assert_string_equal(call(GATE_console_show_tasks, "[[{\"id\":1,\"title\":\"t\",\"state\":\"done\"}]]"), "null");
	EXPECT_HAS(fake.shown.data, "print hi\ntasks [{\"id\":1,\"title\":\"t\",\"state\":\"done\"}]");
	assert_string_equal(call(GATE_console_ask, "[\"q\",[\"yes\",\"no\"]]"), "\"no\"");
	fake.nobody = true;
	assert_string_equal(call(GATE_console_ask, "[\"q\",[\"yes\",\"no\"]]"), "null");
	assert_string_equal(call(GATE_tools_external_tools, "[]"), "[]");
	EXPECT_HAS(call(GATE_tools_external_call, "[\"s\",\"n\",\"{}\"]"), "invalid");
	gate_end();
}

TEST(the_output_of_its_own_commands_may_be_read)
{
	char path[128], args[200];
	int fd;

	gate_begin("");
	snprintf(path, sizeof(path), "%s/output", session);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/output/1.txt", session);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "spilled", 7), 7);
	close(fd);
	snprintf(args, sizeof(args), "[\"%s\",{}]", path);
	EXPECT_HAS(call(GATE_tools_file_read, args), "\"text\":\"spilled\"");
	snprintf(args, sizeof(args), "[\"%s/events.jsonl\",{}]", session);
	fake.nobody = true;
	EXPECT_HAS(call(GATE_tools_file_read, args), "denied");
	gate_end();
}

TEST(a_person_sees_what_happens)
{
	gate_begin(RULES);
	call(GATE_tools_file_write, "[\"a\",\"x\\n\"]");
	EXPECT_HAS(fake.shown.data, "tool {\"id\":\"c1\",\"call\":\"tools.file-write\",\"title\":\"Write\","
				    "\"kind\":\"edit\",\"subject\":\"a\",\"args\":[\"a\",\"x\\n\"]}");
	EXPECT_HAS(fake.shown.data, "end {\"id\":\"c1\",\"outcome\":\"done\",\"rule\":\"**/*\",\"result\":{\"ok\"");
	EXPECT_HAS(fake.shown.data, "\"diff\":\"--- /dev/null");
	gate_end();
}

TEST_MAIN(RUN(reads_and_writes), RUN(what_exists_outside_is_not_told),
	  RUN(a_file_that_changed_since_it_was_read_is_not_overwritten),
	  RUN(a_right_to_write_is_none_to_read), RUN(lists_and_searches_hide_what_is_denied),
	  RUN(a_search_where_nothing_is_granted_asks_for_the_folder), RUN(results_have_their_limits),
	  RUN(the_model),
		RUN(the_host_counts_the_calls_of_a_message_itself), RUN(storage_and_console),
	  RUN(the_output_of_its_own_commands_may_be_read), RUN(a_person_sees_what_happens))
