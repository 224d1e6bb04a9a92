#include "base/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "manifest/manifest.h"

#define HEAD "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n"

static const struct refusal {
	const char *name, *text, *want;
} refusals[] = {
    {"an empty file lacks its version", "",
     "t:1:1: schema_version is missing; add `schema_version = 1` as the first line"},
    {"another version is not this format", "schema_version = 2\n",
     "t:1:18: schema_version is 2, must be 1"},
    {"a version is a number", "schema_version = \"1\"\n",
     "t:1:18: schema_version is a string, must be an integer"},
    {"a model is required", "schema_version = 1\n",
     "t:1:1: provider is missing; add `provider = \"...\"` under [model]"},
    {"the model has a name", "schema_version = 1\n[model]\nprovider = \"replay\"\n",
     "t:2:1: name is missing; add `name = \"...\"` under [model]"},
    {"an unknown key names its nearest", HEAD "max_tokns = 1\n",
     "t:5:1: unknown key \"max_tokns\" in [model]; did you mean \"max_tokens\"?"},
    {"swapped letters are near", HEAD "[capabilities.allow.netwrok]\ndomains = []\n",
     "t:5:21: unknown table \"netwrok\" in [capabilities.allow]; did you mean \"network\"?"},
    {"far from anything lists what there is", HEAD "[tasks]\ncolour = 1\n",
     "t:6:1: unknown key \"colour\" in [tasks]; what is known here: turns_between_reminders, "
     "turns_since_task"},
    {"a key of another table is unknown here", HEAD "[limits]\nname = \"x\"\n",
     "t:6:1: unknown key \"name\" in [limits]; what is known here:"},
    {"sandbox.wasm has no keys yet", HEAD "[sandbox.wasm]\npath = \"x\"\n",
     "t:6:1: unknown key \"path\" in [sandbox.wasm]; remove it: nothing can be set here"},
    {"a quoted dot does not make a path", HEAD "[\"sandbox.os\"]\nworkspace = \"direct\"\n",
     "t:5:2: unknown table \"sandbox.os\"; did you mean \"sandbox\"?"},
    {"a table is no string", HEAD "[capabilities]\nallow = \"all\"\n",
     "t:6:9: \"capabilities.allow\" is a string, must be a table: [capabilities.allow]"},
    {"a string is no table", HEAD "[model.effort]\n",
     "t:5:1: effort in [model] is a table, must be a string"},
    {"an unknown value names its nearest",
     "schema_version = 1\n[model]\nprovider = \"antropic\"\nname = \"x\"\n",
     "t:3:12: \"antropic\" is no value of provider in [model]; did you mean \"anthropic\"?"},
    {"an unknown value far from any lists them", HEAD "[security]\nallow_redirects = \"yes\"\n",
     "t:6:19: \"yes\" is no value of allow_redirects in [security]; one of: streams, none, files"},
    {"a tool without a bundle is unknown", HEAD "[sandbox.os]\ncommand_tools = [\"crago\"]\n",
     "t:6:18: \"crago\" is no value of tool in an entry of sandbox.os.command_tools; did you mean "
     "\"cargo\"?"},
    {"a number is not quoted", HEAD "max_tokens = \"9\"\n",
     "t:5:14: max_tokens in [model] is a string, must be an integer"},
    {"a number has a range", HEAD "max_tokens = 0\n",
     "t:5:14: max_tokens in [model] is 0, must be from 1 to 2147483647"},
    {"a negative limit is none", HEAD "[limits]\nmax_turns = -1\n",
     "t:6:13: max_turns in [limits] is -1, must be from 0"},
    {"not a number is no cost", HEAD "[limits]\nmax_cost_usd = nan\n",
     "t:6:16: max_cost_usd in [limits] is nan, must be from 0 to 1000000"},
    {"infinity is no cost", HEAD "[limits]\nmax_cost_usd = inf\n",
     "t:6:16: max_cost_usd in [limits] is inf, must be from 0 to 1000000"},
    {"true is not quoted", HEAD "[compact]\nenabled = \"true\"\n",
     "t:6:11: enabled in [compact] is a string, must be true or false"},
    {"a port ends at 65535", HEAD "[sandbox.os.network]\nhost_ports = [65536]\n",
     "t:6:15: host_ports in [sandbox.os.network] is 65536, must be from 1 to 65535"},
    {"a list is no string", HEAD "[capabilities.allow.network]\ndomains = \"a.com\"\n",
     "t:6:11: domains in [capabilities.allow.network] is a string, must be an array of strings"},
    {"a list holds strings only", HEAD "[capabilities.allow.network]\ndomains = [\"a.com\", 1]\n",
     "t:6:21: domains in [capabilities.allow.network] is an integer, must be an array of strings"},
    {"an empty string says nothing", HEAD "[capabilities.allow.network]\ndomains = [\"\"]\n",
     "t:6:12: domains in [capabilities.allow.network] is empty; remove the empty string"},
    {"an entry is a string or a table", HEAD "[capabilities.allow.commands]\npatterns = [3]\n",
     "t:6:13: the entry is an integer, must be a string or a table { command = \"...\" }"},
    {"an entry's keys are known",
     HEAD "[capabilities.allow.commands]\npatterns = [{ comand = \"x\" }]\n",
     "t:6:15: unknown key \"comand\" in an entry of capabilities.allow.commands.patterns; did you "
     "mean \"command\"?"},
    {"an entry has its pattern",
     HEAD "[capabilities.allow.commands]\npatterns = [{ prompt = true }]\n",
     "t:6:13: \"command\" is missing in an entry of capabilities.allow.commands.patterns; add it"},
    {"a denied command has no prompt",
     HEAD "[capabilities.deny.commands]\npatterns = [{ command = \"x\", prompt = true }]\n",
     "t:6:30: unknown key \"prompt\" in an entry of capabilities.deny.commands.patterns; what is "
     "known here: command, domains"},
    {"deny has no additional directories",
     HEAD "[capabilities.deny]\nadditional_directories = []\n",
     "t:6:1: unknown key \"additional_directories\" in [capabilities.deny]"},
    {"a variable's name is a name", HEAD "[capabilities.deny.commands]\nenv_vars = [\"A=B\"]\n",
     "t:6:13: \"A=B\" is no name of a variable; letters, digits, _ and * make one"},
    {"a header's name is a name", HEAD "headers = { \"a: b\" = \"x\" }\n",
     "t:5:13: \"a: b\" is no name of an HTTP header; use letters, digits and -"},
    {"a header's value is one line", HEAD "headers = { a = \"x\\r\\ny: z\" }\n",
     "t:5:17: headers in [model] has a control character (0x0d); remove it"},
    {"manual thinking has a budget", HEAD "thinking = \"manual\"\n",
     "t:2:1: thinking is \"manual\" without a budget; add `thinking_budget = 8192` under [model]"},
    {"a local model has an address",
     "schema_version = 1\n[model]\nprovider = \"local\"\nname = \"x\"\n",
     "t:2:1: provider is \"local\" without its address; add `base_url ="},
    {"a key stands once", HEAD "name = \"y\"\n", "t:5:1: duplicate key, in: name = \"y\""},
    {"a table stands once", HEAD "[limits]\n[limits]\n", "t:6:2: duplicate key, in: [limits]"},
    {"a comma is missing", HEAD "[capabilities.allow.commands]\npatterns = [ \"a\" \"b\" ]\n",
     "t:6:18: missing comma between array elements, expected `,`, in: patterns = [ \"a\" \"b\" ]"},
    {"a byte order mark is refused", "\xef\xbb\xbf" HEAD,
     "t:1:1: the file begins with a byte order"},
    {"what is no UTF-8 is refused where it is", HEAD "# gr\xc3\xbc\xc3\x9f \xff\n",
     "t:5:8: byte 0xff is not valid UTF-8; save the file as UTF-8"},
    {"an overlong form is no UTF-8", "name = \"\xc0\x80\"\n",
     "t:1:9: byte 0xc0 is not valid UTF-8"},
    {"an escaped NUL is one too", "schema_version = 1\nname = \"a\\u0000b\"\n",
     "t:2:8: name has a control character (0x00); remove it"},
    {"columns are characters, not bytes",
     HEAD "[capabilities.allow.network]\ndomains = [\"\xc3\xa4\", 1]\n",
     "t:6:17: domains in [capabilities.allow.network] is an integer, must be an array of strings"},
    {"what is quoted has no control bytes", HEAD "nam\x1b[31me = 3\n",
     "t:5:5: key with no value, expected `=`, in: nam?[31me = 3"},
};

