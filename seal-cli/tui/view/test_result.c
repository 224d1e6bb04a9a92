#include "seal-cli/tui/view/result.h"

#include "base/test.h"
#include "seal-cli/tui/theme.h"

static const struct row {
	const char *name, *kind, *outcome, *text;
	enum result_kind want_kind;
	const char *want_words, *want_body;
} rows[] = {
	{ "a file that was read is a number of lines", "read", "done", "a\nb\n", RESULT_QUIET, "2 lines", "a\nb\n" },
	{ "one line is not lines", "read", "done", "a", RESULT_QUIET, "1 line", "a" },
	{ "what was found is a number of results", "search", "done", "a:1: x\n", RESULT_QUIET, "1 result",
	  "a:1: x\n" },
	{ "a command's output is shown", "execute", "done", "hello\n", RESULT_OUTPUT, "", "hello\n" },
	{ "its exit code stands beside the command", "execute", "done", "hello\nexit code 3\n", RESULT_OUTPUT,
	  "exit code 3", "hello\n" },
	{ "a signal too", "execute", "done", "ended by signal 9\n", RESULT_OUTPUT, "ended by signal 9", "" },
	{ "such words in the middle are output", "execute", "done", "exit code 3\nmore\n", RESULT_OUTPUT, "",
	  "exit code 3\nmore\n" },
	{ "a refusal names the rule", "execute", "denied", "denied: curl:*\nuse wget\n", RESULT_ERROR,
	  "denied by curl:*", "use wget\n" },
	{ "or none", "read", "denied", "denied: \nno rule covers it\n", RESULT_ERROR, "denied",
	  "no rule covers it\n" },
	{ "a failure is no file", "read", "failed", "no such file\n", RESULT_ERROR, "failed", "no such file\n" },
	{ "a change is counted", "edit", "done", "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n+b\n+c\n", RESULT_DIFF,
	  "+2 -1", "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n+b\n+c\n" },
	{ "of a kind we do not know: text", "", "", "a\n", RESULT_TEXT, "", "a\n" },
};

TEST(read)
{
	TEST_ROWS(rows, row) {
		struct result result = { 0 };
		struct result_call call = { str_of(row->kind), str_of(row->outcome) };

		result_read(&result, &call, str_of(row->text));
		EXPECT_EQ(row, result.kind, row->want_kind);
		EXPECT_STR(row, buf_str(&result.words), row->want_words);
		EXPECT_STR(row, buf_str(&result.body), row->want_body);
		result_fini(&result);
	}
}

static const struct light_row {
	const char *name, *colour;
	bool want;
} light_rows[] = {
	{ "white", "rgb:ffff/ffff/ffff", true },
	{ "black", "rgb:0000/0000/0000", false },
	{ "two digits a channel", "rgb:fd/f6/e3", true },
	{ "a dark blue", "rgb:00/2b/36", false },
	{ "green counts most", "rgb:00/ff/00", true },
	{ "too few channels", "rgb:ffff/ffff", false },
	{ "no colour", "rgba", false },
};

TEST(light)
{
	TEST_ROWS(light_rows, row)
		EXPECT_EQ(row, theme_is_light(str_of(row->colour)), row->want);
}

TEST_MAIN(RUN(read), RUN(light))
