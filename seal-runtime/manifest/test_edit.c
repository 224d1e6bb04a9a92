#include "base/test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "manifest/edit.h"

#define HEAD "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n"
#define CMDS HEAD "[capabilities.allow.commands]\n"

static const struct edit_case {
	const char *name, *before;
	struct manifest_edit edit;
	const char *after; /* NULL: as before */
} cases[] = {
    {"a list on lines gets a line",
     CMDS "patterns = [\n  \"a\",\n]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b:*"), false},
     CMDS "patterns = [\n  \"a\",\n  \"b:*\",\n]\n"},
    {"its indent is kept, and comments behind and below",
     CMDS "patterns = [\n\t\"a\", # why\n\t# end\n]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [\n\t\"a\", # why\n\t\"b\",\n\t# end\n]\n"},
    {"a missing last comma is added, none more",
     CMDS "patterns = [\n  \"a\" # why\n]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [\n  \"a\", # why\n  \"b\"\n]\n"},
    {"a bracket right behind stays there",
     CMDS "patterns = [\n  \"a\",\n  \"b\"]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("c"), false},
     CMDS "patterns = [\n  \"a\",\n  \"b\",\n  \"c\"]\n"},
    {"a list on one line stays on it",
     CMDS "patterns = [\"a\"]   # x\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [\"a\", \"b\"]   # x\n"},
    {"with its last comma too",
     CMDS "patterns = [ \"a\", ]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [ \"a\", \"b\", ]\n"},
    {"a comment with a comma is no comma",
     CMDS "patterns = [\n  \"a\" # b, c ]\n]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [\n  \"a\", # b, c ]\n  \"b\"\n]\n"},
    {"an empty list is filled",
     CMDS "patterns = []\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [\"b\"]\n"},
    {"an empty list on lines is filled",
     CMDS "patterns = [\n  # none yet\n]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [\n  # none yet\n  \"b\",\n]\n"},
    {"a missing key is made under its header",
     CMDS "# note\ndefault_domains = []\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [\n  \"b\",\n]\n# note\ndefault_domains = []\n"},
    {"a header at the very end too",
     HEAD "[capabilities.allow.commands]",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     CMDS "patterns = [\n  \"b\",\n]\n"},
    {"a missing table is made at the end",
     HEAD "# the end",
     {EDIT_DENY, EDIT_NETWORK, STR("a.com"), false},
     HEAD "# the end\n\n[capabilities.deny.network]\ndomains = [\n  \"a.com\",\n]\n"},
    {"an inline table is added to",
     HEAD "[capabilities]\nallow = { network = { domains = [\"a.com\"] } }\n",
     {EDIT_ALLOW, EDIT_NETWORK, STR("b.com"), false},
     HEAD "[capabilities]\nallow = { network = { domains = [\"a.com\", \"b.com\"] } }\n"},
    {"an inline table gets its key",
     HEAD "[capabilities.deny]\ncommands = { domains = [\"a.com\"] }\n",
     {EDIT_DENY, EDIT_COMMANDS, STR("b"), false},
     HEAD "[capabilities.deny]\ncommands = { domains = [\"a.com\"], patterns = [\"b\"] }\n"},
    {"an empty inline table gets its key",
     HEAD "[capabilities.deny]\ncommands = {}\n",
     {EDIT_DENY, EDIT_COMMANDS, STR("b"), false},
     HEAD "[capabilities.deny]\ncommands = { patterns = [\"b\"] }\n"},
    {"a dotted key's list is found",
     HEAD "[capabilities]\nallow.network.domains = [\"a.com\"]\n",
     {EDIT_ALLOW, EDIT_NETWORK, STR("b.com"), false},
     HEAD "[capabilities]\nallow.network.domains = [\"a.com\", \"b.com\"]\n"},
    {"tables in double brackets get one more",
     HEAD "[[capabilities.allow.commands.patterns]]\ncommand = \"a\"\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), true},
     HEAD "[[capabilities.allow.commands.patterns]]\ncommand = \"a\"\n\n"
	  "[[capabilities.allow.commands.patterns]]\ncommand = \"b\"\nprompt = true\n"},
    {"Windows line ends are kept",
     "schema_version = 1\r\nmodel = { provider = \"replay\", name = \"x\" }\r\n"
     "[capabilities.allow.commands]\r\npatterns = [\r\n  \"a\",\r\n]\r\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), false},
     "schema_version = 1\r\nmodel = { provider = \"replay\", name = \"x\" }\r\n"
     "[capabilities.allow.commands]\r\npatterns = [\r\n  \"a\",\r\n  \"b\",\r\n]\r\n"},
    {"a prompt is written as a table",
     CMDS "patterns = [\"a\"]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("b"), true},
     CMDS "patterns = [\"a\", { command = \"b\", prompt = true }]\n"},
    {"quotes and backslashes are escaped",
     CMDS "patterns = []\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("echo \"a\\b\" \xc3\xa4"), false},
     CMDS "patterns = [\"echo \\\"a\\\\b\\\" \xc3\xa4\"]\n"},
    {"what is there is not added again",
     CMDS "patterns = [\"a\"]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("a"), false},
     NULL},
    {"what asks and still asks stays",
     CMDS "patterns = [{ command = \"a\", prompt = true }]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("a"), true},
     NULL},
    {"what asked asks no more",
     CMDS "patterns = [{ command = \"a\", prompt = true }, \"b\"]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("a"), false},
     CMDS "patterns = [{ command = \"a\", prompt = false }, \"b\"]\n"},
    {"what is limited is another rule",
     CMDS "patterns = [{ command = \"a\", paths = [\"x\"] }]\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("a"), false},
     CMDS "patterns = [{ command = \"a\", paths = [\"x\"] }, \"a\"]\n"},
    {"a path is written in two halves",
     HEAD "",
     {EDIT_ALLOW, EDIT_READ, STR("src/**/*.rs"), false},
     HEAD
     "\n[capabilities.allow.read]\npaths = [\n  { path = \"src/**\", files = [\"*.rs\"] },\n]\n"},
    {"a file of the project itself is under a dot",
     HEAD "",
     {EDIT_DENY, EDIT_WRITE, STR("README"), false},
     HEAD "\n[capabilities.deny.write]\npaths = [\n  { path = \".\", files = [\"README\"] },\n]\n"},
    {"all below a folder",
     HEAD "",
     {EDIT_ALLOW, EDIT_DELETE, STR("build/**"), true},
     HEAD "\n[capabilities.allow.delete]\npaths = [\n"
	  "  { path = \"build/**\", files = [\"*\"], prompt = true },\n]\n"},
    {"a path from the root keeps it",
     HEAD "",
     {EDIT_ALLOW, EDIT_READ, STR("/x"), false},
     HEAD "\n[capabilities.allow.read]\npaths = [\n  { path = \"/\", files = [\"x\"] },\n]\n"},
    {"a path that is there stays",
     HEAD "[capabilities.allow.read]\npaths = [{ path = \"src\", files = [\"a\"] }]\n",
     {EDIT_ALLOW, EDIT_READ, STR("src/a"), false},
     NULL},
    {"a host that is asked about is not written",
     HEAD,
     {EDIT_ALLOW, EDIT_NETWORK, STR("a.com"), true},
     NULL},
    {"a variable is listed",
     HEAD "",
     {EDIT_ALLOW, EDIT_ENV_VARS, STR("CI"), false},
     HEAD "\n[capabilities.allow.commands]\ndefault_env_vars = [\n  \"CI\",\n]\n"},
    {"a denied variable is listed",
     HEAD "",
     {EDIT_DENY, EDIT_ENV_VARS, STR("CI"), false},
     HEAD "\n[capabilities.deny.commands]\nenv_vars = [\n  \"CI\",\n]\n"},
};