TEST(refuses)
{
	TEST_ROWS(refusals, row)
	{
		cleanup_with(manifest_free) struct manifest *manifest = NULL;
		struct err err = {0};

		EXPECT_EQ(row, manifest_parse(str_of(row->text), "t", &manifest, &err), ERR_INPUT);
		if (strncmp(err.text, row->want, strlen(row->want)) != 0)
			fail_msg("%s: says \"%s\", want \"%s\"", row->name, err.text, row->want);
	}
}

TEST(a_nul_byte_is_refused_where_it_is)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	struct err err;

	assert_true(manifest_parse(STR(HEAD "# a\0b\n"), "t", &manifest, &err) < 0);
	assert_string_equal(err.text, "t:5:4: there is a NUL byte; remove it");
}

static int parse_repeated(const char *head, const char *piece, size_t n, const char *tail,
			  struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf text = BUF_INIT;

	buf_adds(&text, head);
	for (size_t i = 0; i < n; i++)
		buf_adds(&text, piece);
	buf_adds(&text, tail);
	assert_false(text.failed);
	return manifest_parse(buf_str(&text), "t", &manifest, err);
}

static const struct size {
	const char *name, *head, *piece;
	size_t n;
	const char *tail, *want; /* NULL: it loads */
} sizes[] = {
    {"10,000 rules load", HEAD "[capabilities.allow.commands]\npatterns = [", "\"a b:*\",\n", 10000,
     "]\n", NULL},
    {"10,000 rules on one line load", HEAD "[capabilities.allow.commands]\npatterns = [",
     "\"a b:*\",", 10000, "]\n", NULL},
    {"one more does not", HEAD "[capabilities.allow.commands]\npatterns = [", "\"a b:*\",\n", 10001,
     "]\n", "t:1:1: 10001 rules, at most 10000 are allowed; use wider patterns"},
    {"rules are paths times files",
     HEAD "[capabilities.allow.read]\npaths = [\"a\", \"b\"]\ndefault_files = [", "\"*.a\",", 5001,
     "]\n", "t:1:1: 10002 rules, at most 10000 are allowed; use wider patterns"},
    {"a megabyte loads", HEAD "#", "#", 1024 * 1024 - sizeof(HEAD), "", NULL},
    {"a byte more does not", HEAD "#", "#", 1024 * 1024 - sizeof(HEAD) + 1, "",
     "t:1:1: larger than 1048576 bytes; make it smaller"},
    {"deep arrays are refused", HEAD "x = ", "[", 100000, "", "t:5:85: nested too deeply"},
    {"deep tables are refused", HEAD "x = ", "{a=", 100000, "", "t:5:245: nested too deeply"},
    {"long dotted keys are refused", HEAD "a", ".a", 100000, " = 1\n", "t:6:1: nested too deeply"},
    {"deep headers are refused", HEAD "[a", ".a", 60, "]\n",
     "t:5:68: nested more than 32 levels deep"},
};

