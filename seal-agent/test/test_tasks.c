/* The task list: its three tools and its reminders. */
#include "seal-agent/test/harness.h"

static void add_three(void)
{
	harness_reply_call("task_add", "{\"titles\":[\"one\",\"two\",\"three\"]}");
	harness_reply_text("ok");
	harness_send("go");
}

static const struct update_row {
	const char *name, *tool, *input, *want;
	bool want_error;
} update_rows[] = {
	{ "a step changes its state", "task_update", "{\"id\":2,\"state\":\"done\"}",
	  "1. [pending] one\n2. [done] two\n3. [pending] three\n", false },
	{ "a step changes its title", "task_update", "{\"id\":3,\"title\":\"a\\nb\"}",
	  "1. [pending] one\n2. [pending] two\n3. [pending] a?b\n", false },
	{ "a step that is not there", "task_update", "{\"id\":4,\"state\":\"done\"}",
	  "There is no step with this id. The list is:\n"
	  "1. [pending] one\n2. [pending] two\n3. [pending] three\n",
	  true },
	{ "more steps go behind", "task_add", "{\"titles\":[\"four\"]}",
	  "1. [pending] one\n2. [pending] two\n3. [pending] three\n4. [pending] four\n", false },
	{ "the list as it is", "task_list", "{}",
	  "1. [pending] one\n2. [pending] two\n3. [pending] three\n", false },
};

TEST(changes)
{
	TEST_ROWS(update_rows, row) {
		bool is_error;

		harness_start(NULL);
		add_three();
		harness_reply_call(row->tool, row->input);
		harness_reply_text("ok");
		harness_send("go");
		EXPECT_STR(row, str_of(harness_result(&is_error)), row->want);
		EXPECT_EQ(row, is_error, row->want_error);
	}
}

TEST(a_finished_list_makes_room)
{
	bool is_error;

	harness_start(NULL);
	harness_reply_call("task_add", "{\"titles\":[\"one\"]}");
	harness_reply_call("task_update", "{\"id\":1,\"state\":\"done\"}");
	harness_reply_call("task_add", "{\"titles\":[\"new\"]}");
	harness_reply_text("ok");
	harness_send("go");
	assert_string_equal(harness_result(&is_error), "1. [pending] new\n");
}

static const struct remind_row {
	const char *name, *limits;
	bool has_tasks;
	size_t n_calls, want_reminders;
} remind_rows[] = {
	{ "not before eight replies without the list", NULL, true, 7, 0 },
	{ "after eight", NULL, true, 8, 1 },
	{ "again after eight more", NULL, true, 16, 2 },
	{ "never without open steps", NULL, false, 20, 0 },
	{ "the manifest sets both numbers",
	  "{\"tasks\":{\"turns_between_reminders\":2,\"turns_since_task\":4}}", true, 8, 3 },
};

static size_t count_reminders(void)
{
	struct str text = world_request(world_requests() - 1);
	size_t n = 0;

	for (size_t at = 0; (at = str_find(text, STR("<reminder>\\nThe task "
						     "list"), at)) != STR_NONE; at++)
		n++;
	return n;
}

TEST(reminders)
{
	TEST_ROWS(remind_rows, row) {
		harness_start(row->limits);
		if (row->has_tasks)
			harness_reply_call("task_add", "{\"titles\":[\"one\"]}");
		for (size_t i = 0; i < row->n_calls; i++)
			harness_reply_call("file_delete", "{\"path\":\"a\"}");
		harness_reply_text("ok");
		harness_send("go");
		EXPECT_EQ(row, count_reminders(), row->want_reminders);
	}
}

TEST_MAIN(RUN(changes), RUN(a_finished_list_makes_room), RUN(reminders))