TEST(adds_and_keeps)
{
	TEST_ROWS(cases, row)
	{
		cleanup_buf struct buf out = BUF_INIT;
		struct err err;

		if (manifest_edit_add(str_of(row->before), &row->edit, &out, &err) < 0)
			fail_msg("%s: %s", row->name, err.text);
		EXPECT_STR(row, buf_str(&out), row->after ? row->after : row->before);
	}
}

static const struct refusal {
	const char *name, *before;
	struct manifest_edit edit;
	const char *want;
} refusals[] = {
    {"a broken file is not added to",
     "schema_version = 1\nx = 1\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("a"), false},
     "seal.toml:2:1: unknown key \"x\""},
    {"a table of dotted keys is left to the person",
     HEAD "[capabilities.allow]\ncommands.default_domains = []\n",
     {EDIT_ALLOW, EDIT_COMMANDS, STR("a"), false},
     "write \"a\" into patterns of [capabilities.allow.commands] yourself"},
    {"an empty pattern is none",
     HEAD,
     {EDIT_ALLOW, EDIT_COMMANDS, STR(""), false},
     "an empty pattern"},
    {"a folder is no file", HEAD, {EDIT_ALLOW, EDIT_READ, STR("src/"), false}, "end it with /**"},
    {"a control character is refused",
     HEAD,
     {EDIT_ALLOW, EDIT_COMMANDS, STR("a\nb"), false},
     "has a control character (0x0a)"},
    {"what is denied is not asked about",
     HEAD,
     {EDIT_DENY, EDIT_COMMANDS, STR("a"), true},
     "not asked about"},
};

static const struct {
	const char *name, *key, *value, *text, *want;	/* want NULL: refused */
} words[] = {
	{ "a word is exchanged, the rest stays", "name", "b", "# x\n[model]\nname = 'a' # y\n", "# x\n[model]\nname = \"b\" # y\n" },
	{ "a word that is not there is added", "effort", "low", "[model] # x\nname = \"a\"\n", "[model] # x\neffort = \"low\"\nname = \"a\"\n" },
	{ "a word with a quote is none", "name", "a\"b", "[model]\nname = \"a\"\n", NULL },
	{ "no word is none", "name", "", "[model]\nname = \"a\"\n", NULL },
	{ "a file without [model] is left to the person", "effort", "low", "schema_version = 1\n", NULL },
};

TEST(words_of_the_model)
{
	TEST_ROWS(words, row) {
		cleanup_buf struct buf out = BUF_INIT;
		struct err err;
		int r = manifest_edit_model(str_of(row->text), row->key, str_of(row->value), &out, &err);

		EXPECT_EQ(row, r == 0, row->want != NULL);
		if (row->want)
			EXPECT_STR(row, buf_str(&out), row->want);
	}
}

TEST(refuses)
{
	TEST_ROWS(refusals, row)
	{
		cleanup_buf struct buf out = BUF_INIT;
		struct err err = {0};

		EXPECT_EQ(row, manifest_edit_add(str_of(row->before), &row->edit, &out, &err),
			  ERR_INPUT);
		EXPECT_EQ(row, out.len, 0);
		if (!strstr(err.text, row->want))
			fail_msg("%s: says \"%s\", want \"%s\"", row->name, err.text, row->want);
	}
}

TEST_MAIN(RUN(adds_and_keeps), RUN(words_of_the_model), RUN(refuses))