TEST(has_limits)
{
	TEST_ROWS(sizes, row)
	{
		struct err err = {0};
		int r = parse_repeated(row->head, row->piece, row->n, row->tail, &err);

		if (!row->want && r < 0)
			fail_msg("%s: says \"%s\"", row->name, err.text);
		if (row->want && strncmp(err.text, row->want, strlen(row->want)) != 0)
			fail_msg("%s: says \"%s\", want \"%s\"", row->name, err.text, row->want);
	}
}

static void parse(const char *text, struct manifest **ret_manifest)
{
	struct err err;

	MUST(manifest_parse(str_of(text), "t", ret_manifest, &err), &err);
}

TEST(unset_values_have_their_defaults)
{
	cleanup_with(manifest_free) struct manifest *m = NULL;

	parse(HEAD, &m);
	assert_int_equal(m->model.thinking, THINKING_ADAPTIVE);
	assert_int_equal(m->model.effort.len, 0);
	assert_true(m->security.allow_pipes && m->security.allow_runtime_expansion);
	assert_false(m->security.allow_privilege_wrappers || m->security.allow_python_interpreter);
	assert_int_equal(m->security.allow_redirects, REDIRECTS_STREAMS);
	assert_int_equal(m->security.allow_subshell, TRISTATE_UNSET);
	assert_int_equal(m->sandbox.command_fs, COMMAND_FS_SYSTEM);
	assert_true(m->sandbox.command_mask_secrets);
	assert_false(m->sandbox.overlay);
	assert_int_equal(m->command_run.command_timeout, 120);
	assert_int_equal(m->command_run.max_output_chars, 30000);
	assert_int_equal(m->command_run.spill_max_bytes, 5368709120);
	assert_int_equal(m->command_run.auto_load_env_files.n, 3);
	assert_true(str_is(m->command_run.auto_load_env_files.items[2], ".envrc"));
	assert_true(str_is(m->command_run.auto_load_env_protected.items[0], "SEAL_*"));
	assert_int_equal(m->command_run.envrc_mode, ENVRC_PROMPT);
	assert_int_equal(m->limits.file_read_max_bytes, 262144);
	assert_int_equal(m->limits.max_turns, 0);
	assert_true(m->limits.max_cost_usd == 0);
	assert_true(m->compact.enabled && m->compact.micro_enabled);
	assert_int_equal(m->compact.threshold_pct, 0);
	assert_int_equal(m->compact.micro_gap_threshold_minutes, 60);
	assert_int_equal(m->tasks.turns_since_task, 8);
	assert_true(m->attribution_commit_trailer);
	assert_false(m->allow.read.present || m->allow.read.has_paths || m->deny.read.present);
}

