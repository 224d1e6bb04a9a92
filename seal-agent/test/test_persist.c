/* What survives a kill, and what the model is told about what did not. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "seal-agent/test/harness.h"

static bool logged(const char *line)
{
	return str_find(world_log(), str_of(line), 0) != STR_NONE;
}

TEST(a_session_goes_on_where_it_was)
{
	harness_start(NULL);
	world_answer("chat", "{\"ok\":{\"content\":[{\"thinking\":{\"text\":\"hm\",\"signature\":\"s\"}},"
			     "{\"text\":{\"text\":\"first \\u00e9\"}}]}}");
	harness_send("one");
	harness_resume(NULL);
	harness_reply_text("second");
	harness_send("two");
	assert_true(harness_asked(1, "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"one\"}]},"
				     "{\"role\":\"assistant\",\"content\":[{\"thinking\":\"hm\","
				     "\"signature\":\"s\"},{\"text\":\"first \xc3\xa9\"}]},"
				     "{\"role\":\"user\",\"content\":[{\"text\":\"two\"}]}]"));
}

TEST(a_new_session_touches_no_storage_before_its_first_message)
{
	harness_start(NULL);
	assert_int_equal(world_log().len, 0);
}

TEST(each_step_is_stored_before_the_next)
{
	harness_start(NULL);
	harness_reply_call("file_delete", "{\"path\":\"a\"}");
	harness_reply_text("ok");
	harness_send("go");
	assert_string_equal(world_log().data, "save [\"history/0001/000001\"]\n"
					      "save [\"history/0001/000002\"]\n"
					      "file-delete [\"a\"]\n"
					      "save [\"history/0001/000003\"]\n"
					      "save [\"history/0001/000004\"]\n");
}

static size_t stored_bytes(void)
{
	struct str value;
	size_t sum = 0;

	for (int i = 1; i <= 99; i++) {
		char key[] = "history/0001/000000";

		key[17] = (char)('0' + i / 10);
		key[18] = (char)('0' + i % 10);
		if (world_stored(key, &value))
			sum += value.len;
	}
	return sum;
}

TEST(a_step_writes_no_more_when_the_history_is_long)
{
	size_t first, before;

	harness_start(NULL);
	harness_reply_text("ok");
	harness_send("go");
	first = stored_bytes();
	for (int i = 0; i < 20; i++) {
		before = stored_bytes();
		harness_reply_text("ok");
		harness_send("go");
		assert_int_equal(stored_bytes() - before, first);
	}
}

TEST(a_call_cut_off_by_a_kill_has_an_unknown_outcome)
{
	harness_start(NULL);
	/* The third save is the result's: the guest dies with it unsaved. */
	world_storage_limit(2);
	harness_reply_call("file_delete", "{\"path\":\"a\"}");
	assert_false(harness_send("go").is_ok);
	world_storage_limit(SIZE_MAX);
	harness_resume(NULL);
	harness_reply_text("ok");
	assert_true(harness_send("on").is_ok);
	assert_true(harness_asked(1, "\"id\":\"c1\",\"is-error\":true},{\"text\":\"on\"}]}]"));
	assert_true(harness_asked(1, "whether it took effect is unknown"));
}

#define CALL(id, path)                                                  \
	"{\"tool-use\":{\"id\":\"" id "\",\"name\":\"file_delete\"," \
	"\"input-json\":\"{\\\"path\\\":\\\"" path "\\\"}\"}}"

static size_t count(struct str text, const char *what)
{
	size_t n = 0;

	for (size_t at = 0; (at = str_find(text, str_of(what), at)) != STR_NONE; at++)
		n++;
	return n;
}

/* A turn of two calls saves six times: message, reply, result, reply, result,
 * reply. */
TEST(a_kill_at_any_save_leaves_a_conversation_that_goes_on)
{
	for (size_t saves = 0; saves < 8; saves++) {
		struct str last;

		harness_start(NULL);
		world_storage_limit(saves);
		for (int i = 0; i < 2; i++)
			harness_reply_call("file_delete", i ? "{\"path\":\"b\"}" : "{\"path\":\"a\"}");
		harness_reply_text("ok");
		harness_send("go");
		world_storage_limit(SIZE_MAX);
		harness_resume(NULL);
		harness_reply_text("ok");
		assert_true(harness_send("on").is_ok);
		last = world_request(world_requests() - 1);
		assert_int_equal(count(last, "\"tool-use\":"), count(last, "\"tool-result\":"));
		/* A result that was saved is not forgotten. */
		assert_int_equal(count(last, "\"Deleted a\""), saves >= 3);
		assert_int_equal(count(last, "\"Deleted b\""), saves >= 5);
	}
}

TEST(finished_results_of_a_cut_reply_are_kept)
{
	harness_start(NULL);
	world_storage_limit(3);
	world_answer("chat", "{\"ok\":{\"content\":[" CALL("c1", "a") "," CALL("c2", "b")
			     "],\"stop\":\"tool-use\"}}");
	assert_false(harness_send("go").is_ok);
	world_storage_limit(SIZE_MAX);
	harness_resume(NULL);
	harness_reply_text("ok");
	harness_send("on");
	assert_true(harness_asked(1, "{\"tool-result\":\"Deleted "
				     "a\",\"id\":\"c1\",\"is-error\":false},"
				     "{\"tool-result\":\"The session was interrupted"));
}

TEST(a_full_storage_is_an_error_that_says_so)
{
	struct outcome outcome;

	harness_start(NULL);
	world_storage_limit(0);
	outcome = harness_send("go");
	assert_false(outcome.is_ok);
	assert_string_equal(outcome.text, "storage: the quota is used up");
	assert_int_equal(world_requests(), 0);
}

