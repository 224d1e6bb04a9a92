/* A child is held to its scope on top of the manifest, whatever it asks; and what
 * it may do at most is what the manifest grants. */
#include "gate/test_fakes.h"

#define GRANTS                                                                    \
	"[capabilities.allow.read]\npaths = [{ path = \"**\", files = [\"*\"] }]\n"  \
	"[capabilities.allow.write]\npaths = [{ path = \"src/**\", files = [\"*\"] }]\n" \
	"[capabilities.allow.delete]\npaths = [{ path = \"src/**\", files = [\"*\"] }]\n" \
	"[capabilities.allow.commands]\npatterns = [\"true\"]\n"                     \
	"[security]\nallow_runtime_expansion = false\n"

#define READS  "{\"writes\":false,\"commands\":false,\"network\":false,\"only-paths\":[]}"
#define WRITES "{\"writes\":true,\"commands\":false,\"network\":false,\"only-paths\":[]}"
#define ALL    "{\"writes\":true,\"commands\":true,\"network\":true,\"only-paths\":[]}"
#define SRC    "{\"writes\":true,\"commands\":true,\"network\":true,\"only-paths\":[\"src/\"]}"
#define DOCS   "{\"writes\":true,\"commands\":true,\"network\":true,\"only-paths\":[\"docs\"]}"

static const struct scope_row {
	const char *name, *scope;
	enum gate_call_id id;
	const char *args;
	bool done;
} scope_rows[] = {
	{ "reading is what every child may", READS, GATE_tools_file_read, "[\"src/f\",{}]", true },
	{ "writing is not", READS, GATE_tools_file_write, "[\"src/f\",\"x\"]", false },
	{ "nor is an edit", READS, GATE_tools_file_edit, "[\"src/f\",[{\"old\":\"o\",\"new\":\"n\"}]]", false },
	{ "nor is deleting", READS, GATE_tools_file_delete, "[\"src/f\"]", false },
	{ "nor is a command", READS, GATE_tools_command_run, "[{\"command\":\"true\"}]", false },
	{ "a writer writes", WRITES, GATE_tools_file_write, "[\"src/f\",\"x\"]", true },
	{ "a writer runs nothing", WRITES, GATE_tools_command_run, "[{\"command\":\"true\"}]", false },
	{ "all there is runs", ALL, GATE_tools_command_run, "[{\"command\":\"true\"}]", true },
	{ "but not more than the manifest says", ALL, GATE_tools_file_write, "[\"docs/f\",\"x\"]", false },
	{ "held to a folder, in it", SRC, GATE_tools_file_write, "[\"src/f\",\"x\"]", true },
	{ "held to another, not", DOCS, GATE_tools_file_write, "[\"src/f\",\"x\"]", false },
	{ "held to one, no reading elsewhere", DOCS, GATE_tools_file_read, "[\"src/f\",{}]", false },
	{ "nor by a link", DOCS, GATE_tools_file_read, "[\"docs/link\",{}]", false },
	{ "held to one, no commands", SRC, GATE_tools_command_run, "[{\"command\":\"true\"}]", false },
};

static void plant(void)
{
	char path[128], to[128];

	snprintf(path, sizeof(path), "%s/src", root);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/docs", root);
	assert_int_equal(mkdir(path, 0755), 0);
	project_file("src/f", "old\n");
	project_file("docs/f", "old\n");
	snprintf(path, sizeof(path), "%s/src/f", root);
	snprintf(to, sizeof(to), "%s/docs/link", root);
	assert_int_equal(symlink(path, to), 0);
}

static void enter(const char *scope)
{
	char args[512];

	snprintf(args, sizeof(args), "[\"work\",%s]", scope);
	EXPECT_HAS(call(GATE_agents_start, args), "{\"ok\":\"a");
	assert_non_null(gate_agent_next(gate));
	gate_agent_enter(gate, gate_agent_next(gate));
}

TEST(scopes)
{
	TEST_ROWS(scope_rows, row) {
		gate_begin(GRANTS);
		plant();
		enter(row->scope);
		if (strstr(call(row->id, row->args), "\"denied\"") && row->done)
			fail_msg("%s: %s", row->name, result.data);
		EXPECT_EQ(row, strstr(result.data, "{\"ok\"") != NULL, row->done);
		gate_agent_leave(gate, true, STR(""));
		gate_end();
	}
}

/* The same, where the one in between asks for all: the outermost limits. */
TEST(a_grandchild_has_no_more_than_its_parent)
{
	TEST_ROWS(scope_rows, row) {
		gate_begin(GRANTS);
		plant();
		enter(row->scope);
		enter(ALL);
		EXPECT_EQ(row, strstr(call(row->id, row->args), "{\"ok\"") != NULL, row->done);
		EXPECT_HAS(call(GATE_agents_start, "[\"deeper\"," ALL "]"), "starts no others");
		gate_end();
	}
}

TEST(an_answer_is_for_the_parent_alone)
{
	gate_begin(GRANTS);
	enter(READS);
	gate_agent_leave(gate, true, STR("found"));
	enter(READS);
	EXPECT_HAS(call(GATE_agents_answer, "[\"a1\"]"), "there is no agent");
	gate_agent_leave(gate, false, STR("was stopped"));
	EXPECT_HAS(call(GATE_agents_answer, "[\"a1\"]"), "{\"ok\":\"found\"}");
	EXPECT_HAS(call(GATE_agents_answer, "[\"a2\"]"), "the agent was stopped");
	EXPECT_HAS(call(GATE_agents_answer, "[\"a3\"]"), "there is no agent");
	gate_end();
}

TEST(what_a_child_stores_is_its_own)
{
	gate_begin(GRANTS);
	call(GATE_storage_save, "[\"k\",\"parent\"]");
	enter(READS);
	EXPECT_HAS(call(GATE_storage_load, "[\"k\"]"), "{\"ok\":null}");
	call(GATE_storage_save, "[\"k\",\"child\"]");
	EXPECT_HAS(call(GATE_storage_list_keys, "[\"\"]"), "{\"ok\":[\"k\"]}");
	gate_agent_leave(gate, true, STR(""));
	EXPECT_HAS(call(GATE_storage_load, "[\"k\"]"), "{\"ok\":\"parent\"}");
	EXPECT_HAS(call(GATE_storage_list_keys, "[\"\"]"), "{\"ok\":[\"k\"]}");
	gate_end();
}

TEST_MAIN(RUN(scopes), RUN(a_grandchild_has_no_more_than_its_parent),
	  RUN(an_answer_is_for_the_parent_alone), RUN(what_a_child_stores_is_its_own))