TEST(entries_are_read_in_both_forms)
{
	cleanup_with(manifest_free) struct manifest *m = NULL;
	const struct manifest_command *command;
	const struct manifest_path *path;

	parse(
	    HEAD
	    "[capabilities.allow.commands]\npatterns = [\n  \"git status\",\n"
	    "  { command = \"cargo:*\", prompt = true, domains = [], inherit_default_domains = "
	    "false },\n]\n"
	    "[[capabilities.deny.commands.patterns]]\ncommand = \"curl:*\"\ndomains = [\"a.com\"]\n"
	    "[capabilities.allow.read]\ndefault_files = [\"*.c\"]\n"
	    "paths = [\"src/**\", { path = \".\", files = [\"README\"], prompt = true }]\n",
	    &m);
	assert_int_equal(m->allow.commands.n_patterns, 2);
	command = &m->allow.commands.patterns[0];
	assert_true(str_is(command->command, "git status"));
	assert_true(command->inherit_default_domains);
	assert_false(command->prompt || command->has_domains || command->has_paths);
	assert_int_equal(command->line, 7);
	assert_int_equal(command->column, 3);
	command++;
	assert_true(command->prompt && command->has_domains);
	assert_false(command->inherit_default_domains);
	assert_int_equal(command->domains.n, 0);
	assert_true(str_is(m->deny.commands.patterns[0].domains.items[0], "a.com"));
	path = m->allow.read.paths;
	assert_true(m->allow.read.has_paths && m->allow.read.present && m->allow.read.n_paths == 2);
	assert_false(path[0].has_files || path[0].prompt);
	assert_true(path[1].has_files && path[1].prompt &&
		    str_is(path[1].files.items[0], "README"));
	assert_int_equal(m->allow.read.default_files.lines[0], 14);
}

