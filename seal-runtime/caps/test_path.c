#include "caps/test_rules.h"

#include "caps/path.h"

static const struct {
	const char *name, *pattern, *path;
	bool want;
} globs[] = {
	{ "letters match themselves", "/a/b", "/a/b", true },
	{ "a pattern is not a prefix", "/a", "/a/b", false },
	{ "a star stays in its segment", "/a/*", "/a/b/c", false },
	{ "a star takes nothing too", "/a/x*", "/a/x", true },
	{ "a star matches a leading dot", "/a/*", "/a/.b", true },
	{ "a question mark is one character", "/a/?.c", "/a/\xc3\xa9.c", true },
	{ "a set", "/a/[a-c]x", "/a/bx", true },
	{ "a negated set", "/a/[!a-c]x", "/a/bx", false },
	{ "an open bracket is a letter", "/a/[b", "/a/[b", true },
	{ "two stars take no segment", "/a/**/b", "/a/b", true },
	{ "two stars take many segments", "/a/**/b", "/a/x/y/b", true },
	{ "two stars go back", "/**/b/c", "/b/x/b/c", true },
	{ "two stars inside a word are stars", "/a/x**y", "/a/x/y", false },
	{ "two stars at the end take the folder itself", "/a/**", "/a", true },
	{ "a folder's glob stops at its edge", "/a/**", "/ab", false },
	{ "many stars end", "/*a*a*a*a*a*a*a*a*a*b", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

TEST(globs_match)
{
	TEST_ROWS (globs, row)
		EXPECT_EQ(row, path_glob(str_of(row->pattern), str_of(row->path), false),
		          row->want);
}

static const struct {
	const char *name, *in, *want;
} normals[] = {
	{ "relative starts at the base", "a/b", "/proj/a/b" },
	{ "dots fall away", "./a/.//b/", "/proj/a/b" },
	{ "two dots go up", "a/../../x", "/x" },
	{ "two dots stop at the top", "/../../x", "/x" },
	{ "home", "~/x", "/home/dev/x" },
	{ "another's home is a name", "~bob/x", "/proj/~bob/x" },
	{ "the top", "/", "/" },
};

TEST(names_have_a_normal_form)
{
	cleanup_arena struct arena arena = arena_make(1 << 20, NULL, NULL);

	TEST_ROWS (normals, row)
		EXPECT_STR(row,
		           path_normal(&arena, STR("/proj"), STR("/home/dev"), str_of(row->in)),
		           row->want);
}

#define SRC       "[capabilities.allow.read]\ndefault_files = [\"*.rs\"]\npaths = [\"src/**\"]\n"
#define SECRETS   "[capabilities.deny.read]\ndefault_files = [\".env\", \"*.pem\"]\n"
#define ALL(verb) "[capabilities.allow." verb "]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n"

static const struct {
	const char *name, *rules;
	enum caps_verb verb;
	const char *path, *canonical; /* NULL: the path */
	enum caps_verdict want;
} rows[] = {
	{ "a rule covers what lies under it", SRC, CAPS_READ, "/proj/src/a/b.rs", NULL,
	  CAPS_ALLOW },
	{ "other files of the folder ask", SRC, CAPS_READ, "/proj/src/a/b.c", NULL, CAPS_ASK },
	{ "a shared prefix is no parent", SRC, CAPS_READ, "/proj/srcx/b.rs", NULL, CAPS_ASK },
	{ "read does not imply write", SRC, CAPS_WRITE, "/proj/src/b.rs", NULL, CAPS_ASK },
	{ "read does not imply delete", SRC, CAPS_DELETE, "/proj/src/b.rs", NULL, CAPS_ASK },
	{ "allow is case-sensitive", SRC, CAPS_READ, "/proj/SRC/b.rs", NULL, CAPS_ASK },
	{ "deny holds everywhere", ALL("read") SECRETS, CAPS_READ, "/proj/a/b/.env", NULL,
	  CAPS_DENY },
	{ "deny ignores case", ALL("read") SECRETS, CAPS_READ, "/proj/a/K.PEM", NULL, CAPS_DENY },
	{ "deny holds for where a link leads", ALL("read") SECRETS, CAPS_READ, "/proj/x",
	  "/proj/.env", CAPS_DENY },
	{ "deny holds for the name of a link", ALL("read") SECRETS, CAPS_READ, "/proj/.env",
	  "/proj/x", CAPS_DENY },
	{ "a link may lead where a rule reaches", ALL("read"), CAPS_READ, "/proj/x", "/proj/y",
	  CAPS_ALLOW },
	{ "a link out of the project asks", ALL("read"), CAPS_READ, "/proj/x", "/etc/passwd",
	  CAPS_ASK },
	{ "a link into /proc is refused", ALL("read"), CAPS_READ, "/proj/x", "/proc/1/environ",
	  CAPS_DENY },
	{ "/dev is refused", ALL("read"), CAPS_READ, "/dev/zero", NULL, CAPS_DENY },
	{ "outside asks although a rule names it",
	  "[capabilities.allow.read]\ndefault_files=[\"*\"]\npaths=[\"/opt/x\"]\n", CAPS_READ,
	  "/opt/x/a", NULL, CAPS_ASK },
	{ "an additional directory may be named",
	  "[capabilities.allow]\nadditional_directories=[\"/opt/"
	  "x\"]\n[capabilities.allow.read]\ndefault_files=[\"*\"]\npaths=[\"/opt/x\"]\n",
	  CAPS_READ, "/opt/x/a", NULL, CAPS_ALLOW },
	{ "an additional directory grants nothing",
	  "[capabilities.allow]\nadditional_directories=[\"/opt/x\"]\n", CAPS_READ, "/opt/x/a",
	  NULL, CAPS_ASK },
	{ "the narrow prompt beats the broad rule",
	  "[capabilities.allow.read]\ndefault_files=[\"*\"]\npaths=[\"**\",{path=\"src/"
	  "**\",prompt=true}]\n",
	  CAPS_READ, "/proj/src/a", NULL, CAPS_ASK },
	{ "the literal file beats the star",
	  "[capabilities.allow.read]\npaths=[{path=\"src/"
	  "**\",files=[\"*\"],prompt=true},{path=\"src/"
	  "**\",files=[\"main.rs\"]}]\n",
	  CAPS_READ, "/proj/src/main.rs", NULL, CAPS_ALLOW },
	{ "on a tie the prompt wins",
	  "[capabilities.allow.read]\ndefault_files=[\"*\"]\npaths=[\"src/**\",{path=\"src/"
	  "**\",prompt=true}]\n",
	  CAPS_READ, "/proj/src/a", NULL, CAPS_ASK },
	{ "the manifest is never written", ALL("write"), CAPS_WRITE, "/proj/seal.toml", NULL,
	  CAPS_DENY },
	{ "its signature is never written", ALL("write"), CAPS_WRITE, "/proj/seal.toml.sig", NULL,
	  CAPS_DENY },
	{ "the manifest is not written through a link", ALL("write"), CAPS_WRITE, "/proj/x",
	  "/proj/seal.toml", CAPS_DENY },
	{ "seal's folder is never deleted from", ALL("delete"), CAPS_DELETE,
	  "/proj/.seal/config.toml", NULL, CAPS_DENY },
	{ "seal's state is never written",
	  "[capabilities.allow]\nadditional_directories=[\"~/"
	  ".local\"]\n[capabilities.allow.write]\ndefault_files=[\"*\"]\npaths=[\"~/.local/**\"]\n",
	  CAPS_WRITE, "/home/dev/.local/state/seal/approvals/x", NULL, CAPS_DENY },
	{ "the manifest may be read", ALL("read"), CAPS_READ, "/proj/seal.toml", NULL, CAPS_ALLOW },
	{ "a wildcard does not cover .git", ALL("write"), CAPS_WRITE, "/proj/.git/hooks/x", NULL,
	  CAPS_ASK },
	{ "nor in another case", ALL("write"), CAPS_WRITE, "/proj/a/.GIT/config", NULL, CAPS_ASK },
	{ "nor .env.production", ALL("write"), CAPS_WRITE, "/proj/.env.production", NULL,
	  CAPS_ASK },
	{ "a rule that names it does",
	  "[capabilities.allow.write]\ndefault_files=[\"*\"]\npaths=[\".vscode\"]\n", CAPS_WRITE,
	  "/proj/.vscode/settings.json", NULL, CAPS_ALLOW },
	{ "protected names may be read", ALL("read"), CAPS_READ, "/proj/.git/config", NULL,
	  CAPS_ALLOW },
	{ "a name like a protected one is ordinary", ALL("write"), CAPS_WRITE, "/proj/src/env.rs",
	  NULL, CAPS_ALLOW },
	{ "a tilde is not expanded", ALL("read"), CAPS_READ, "~/x", NULL, CAPS_ASK },
	{ "the empty name is refused", ALL("read"), CAPS_READ, "", NULL, CAPS_DENY },
	{ "a bidi override asks", ALL("read"), CAPS_READ, "/proj/\xe2\x80\xaex", NULL, CAPS_ASK },
	{ "a zero-width character asks", ALL("read"), CAPS_READ, "/proj/a\xe2\x80\x8bx", NULL,
	  CAPS_ASK },
	{ "a line separator asks", ALL("read"), CAPS_READ, "/proj/a\xe2\x80\xa8", NULL, CAPS_ASK },
	{ "a control character asks", ALL("read"), CAPS_READ, "/proj/a\x1b[31m", NULL, CAPS_ASK },
	{ "other letters are fine", ALL("read"), CAPS_READ, "/proj/na\xc3\xafve", NULL,
	  CAPS_ALLOW },
	{ "a dollar is a letter", ALL("read"), CAPS_READ, "/proj/$HOME", NULL, CAPS_ALLOW },
	{ "deny of a place means all of it",
	  ALL("read") "[capabilities.deny.read]\npaths=[{path=\"secret/**\",files=[\"*\"]}]\n",
	  CAPS_READ, "/proj/secret/a/b", NULL, CAPS_DENY },
	{ "nobody to ask", ALL("write") "[security]\nallow_runtime_expansion=false\n", CAPS_READ,
	  "/proj/x", NULL, CAPS_DENY },
};

TEST(files_are_judged)
{
	TEST_ROWS (rows, row) {
		struct rules rules = rules_new(row->rules);
		struct caps_question question = file_question(row->verb, row->path);
		struct caps_answer answer;

		if (!rules.caps)
			fail_msg("%s: %s", row->name, rules.err.text);
		if (row->canonical)
			question.canonical = str_of(row->canonical);
		answer = caps_check(rules.caps, &question);
		EXPECT_EQ(row, answer.verdict, row->want);
		caps_answer_fini(&answer);
		rules_free(&rules);
	}
}

TEST(the_object_counts)
{
	struct rules rules = rules_new(ALL("read") ALL("write") SECRETS);
	struct caps_question question = file_question(CAPS_READ, "/proj/x");
	struct caps_answer answer;

	question.is_regular = false;
	answer = caps_check(rules.caps, &question);
	assert_int_equal(answer.verdict, CAPS_DENY);
	caps_answer_fini(&answer);
	question = file_question(CAPS_WRITE, "/proj/x");
	question.links = 2;
	answer = caps_check(rules.caps, &question);
	assert_int_equal(answer.verdict, CAPS_ASK);
	caps_answer_fini(&answer);
	question = file_question(CAPS_READ, "/proj/x");
	question.links = 2;
	answer = caps_check(rules.caps, &question);
	assert_int_equal(answer.verdict, CAPS_ASK);
	caps_answer_fini(&answer);
	question = file_question(CAPS_READ, "/proj/x");
	question.canonical = STR("");
	answer = caps_check(rules.caps, &question);
	assert_int_equal(answer.verdict, CAPS_ASK);
	caps_answer_fini(&answer);
	rules_free(&rules);
}

TEST(every_step_of_the_scale_covers_its_question)
{
	static const struct {
		const char *name, *path;
		enum caps_verb verb;
		const char *broadest, *recommended;
	} steps[] = {
		{ "a source file to read", "src/a/b.rs", CAPS_READ, "**/*.rs", "src/**/*.rs" },
		{ "a source file to write", "src/a/b.rs", CAPS_WRITE, "src/**/*.rs",
		  "src/**/*.rs" },
		{ "a file to delete", "src/a/b.rs", CAPS_DELETE, "src/a/*.rs", "src/a/b.rs" },
		{ "a file at the root", "README.md", CAPS_WRITE, "README.md", "README.md" },
		{ "a hidden file has only itself", "a/.x", CAPS_READ, "a/.x", "a/.x" },
		{ "a protected file has only itself", ".git/config", CAPS_WRITE, ".git/config",
		  ".git/config" },
		{ "wildcards in a name are letters", "a/[x]*.c", CAPS_READ, "**/*.c", NULL },
		{ "no suffix", "bin/tool", CAPS_READ, "**/*", "bin/**/*" },
	};

	TEST_ROWS (steps, row) {
		struct rules rules = rules_new("");
		cleanup_arena struct arena arena = arena_make(1 << 20, NULL, NULL);
		struct caps_question question = file_question(row->verb, row->path);
		struct caps_answer answer;

		question.canonical = path_normal(&arena, STR("/proj"), STR(""), str_of(row->path));
		answer = caps_check(rules.caps, &question);
		EXPECT_EQ(row, answer.verdict, CAPS_ASK);
		if (row->broadest)
			EXPECT_STR(row, answer.parts[0].steps[0].pattern, row->broadest);
		for (size_t i = 0; i < answer.parts[0].n_steps; i++) {
			struct rules again = rules_new("");
			struct caps_answer second;

			if (answer.parts[0].steps[i].recommended && row->recommended)
				EXPECT_STR(row, answer.parts[0].steps[i].pattern, row->recommended);
			MUST(caps_remember(again.caps, row->verb, answer.parts[0].steps[i].pattern,
			                   true, &again.err),
			     &again.err);
			second = caps_check(again.caps, &question);
			EXPECT_EQ(row, second.verdict, CAPS_ALLOW);
			caps_answer_fini(&second);
			rules_free(&again);
		}
		caps_answer_fini(&answer);
		rules_free(&rules);
	}
}

static const struct {
	const char *name, *rules;
} bad[] = {
	{ "paths without files", "[capabilities.allow.read]\npaths = [\"src/**\"]\n" },
	{ "an empty path",
	  "[capabilities.allow.read]\npaths = [{ path = \"\", files = [\"*\"] }]\n" },
};

TEST(bad_rules_do_not_load)
{
	TEST_ROWS (bad, row) {
		struct rules rules = rules_new(row->rules);

		EXPECT_TRUE(row, rules.caps == NULL);
		EXPECT_TRUE(row, strstr(rules.err.text, "seal.toml:6:") == rules.err.text);
		rules_free(&rules);
	}
}

TEST_MAIN(RUN(globs_match), RUN(names_have_a_normal_form), RUN(files_are_judged),
          RUN(the_object_counts), RUN(every_step_of_the_scale_covers_its_question),
          RUN(bad_rules_do_not_load))
