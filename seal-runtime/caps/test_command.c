#include "caps/test_rules.h"

#include "caps/command_rows.h"

static struct caps_question command_question(const char *command, const char *cwd)
{
	return (struct caps_question){ .verb = CAPS_RUN,
		                       .subject = str_of(command),
		                       .cwd = str_of(cwd ? cwd : "/proj") };
}

TEST(commands_are_judged)
{
	TEST_ROWS (command_rows, row) {
		struct rules rules = rules_new(row->rules);
		struct caps_question question = command_question(row->command, row->cwd);
		struct caps_answer answer;

		if (!rules.caps)
			fail_msg("%s: %s", row->name, rules.err.text);
		answer = caps_check(rules.caps, &question);
		EXPECT_EQ(row, answer.verdict, row->want);
		EXPECT_TRUE(row, (answer.script.len != 0) == (row->want == CAPS_ALLOW));
		EXPECT_TRUE(row, answer.n_parts != 0);
		caps_answer_fini(&answer);
		rules_free(&rules);
	}
}

TEST(a_nul_is_refused)
{
	struct rules rules = rules_new(TOOLS);
	struct caps_question question = { .verb = CAPS_RUN,
		                          .subject = STR("ls\0;x"),
		                          .cwd = STR("/proj") };
	struct caps_answer answer = caps_check(rules.caps, &question);

	assert_int_equal(answer.verdict, CAPS_DENY);
	caps_answer_fini(&answer);
	rules_free(&rules);
}

static const struct {
	const char *name, *rules, *command, *want;
} scripts[] = {
	{ "words are quoted", TOOLS, "ls -la \"a b\" $HOME ~/x",
	  "'ls' '-la' 'a b' '/home/dev' '/home/dev''/x'" },
	{ "a quote in a quote", TOOLS, "cat \"it's\"", "'cat' 'it'\\''s'" },
	{ "known values are written out", TOOLS, "x=src; ls $x/a", "x='src'; 'ls' 'src''/a'" },
	{ "unknown ones stay", TOOLS, "ls \"$x\" ${y:-z}", "'ls' \"${x}\" ${y:-z}" },
	{ "wildcards stay", TOOLS, "ls src/*.[ch] a?", "'ls' 'src/'*'.'[ch] 'a'?" },
	{ "braces are written out", TOOLS, "ls {a,b}c{1..2}",
	  "'ls' 'a''c''1' 'a''c''2' 'b''c''1' 'b''c''2'" },
	{ "pipes and lists", TOOLS, "ls | wc && cat a || ls; ls &",
	  "'ls' | 'wc' && 'cat' 'a' || 'ls'; 'ls' & " },
	{ "redirects", TOOLS, "ls 2>&1 >/dev/null", "'ls' 2>&1 > '/dev/null'" },
	{ "a here-document", TOOLS, "cat <<E | wc\na $x\n\nE",
	  "'cat' <<< 'a '\"${x}\"'\n' | 'wc'" },
	{ "an empty one", TOOLS, "cat <<E\nE", "'cat' < /dev/null" },
	{ "a redirect behind a list is its last command's", TOOLS, "ls && ls 2>&1",
	  "'ls' && 'ls' 2>&1" },
	{ "the time keyword stays one", TOOLS, "time -p ls | wc", "time -p 'ls' | 'wc'" },
	{ "the time program stays one", TOOLS, "time -v ls", "'time' '-v' 'ls'" },
	{ "an inner script is re-emitted", TOOLS, "sh -c 'ls $HOME'",
	  "'sh' '-c' ''\\''ls'\\'' '\\''/home/dev'\\'''" },
	{ "substitutions", INNER, "ls $(cat a) \"$(ls)\"", "'ls' $( 'cat' 'a' ) \"$( 'ls' )\"" },
	{ "a constant substitution", GIT, "git commit -m \"$(cat <<'E'\nx\nE\n)\"",
	  "'git' 'commit' '-m' 'x'" },
	{ "if", TOOLS, "if ls; then cat a; elif ls b; then ls; else wc; fi",
	  "if 'ls'\nthen 'cat' 'a'\nelif 'ls' 'b'\nthen 'ls'\nelse 'wc'\nfi" },
	{ "loops", TOOLS, "for i in a b; do ls \"$i\"; done",
	  "for i in 'a' 'b'\ndo 'ls' \"${i}\"\ndone" },
	{ "case", TOOLS, "case $x in a|b*) ls;; esac",
	  "case \"${x}\" in ('a' | 'b'*) 'ls'\n;; esac" },
	{ "tests", TOOLS, "[[ -f a && $x == *.c ]]", "[[ -f 'a' && \"${x}\" == *'.c' ]]" },
	{ "arithmetic", TOOLS, "i=1; ((i++)); echo $((i+1))",
	  "i='1'; ((i++)); 'echo' \"$((i+1))\"" },
	{ "negation", TOOLS, "! grep a b", "! 'grep' 'a' 'b'" },
};

