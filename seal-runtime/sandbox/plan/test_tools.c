#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"
#include "manifest/manifest.h"
#include "sandbox/plan/env_file.h"
#include "sandbox/plan/tools.h"

static const struct start_row {
	const char *name, *script;
	bool want;
	const char *tool; /* NULL: cargo */
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
	{ "a program that comes with it", "rustfmt src/lib.rs", true },
	{ "in an environment of the project", ".venv/bin/pytest -q", true, "python" },
	{ "npm is node", "npm ci", true, "node" },
	{ "ctest is cmake", "ctest --test-dir build", true, "cmake" },
	{ "a program of another tool", "npm ci", false, "python" },
};

TEST(starts)
{
	struct str wrapper = STR("just");
	struct manifest manifest = { .sandbox.wrappers = { &wrapper, NULL, 1 } };

	TEST_ROWS (start_rows, row) {
		struct manifest_tool tool = { .tool = str_of(row->tool ?: "cargo") };

		EXPECT_EQ(row, tools_starts(str_of(row->script), &manifest, &tool), row->want);
	}
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

static const struct load_row {
	const char *name, *rules, *want;
} load_rows[] = {
	{ "both files are read, and the later wins", "", "A=local" },
	{ "a file that may not be read is not told to commands either",
	  "[capabilities.deny.read]\ndefault_files = [\".env.local\"]\n", "A=env" },
	{ "neither is one that a path of the rules denies",
	  "[capabilities.deny.read]\npaths = [{ path = \".\", files = [\".env*\"] }]\n", NULL },
	{ "a shell's own file is not read by itself", "[command_run]\nenvrc_mode = \"prompt\"\n",
	  "A=local" },
	{ "nor when it is off", "[command_run]\nenvrc_mode = \"off\"\n", "A=local" },
	{ "allowed, it is data, and nothing in it runs", "[command_run]\nenvrc_mode = \"allow\"\n",
	  "A=$(touch ran; echo 1)" },
	{ "none is read when that is said", "[command_run]\nauto_load_env = false\n", NULL },
};

static void put(const char *folder, const char *name, const char *text)
{
	cleanup_close int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = openat(at, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

TEST(loads)
{
	char folder[] = "/tmp/seal-env-XXXXXX";

	assert_non_null(mkdtemp(folder));
	put(folder, ".env", "A=env\n");
	put(folder, ".env.local", "A=local\n");
	put(folder, ".envrc", "touch ran\nexport A=\"$(touch ran; echo 1)\"\nLD_PRELOAD=x\n");
	TEST_ROWS (load_rows, row) {
		cleanup_buf struct buf text = BUF_INIT;
		struct manifest *manifest = NULL;
		char **list = NULL;
		struct err err;
		size_t n = 0;

		buf_addf(&text,
		         "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"m\"\n%s",
		         row->rules);
		assert_int_equal(manifest_parse(buf_str(&text), "seal.toml", &manifest, &err), 0);
		assert_int_equal(env_load(folder, manifest, &list, &err), 0);
		while (list && list[n])
			n++;
		EXPECT_EQ(row, n > 0, row->want != NULL);
		if (n > 0 && row->want)
			EXPECT_STR(row, str_of(list[n - 1]), row->want);
		env_free(list);
		manifest_free(manifest);
	}
	for (const char *const *name =
	             (const char *const[]){ ".env", ".env.local", ".envrc", NULL };
	     *name; name++) {
		cleanup_close int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

		assert_int_equal(unlinkat(at, *name, 0), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

TEST_MAIN(RUN(starts), RUN(lines), RUN(loads))
