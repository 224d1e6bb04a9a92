#include <stdlib.h>

#include "base/err.h"
#include "base/test.h"
#include "manifest/manifest.h"
#include "sandbox/plan/env_file.h"
#include "sandbox/plan/tools.h"

static const struct start_row {
	const char *name, *script;
	bool want;
} start_rows[] = {
	{ "the tool itself", "cargo test", true },
	{ "quoted, as it is re-emitted", "'cargo' 'test'", true },
	{ "by its path", "/usr/bin/cargo test", true },
	{ "behind another command", "cd x && cargo test", true },
	{ "in a pipe", "echo y | cargo run", true },
	{ "behind a variable", "RUST_LOG=debug cargo test", true },
	{ "behind env", "env A=b cargo test", true },
	{ "through a wrapper of the manifest", "just build", true },
	{ "as an argument it is not started", "echo cargo", false },
	{ "another program", "cargonaut x", false },
};

TEST(starts)
{
	struct str wrapper = STR("just");
	struct manifest manifest = { .sandbox.wrappers = { &wrapper, NULL, 1 } };
	struct manifest_tool tool = { .tool = STR("cargo") };

	TEST_ROWS (start_rows, row)
		EXPECT_EQ(row, tools_starts(str_of(row->script), tool.tool, &manifest, &tool),
		          row->want);
}

static const struct line_row {
	const char *name, *line, *want; /* NULL: sets nothing */
} line_rows[] = {
	{ "a plain value", "A=b", "A=b" },
	{ "export is left out", "export A=b", "A=b" },
	{ "blanks around it are not part of it", "  A= b  ", "A=b" },
	{ "a comment behind it neither", "A=b # c", "A=b" },
	{ "a sign within it is", "A=b#c", "A=b#c" },
	{ "double quotes hold blanks and escapes", "A=\"b c\\n\\\"d\"", "A=b c\n\"d" },
	{ "single quotes hold everything", "A='b $c \\n'", "A=b $c \\n" },
	{ "nothing is expanded", "A=$(touch x)`y`${z}", "A=$(touch x)`y`${z}" },
	{ "an empty value", "A=", "A=" },
	{ "a comment", "# A=b", NULL },
	{ "a command", "touch x", NULL },
	{ "a name that begins with a digit", "1A=b", NULL },
	{ "a name with a sign", "A-B=c", NULL },
};

TEST(lines)
{
	TEST_ROWS (line_rows, row) {
		char *got = NULL;
		bool sets = env_parse_line(str_of(row->line), &got);

		EXPECT_EQ(row, sets, row->want != NULL);
		if (sets)
			EXPECT_STR(row, str_of(got), row->want);
		free(got);
	}
}

TEST_MAIN(RUN(starts), RUN(lines))