TEST(what_runs_is_the_checked_tree)
{
	TEST_ROWS (scripts, row) {
		struct rules rules = rules_new(row->rules);
		struct caps_question question = command_question(row->command, NULL);
		struct caps_answer answer = caps_check(rules.caps, &question);

		EXPECT_EQ(row, answer.verdict, CAPS_ALLOW);
		EXPECT_STR(row, answer.script, row->want);
		caps_answer_fini(&answer);
		rules_free(&rules);
	}
}

static const struct {
	const char *name, *pattern, *security;
} bad[] = {
	{ "a star alone", "*", "" },
	{ "a star inside", "git * x", "" },
	{ "a script", "pwd; ls:*", "" },
	{ "an operator", "&& mkdir:*", "" },
	{ "a substitution", "ls $(x)", "" },
	{ "an open quote", "git 'x", "" },
	{ "nothing", "", "" },
	{ "only a tail", ":*", "" },
	{ "a control character", "ls\\u0001", "" },
	{ "privileges", "sudo:*", "" },
	{ "privileges by path", "/usr/bin/doas x:*", "" },
	{ "any Python", "python3:*", "" },
	{ "any Python code", "python3.12 -c:*", "" },
	{ "any Python module", "python -m:*", "" },
	{ "any Python through uv", "uv run:*", "" },
};

TEST(bad_patterns_do_not_load)
{
	TEST_ROWS (bad, row) {
		char text[512];
		struct rules rules;

		(void)snprintf(text, sizeof(text),
		               "[capabilities.allow.commands]\npatterns = [\"%s\"]\n",
		               row->pattern);
		rules = rules_new(text);
		EXPECT_TRUE(row, rules.caps == NULL);
		EXPECT_TRUE(row, strstr(rules.err.text, "seal.toml:6:") == rules.err.text);
		rules_free(&rules);
	}
}

TEST(opt_ins_let_patterns_load)
{
	static const struct {
		const char *name, *rules;
	} good[] = {
		{ "privileges", "[capabilities.allow.commands]\npatterns=[\"sudo "
		                "apt:*\"]\n[security]\nallow_privilege_wrappers=true\n" },
		{ "Python",
		  "[capabilities.allow.commands]\npatterns=[\"python3:*\"]\n[security]\nallow_"
		  "python_interpreter=true\n" },
		{ "a module of Python needs none", "[capabilities.allow.commands]\npatterns=["
		                                   "\"python3 -m pytest:*\", \"python3 -V\"]\n" },
		{ "denying needs none",
		  "[capabilities.deny.commands]\npatterns=[\"sudo:*\", \"python3:*\"]\n" },
	};

	TEST_ROWS (good, row) {
		struct rules rules = rules_new(row->rules);

		if (!rules.caps)
			fail_msg("%s: %s", row->name, rules.err.text);
		rules_free(&rules);
	}
}

