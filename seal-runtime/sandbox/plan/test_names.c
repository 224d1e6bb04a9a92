#include "base/test.h"
#include "sandbox/plan/names.h"

static const struct name_row {
	const char *name, *file;
	bool secret, control;
} name_rows[] = {
	{ "an env file is a secret", ".env", true, false },
	{ "case does not matter", ".ENV", true, false },
	{ "an env file of a stage is a secret", ".env.production", true, false },
	{ "an example is none", ".env.example", false, false },
	{ "a key is a secret", "server.key", true, false },
	{ "a public key is none", "id_ed25519.pub", false, false },
	{ "a private key is one", "id_ed25519", true, false },
	{ "a yaml of secrets, either ending", "secrets.yml", true, false },
	{ "a source file is neither", "environment.c", false, false },
	{ "what only begins so is neither", ".environment", false, false },
	{ "an editor's folder controls", ".vscode", false, true },
	{ "the manifest controls", "seal.toml", false, true },
	{ "a workspace file controls, whatever its name", "x.code-workspace", false, true },
};

TEST(names)
{
	TEST_ROWS (name_rows, row) {
		EXPECT_EQ(row, name_is_secret(row->file), row->secret);
		EXPECT_EQ(row, name_is_control(row->file), row->control);
	}
}

static const struct glob_row {
	const char *name, *glob, *path;
	bool want;
} glob_rows[] = {
	{ "a literal is itself", "src/a.c", "src/a.c", true },
	{ "a star stays in its segment", "src/*", "src/a/b.c", false },
	{ "two stars are any segments", "src/**", "src/a/b.c", true },
	{ "two stars are also none", "src/**", "src", true },
	{ "two stars in the middle", "**/*.pem", "a/b/c.pem", true },
	{ "two stars in front are also none", "**/*.pem", "c.pem", true },
	{ "a shared prefix is no parent", "src/**", "srcfoo/a", false },
	{ "a set", "[ab].c", "b.c", true },
	{ "a backslash is literal", "a\\*", "a*", false },
	{ "a longer path does not match", "a/b", "a/b/c", false },
	{ "a shorter path does not match", "a/b/c", "a/b", false },
};

TEST(globs)
{
	TEST_ROWS (glob_rows, row)
		EXPECT_EQ(row, glob_matches(row->glob, row->path), row->want);
}

static const struct literal_row {
	const char *name, *glob;
	size_t want;
} literal_rows[] = {
	{ "all of a literal", "/opt/tool", 9 },
	{ "up to the segment with the star", "/opt/*/bin", 4 },
	{ "a star within a segment takes it all", "/opt/a*", 4 },
	{ "nothing is left of a leading star", "*.c", 0 },
};

TEST(literals)
{
	TEST_ROWS (literal_rows, row)
		EXPECT_EQ(row, glob_literal_len(row->glob), row->want);
}

static const struct config_row {
	const char *name, *text;
	bool want;
} config_rows[] = {
	{ "what git init writes is harmless",
	  "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n", false },
	{ "a remote is harmless",
	  "[remote \"origin\"]\n\turl = https://x/y\n\tfetch = "
	  "+refs/heads/*:refs/remotes/origin/*\n",
	  false },
	{ "a monitor is run", "[core]\n\tfsMonitor = touch x\n", true },
	{ "an alias is run", "[Alias]\n\tst = !sh\n", true },
	{ "a rewritten address leads elsewhere", "[url \"x\"]\n\tinsteadOf = y\n", true },
	{ "an included file is read", "[includeIf \"gitdir:x\"]\n\tpath = y\n", true },
	{ "a hooks path is obeyed", "[core]\nhooksPath=x\n", true },
};

TEST(configs)
{
	TEST_ROWS (config_rows, row)
		EXPECT_EQ(row, names_git_is_dangerous(str_of(row->text)), row->want);
}

TEST_MAIN(RUN(names), RUN(globs), RUN(literals), RUN(configs))
