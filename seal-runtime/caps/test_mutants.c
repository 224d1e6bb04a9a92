/* Each rule is needed: switched off, the rows that name it fail. */
#include "caps/test_rules.h"

#include "caps/command_rows.h"

enum caps_mutant caps_mutant = MUTANT_NONE;

static enum caps_verdict verdict_of(const struct command_row *row)
{
	struct rules rules = rules_new(row->rules);
	struct caps_question question = { .verb = CAPS_RUN,
		                          .subject = str_of(row->command),
		                          .cwd = str_of(row->cwd ? row->cwd : "/proj") };
	struct caps_answer answer = caps_check(rules.caps, &question);
	enum caps_verdict verdict = answer.verdict;

	caps_answer_fini(&answer);
	rules_free(&rules);
	return verdict;
}

TEST(each_row_fails_without_its_rule)
{
	TEST_ROWS (command_rows, row) {
		caps_mutant = MUTANT_NONE;
		EXPECT_EQ(row, verdict_of(row), row->want);
		caps_mutant = row->mutant;
		if (row->mutant && verdict_of(row) == row->want)
			fail_msg("%s: holds without the rule it is there for", row->name);
		caps_mutant = MUTANT_NONE;
	}
}

TEST(each_rule_has_a_row)
{
	for (int mutant = MUTANT_NONE + 1; mutant < N_MUTANTS; mutant++) {
		size_t rows = 0;

		if (mutant == MUTANT_REEMISSION) /* what runs, not what is answered */
			continue;
		TEST_ROWS (command_rows, row)
			rows += row->mutant == (enum caps_mutant)mutant;
		if (rows == 0)
			fail_msg("no row is there for rule %d", mutant);
	}
}

TEST(without_re_emission_the_text_runs)
{
	struct rules rules = rules_new(TOOLS);
	struct caps_question question = { .verb = CAPS_RUN,
		                          .subject = STR("ls -la"),
		                          .cwd = STR("/proj") };
	struct caps_answer answer = caps_check(rules.caps, &question);

	assert_true(str_is(answer.script, "'ls' '-la'"));
	caps_answer_fini(&answer);
	caps_mutant = MUTANT_REEMISSION;
	answer = caps_check(rules.caps, &question);
	assert_false(str_is(answer.script, "'ls' '-la'"));
	caps_answer_fini(&answer);
	caps_mutant = MUTANT_NONE;
	rules_free(&rules);
}

TEST_MAIN(RUN(each_row_fails_without_its_rule), RUN(each_rule_has_a_row),
          RUN(without_re_emission_the_text_runs))