/* Every step that is offered makes the same command silent. */
TEST(every_step_of_the_scale_covers_its_command)
{
	static const struct {
		const char *name, *command, *steps, *recommended;
		bool only_once;
	} rows[] = {
		{ "cargo has two words", "cargo nextest run -p x",
		  "cargo:*|cargo nextest:*|cargo nextest run:*|cargo nextest run -p:*|cargo "
		  "nextest run "
		  "-p x",
		  "cargo nextest:*" },
		{ "git has two", "git status -sb", "git:*|git status:*|git status -sb",
		  "git status:*" },
		{ "some of git have three", "git stash list --all", NULL, "git stash list:*" },
		{ "an option says what git does", "git remote -v", NULL, "git remote -v" },
		{ "an effect elsewhere is exact", "git push origin main", NULL,
		  "git push origin main" },
		{ "npm run names a script", "npm run test:unit -- x", NULL, "npm run test:unit:*" },
		{ "npx is never offered alone", "npx tsc --noEmit", "npx tsc:*|npx tsc --noEmit",
		  "npx tsc:*" },
		{ "a module of Python", "python3 -m pytest -q",
		  "python3 -m pytest:*|python3 -m pytest -q", "python3 -m pytest:*" },
		{ "uv run names a tool", "uv run pytest", "uv run pytest:*|uv run pytest",
		  "uv run pytest:*" },
		{ "make names a target", "make test", NULL, "make test:*" },
		{ "gh has three", "gh pr view 3", NULL, "gh pr view:*" },
		{ "a lister has one", "ls -la", "ls:*|ls -la", "ls:*" },
		{ "rm is exact", "rm -rf build", "rm -rf build", "rm -rf build", true },
		{ "a shell names its script", "bash x.sh a", "bash x.sh:*|bash x.sh a",
		  "bash x.sh:*" },
		{ "a script of the project", "./x.sh a", "./x.sh:*|./x.sh a", "./x.sh:*" },
		{ "curl is asked about each time", "curl https://x.example",
		  "curl https://x.example", "curl https://x.example", true },
		{ "code is asked about each time", "node -e 1", "node -e 1", "node -e 1", true },
		{ "a wrapper is what it runs", "timeout 5 cargo test x",
		  "cargo:*|cargo test:*|cargo test x", "cargo test:*" },
		{ "words keep their quotes", "foo 'a b' \"it's\"",
		  "foo:*|foo 'a b':*|foo 'a b' \"it's\"", "foo:*" },
		{ "what is not known ends it", "foo bar \"$x\"", "foo:*|foo bar:*", "foo:*" },
	};

	TEST_ROWS (rows, row) {
		struct rules rules = rules_new("");
		struct caps_question question = command_question(row->command, NULL);
		struct caps_answer answer = caps_check(rules.caps, &question);
		cleanup_buf struct buf steps = BUF_INIT;

		EXPECT_EQ(row, answer.verdict, CAPS_ASK);
		for (size_t i = 0; i < answer.parts[0].n_steps; i++) {
			struct caps_step *step = &answer.parts[0].steps[i];
			struct rules again = rules_new("");
			struct caps_answer second;

			buf_adds(&steps, i ? "|" : "");
			buf_add(&steps, step->pattern);
			if (step->recommended)
				EXPECT_STR(row, step->pattern, row->recommended);
			MUST(caps_remember(again.caps, CAPS_RUN, step->pattern, true, &again.err),
			     &again.err);
			second = caps_check(again.caps, &question);
			if (!row->only_once && second.verdict != CAPS_ALLOW)
				fail_msg("%s: %.*s does not cover it", row->name,
				         STR_ARG(step->pattern));
			caps_answer_fini(&second);
			MUST(caps_remember(again.caps, CAPS_RUN, step->pattern, false, &again.err),
			     &again.err);
			second = caps_check(again.caps, &question);
			EXPECT_EQ(row, second.verdict, CAPS_DENY);
			caps_answer_fini(&second);
			rules_free(&again);
		}
		if (row->steps)
			EXPECT_STR(row, buf_str(&steps), row->steps);
		EXPECT_EQ(row, answer.parts[0].only_once, row->only_once);
		caps_answer_fini(&answer);
		rules_free(&rules);
	}
}

TEST(the_answer_names_the_rule_and_its_line)
{
	struct rules rules = rules_new(CURL_DENIED);
	struct caps_question question = command_question("ls && curl x", NULL);
	struct caps_answer answer = caps_check(rules.caps, &question);

	assert_int_equal(answer.n_parts, 2);
	assert_true(str_is(answer.parts[0].rule, "ls:*"));
	assert_int_equal(answer.parts[0].line, 6);
	assert_true(str_is(answer.rule, "curl:*"));
	assert_int_equal(answer.line, 8);
	assert_true(str_is(answer.parts[1].text, "curl x"));
	caps_answer_fini(&answer);
	rules_free(&rules);
}

TEST(the_answer_names_the_rules_that_lost)
{
	struct rules rules = rules_new(GIT);
	struct caps_question question = command_question("git status -s", NULL);
	struct caps_answer answer = caps_check(rules.caps, &question);

	assert_true(str_is(answer.parts[0].rule, "git status:*"));
	assert_true(str_is(answer.parts[0].runners_up, "git:*\n"));
	caps_answer_fini(&answer);
	rules_free(&rules);
}

TEST_MAIN(RUN(commands_are_judged), RUN(a_nul_is_refused), RUN(what_runs_is_the_checked_tree),
          RUN(bad_patterns_do_not_load), RUN(opt_ins_let_patterns_load),
          RUN(every_step_of_the_scale_covers_its_command),
          RUN(the_answer_names_the_rule_and_its_line),
	  RUN(the_answer_names_the_rules_that_lost))