TEST(every_key_is_read)
{
	cleanup_with(manifest_free) struct manifest *m = NULL;

	parse(
	    "schema_version = 1\nname = \"n\"\n[model]\nprovider = \"local\"\nname = \"x\"\n"
	    "base_url = \"http://h\"\ncontext_length = 5\nmax_tokens = 6\nthinking = \"manual\"\n"
	    "thinking_budget = 7\neffort = \"xhigh\"\nheaders = { A = \"b\", C = \"d\" }\n"
	    "[capabilities.allow]\nadditional_directories = [\"../x\"]\n"
	    "[capabilities.deny.delete]\ndefault_files = [\"*\"]\n"
	    "[security]\nallow_subshell = false\nallow_redirects = \"files\"\nallow_pipes = false\n"
	    "[sandbox.os]\ncommand_fs = \"all\"\nworkspace = \"overlay\"\nwrappers = [\"just\"]\n"
	    "command_tools = [\"git\", { tool = \"cargo\", fetch = true, domains = [] }]\n"
	    "limits = { memory_mb = 1, processes = 2, cpu_seconds = 3, file_size_mb = 4 }\n"
	    "network.dev_server_ports = [3000, 65535]\n"
	    "[limits]\nmax_cost_usd = 0.5\n[command_run]\nenvrc_mode = \"off\"\n",
	    &m);
	assert_true(str_is(m->name, "n") && str_is(m->model.base_url, "http://h"));
	assert_int_equal(m->model.thinking_budget, 7);
	assert_true(str_is(m->model.effort, "xhigh"));
	assert_int_equal(m->model.header_names.n, 2);
	assert_true(str_is(m->model.header_names.items[1], "C"));
	assert_true(str_is(m->model.header_values.items[1], "d"));
	assert_true(str_is(m->allow.additional_directories.items[0], "../x"));
	assert_true(m->deny.del.present && !m->deny.del.has_paths &&
		    m->deny.del.default_files.n == 1);
	assert_int_equal(m->security.allow_subshell, TRISTATE_FALSE);
	assert_int_equal(m->security.allow_redirects, REDIRECTS_FILES);
	assert_false(m->security.allow_pipes);
	assert_int_equal(m->sandbox.command_fs, COMMAND_FS_ALL);
	assert_true(m->sandbox.overlay && str_is(m->sandbox.wrappers.items[0], "just"));
	assert_int_equal(m->sandbox.n_tools, 2);
	assert_true(m->sandbox.tools[1].fetch && m->sandbox.tools[1].has_domains);
	assert_false(m->sandbox.tools[0].fetch || m->sandbox.tools[0].has_domains);
	assert_int_equal(m->sandbox.limit_memory_mb, 1);
	assert_int_equal(m->sandbox.limit_file_size_mb, 4);
	assert_int_equal(m->sandbox.n_dev_server_ports, 2);
	assert_int_equal(m->sandbox.dev_server_ports[1], 65535);
	assert_true(m->limits.max_cost_usd == 0.5);
	assert_int_equal(m->command_run.envrc_mode, ENVRC_OFF);
}

TEST(a_file_is_found_upwards_and_no_link_is_followed)
{
	char folder[] = "/tmp/seal-manifest-XXXXXX", path[64], away[64], deep[64];
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_free char *root = NULL;
	struct err err;

	assert_non_null(mkdtemp(folder));
	(void)snprintf(deep, sizeof(deep), "%s/a", folder);
	assert_int_equal(mkdir(deep, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/seal.toml", folder);
	(void)snprintf(away, sizeof(away), "%s/away", folder);
	assert_true(manifest_find_root(deep, &root, &err) < 0);
	assert_non_null(strstr(err.text, "`seal init`"));

	MUST(fd_replace_file(AT_FDCWD, path, STR(HEAD), 0600, &err), &err);
	MUST(manifest_find_root(deep, &root, &err), &err);
	assert_string_equal(root, folder);
	MUST(manifest_load(root, &manifest, &err), &err);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(symlink(away, path), 0);
	assert_true(manifest_load(root, &manifest, &err) < 0);
	assert_non_null(strstr(err.text, "is a link"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(manifest_load(root, &manifest, &err) < 0);
	assert_non_null(strstr(err.text, "is no regular file"));
	(void)unlink(path);
	(void)unlink(away);
	(void)rmdir(deep);
	(void)rmdir(folder);
}

TEST_MAIN(RUN(refuses), RUN(a_nul_byte_is_refused_where_it_is), RUN(has_limits),
	  RUN(unset_values_have_their_defaults), RUN(entries_are_read_in_both_forms),
	  RUN(every_key_is_read), RUN(a_file_is_found_upwards_and_no_link_is_followed))