TEST(what_could_not_be_saved_is_saved_with_the_next_step)
{
	harness_start(NULL);
	harness_reply_text("a");
	harness_send("one");
	world_storage_limit(0);
	harness_send("two");
	world_storage_limit(SIZE_MAX);
	harness_reply_text("b");
	harness_send("three");
	harness_resume(NULL);
	harness_reply_text("c");
	harness_send("four");
	assert_true(harness_asked(2, "[{\"text\":\"two\"},{\"text\":\"three\"}]"));
	assert_true(harness_asked(2, "{\"text\":\"b\"}"));
}

TEST(leftovers_of_a_rewrite_are_dropped)
{
	struct str value;

	harness_start(NULL);
	harness_reply_text("a");
	harness_send("one");
	world_store("history/0002/000001", STR("[{\"role\":\"user\",\"content\":[{\"text\":\"x\"}]}]"));
	harness_resume(NULL);
	assert_false(world_stored("history/0002/000001", &value));
	harness_reply_text("b");
	harness_send("two");
	assert_false(harness_asked(1, "{\"text\":\"x\"}"));
}

TEST(unreadable_storage_is_no_reason_to_fail)
{
	harness_start(NULL);
	world_store("head", STR("{\"generation\":-3"));
	world_store("tasks", STR("[1,{\"title\":3}]"));
	world_store("history/0001/000001", STR("[{\"role\":\"user\",\"content\":[{},{\"text\":1},7]},3]"));
	world_store("history/0001/000002", STR("\xff"));
	harness_resume(NULL);
	harness_reply_text("ok");
	assert_true(harness_send("go").is_ok);
	assert_true(harness_asked(0, "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"go\"}]}]"));
}

TEST(a_lost_chunk_leaves_a_conversation_that_providers_take)
{
	harness_start(NULL);
	for (int i = 0; i < 2; i++)
		harness_reply_call("file_delete", "{\"path\":\"a\"}");
	harness_reply_text("ok");
	harness_send("go");
	/* The result of the first call, and the reply with the second. */
	world_store("history/0001/000003", STR("x"));
	world_store("history/0001/000004", STR("x"));
	harness_resume(NULL);
	harness_reply_text("ok");
	harness_send("on");
	assert_true(harness_asked(3, "{\"tool-use\":\"file_delete\",\"id\":\"c1\","
				     "\"input\":\"{\\\"path\\\":\\\"a\\\"}\"}]},{\"role\":\"user\","
				     "\"content\":[{\"tool-result\":\"Deleted a\""));
	world_store("history/0001/000001", STR("x"));
	world_store("history/0001/000002", STR("x"));
	harness_resume(NULL);
	harness_reply_text("ok");
	harness_send("on");
	assert_true(harness_asked(4, "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"on\"}]},"));
}

TEST(a_lost_result_is_answered_as_unknown)
{
	harness_start(NULL);
	harness_reply_call("file_delete", "{\"path\":\"a\"}");
	harness_reply_text("ok");
	harness_send("one");
	harness_reply_text("ok");
	harness_send("two");
	world_store("history/0001/000003", STR("x"));
	harness_resume(NULL);
	harness_reply_text("ok");
	harness_send("three");
	assert_true(harness_asked(3, "{\"tool-result\":\"The session was interrupted"));
	assert_true(harness_asked(3, "\"id\":\"c1\",\"is-error\":true},{\"text\":\"two\"}]}"));
}

TEST(tasks_come_back)
{
	harness_start(NULL);
	harness_reply_call("task_add", "{\"titles\":[\"one\",\"two\"]}");
	harness_reply_call("task_update", "{\"id\":1,\"state\":\"active\",\"title\":\"first\"}");
	harness_reply_text("ok");
	harness_send("go");
	assert_true(logged("show-tasks [1,\"first\",1,2,\"two\",0]\n"));
	world_log_clear();
	harness_resume(NULL);
	assert_string_equal(world_log().data, "show-tasks [1,\"first\",1,2,\"two\",0]\n");
}

TEST(more_chunks_than_storage_likes_are_packed)
{
	struct str value;

	harness_start(NULL);
	for (int i = 0; i < 800; i++) {
		harness_reply_text("ok");
		assert_true(harness_send("go").is_ok);
	}
	assert_true(world_keys() < 200);
	assert_true(world_stored("head", &value));
	harness_resume(NULL);
	harness_reply_text("ok");
	assert_true(harness_send("on").is_ok);
}

TEST_MAIN(RUN(a_session_goes_on_where_it_was),
	  RUN(a_new_session_touches_no_storage_before_its_first_message),
	  RUN(each_step_is_stored_before_the_next), RUN(a_step_writes_no_more_when_the_history_is_long),
	  RUN(a_call_cut_off_by_a_kill_has_an_unknown_outcome),
	  RUN(a_kill_at_any_save_leaves_a_conversation_that_goes_on), RUN(finished_results_of_a_cut_reply_are_kept), RUN(a_full_storage_is_an_error_that_says_so),
	  RUN(what_could_not_be_saved_is_saved_with_the_next_step),
	  RUN(leftovers_of_a_rewrite_are_dropped), RUN(a_lost_chunk_leaves_a_conversation_that_providers_take),
	  RUN(a_lost_result_is_answered_as_unknown), RUN(unreadable_storage_is_no_reason_to_fail),
	  RUN(tasks_come_back), RUN(more_chunks_than_storage_likes_are_packed))
