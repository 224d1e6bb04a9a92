/* Commands: what runs, with what, and what the guest is told. */
#include "gate/test_fakes.h"

#define LS "[capabilities.allow.commands]\npatterns = [\"ls:*\"]\n"

TEST(a_denied_command_does_not_run)
{
	gate_begin("[capabilities.deny.commands]\npatterns = [\"rm:*\"]\n");
	fake.choice = ASK_ALLOW;
	EXPECT_HAS(call(GATE_tools_command_run, "[{\"command\":\"rm -rf .\"}]"), "\"rule\":\"rm:*\"");
	assert_int_equal(fake.runs + fake.asks, 0);
	gate_end();
}

TEST(an_approved_command_runs_as_it_was_shown)
{
	gate_begin(LS);
	fake.choice = ASK_ALLOW;
	call(GATE_tools_command_run, "[{\"command\":\"ls   -l\",\"cwd\":null,\"timeout-seconds\":null,"
				     "\"background\":false,\"dev-server-ports\":[],\"verbose\":false}]");
	assert_int_equal(fake.asks, 0);
	assert_string_not_equal(fake.script, "ls   -l");	/* re-emitted from the checked tree */
	call(GATE_tools_command_run, "[{\"command\":\"make   all\",\"cwd\":null,\"timeout-seconds\":null,"
				     "\"background\":false,\"dev-server-ports\":[],\"verbose\":false}]");
	assert_int_equal(fake.asks, 1);
	assert_string_equal(fake.script, "make   all");
	assert_int_equal(fake.runs, 2);
	EXPECT_HAS(fake.shown.data, "output {\"id\":\"c");
	gate_end();
}

TEST(a_command_gets_what_its_rule_names)
{
	gate_begin("[capabilities.allow.commands]\ndefault_env_vars = [\"LANG\"]\n"
		   "default_domains = [\"a.example\", \"bad.example\"]\n"
		   "patterns = [\"ls:*\", { command = \"make:*\", env_vars = [\"CC\", \"EVIL\"], "
		   "domains = [\"b.example\"] }, { command = \"npm:*\", domains = [\"c.example\"], "
		   "inherit_default_domains = false }]\n"
		   "[capabilities.deny.commands]\ndomains = [\"bad.example\"]\nenv_vars = [\"EVIL\"]\n");
	call(GATE_tools_command_run, "[{\"command\":\"ls\"}]");
	assert_string_equal(fake.env, "LANG ");
	assert_string_equal(fake.domains, "a.example ");
	call(GATE_tools_command_run, "[{\"command\":\"make\"}]");
	assert_string_equal(fake.env, "CC ");
	assert_string_equal(fake.domains, "b.example a.example ");
	call(GATE_tools_command_run, "[{\"command\":\"npm ci\"}]");
	assert_string_equal(fake.domains, "c.example ");
	gate_end();
}

TEST(commands_and_jobs)
{
	gate_begin("[capabilities.allow.commands]\npatterns = [\"make:*\"]\n[command_run]\ncommand_timeout = 5\n");
	assert_string_equal(call(GATE_tools_command_run, "[{\"command\":\"make\",\"background\":false}]"),
			    "{\"ok\":{\"exit-code\":0,\"signal\":null,\"timed-out\":false,\"output\":\"out\\n\","
			    "\"truncated\":false,\"spilled-to\":null,\"job\":null,\"denials\":[]}}");
	EXPECT_HAS(call(GATE_tools_command_output, "[\"j9\"]"), "invalid");
	EXPECT_HAS(call(GATE_tools_command_run, "[{\"command\":\"make\",\"background\":true,\"timeout-seconds\":900}]"),
		   "\"job\":\"j1\"");
	EXPECT_HAS(fake.shown.data, "warn a time limit of 900 s was asked for; the manifest allows 5 s");
	EXPECT_HAS(call(GATE_tools_command_output, "[\"j1\"]"), "\"exit-code\":null");
	EXPECT_HAS(call(GATE_tools_command_stop, "[\"j1\"]"), "\"exit-code\":0");
	EXPECT_HAS(call(GATE_tools_command_run, "[{\"command\":\"make\",\"cwd\":\"nowhere\"}]"), "cwd: ");
	gate_end();
}

TEST_MAIN(RUN(a_denied_command_does_not_run), RUN(an_approved_command_runs_as_it_was_shown),
	  RUN(a_command_gets_what_its_rule_names), RUN(commands_and_jobs))
