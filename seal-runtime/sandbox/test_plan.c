/* Manifest and machine in, steps out.  Nothing is touched: `look` is a table. */
#include <stdlib.h>

#include "base/err.h"
#include "base/test.h"
#include "manifest/manifest.h"
#include "sandbox/plan/plan.h"
#include "sandbox/plan/scan.h"

#define HEAD        "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n"
#define READ(path)  "[capabilities.allow.read]\ndefault_files = [\"*\"]\npaths = [\"" path "\"]\n"
#define WRITE(path) "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"" path "\"]\n"

static const struct {
	const char *path, *real;
	enum plan_look is;
} disk[] = {
	{ "/home/u", "/home/u", PLAN_IS_FOLDER },
	{ "/home/u/.ssh", "/home/u/.ssh", PLAN_IS_FOLDER },
	{ "/home/u/.cargo", "/home/u/.cargo", PLAN_IS_FOLDER },
	{ "/home/u/.netrc", "/home/u/.netrc", PLAN_IS_FILE },
	{ "/home/u/.cargo/credentials", "/home/u/.cargo/credentials", PLAN_IS_FILE },
	{ "/opt/tool", "/opt/tool", PLAN_IS_FOLDER },
	{ "/opt/link", "/home/u/.ssh", PLAN_IS_FOLDER },
	{ "/opt/tool/link", "/home/u/.ssh", PLAN_IS_FOLDER },
};

static enum plan_look look(void *ctx, const char *path, char *ret_real)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof(disk) / sizeof(disk[0]); i++)
		if (strcmp(disk[i].path, path) == 0) {
			(void)snprintf(ret_real, 4096, "%s", disk[i].real);
			return disk[i].is;
		}
	return PLAN_NOTHING;
}

static const char *const environment[] = { "SECRET=s", "GRANTED=g", "PATH=/evil", "DENIED=d",
	                                   NULL };
static const struct plan_facts facts = {
	.uid = 501,
	.gid = 501,
	.home = "/home/u",
	.links = { { "/bin", "usr/bin" } },
	.etc = "/run/x/etc-1",
	.init = "/lib/seal/seal-init",
	.mask_file = "/run/x/mask",
	.mask_folder = "/run/x/mask.d",
	.shell = "/bin/bash",
	.is_bash = true,
	.environment = environment,
	.look = look,
};

static struct scan_entry entries[] = {
	{ (char[]){ "/p/.git/config" }, SCAN_PROTECT, false },
	{ (char[]){ "/p/.env" }, SCAN_MASK, false },
	{ (char[]){ "/p/.git" }, SCAN_PIN, true },
	{ (char[]){ "/p/.vscode/.env" }, SCAN_MASK, false },
	{ (char[]){ "/p/.vscode" }, SCAN_PROTECT, true },
	{ (char[]){ "/p/.vscode/x" }, SCAN_PIN, true },
};
static const struct scan scan = { .entries = entries,
	                          .n_entries = sizeof(entries) / sizeof(entries[0]) };

static int plan_of(const char *text, const char *cwd, struct plan *ret_plan, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	const char *const names[] = { "GRANTED", "DENIED", NULL };
	struct grant_command grant = { STR("echo hi"), cwd, NULL, names };
	struct plan_input input = { .root = "/p", .grant = &grant, .scan = &scan, .facts = &facts };

	MUST(manifest_parse(str_of(text), "seal.toml", &manifest, err), err);
	input.manifest = manifest;
	return plan_make(&input, ret_plan, err);
}

enum want { NOT_SEEN, READS, WRITES, HIDDEN };

static enum want mode_of(const struct plan *plan, const char *path)
{
	const struct plan_step *step = plan_step_of(plan, path);

	if (!step)
		return NOT_SEEN;
	if (step->kind == PLAN_MASK)
		return HIDDEN;
	return plan_is_writable(plan, path) ? WRITES : READS;
}

static const struct mode_row {
	const char *name, *manifest, *path;
	enum want want;
} mode_rows[] = {
	{ "the project is written", HEAD, "/p/src/a.c", WRITES },
	{ "the system is read", HEAD, "/usr/bin/env", READS },
	{ "the home is not there", HEAD, "/home/u/notes", NOT_SEEN },
	{ "nor is a folder beside the project", HEAD, "/q", NOT_SEEN },
	{ "a secret in the project is hidden", HEAD, "/p/.env", HIDDEN },
	{ "git's configuration is read", HEAD, "/p/.git/config", READS },
	{ "git's objects are written", HEAD, "/p/.git/objects/aa", WRITES },
	{ "a control folder is read", HEAD, "/p/.vscode/settings.json", READS },
	{ "a pin in a control folder opens no hole", HEAD, "/p/.vscode/x/y", READS },
	{ "a secret in a control folder is hidden", HEAD, "/p/.vscode/.env", HIDDEN },
	{ "a read rule shows a folder outside", HEAD READ("/opt/tool/**"), "/opt/tool/bin/x",
	  READS },
	{ "a write rule lets it be written", HEAD WRITE("/opt/tool/**"), "/opt/tool/x", WRITES },
	{ "writing adds to reading", HEAD READ("/opt/tool/**") WRITE("/opt/tool/**"), "/opt/tool/x",
	  WRITES },
	{ "a tilde is the home", HEAD READ("~/.cargo/**"), "/home/u/.cargo/bin/cargo", READS },
	{ "a secret below a named folder stays hidden", HEAD READ("~/.cargo/**"),
	  "/home/u/.cargo/credentials", HIDDEN },
	{ "a secret place that a rule names is shown", HEAD READ("~/.ssh/**"),
	  "/home/u/.ssh/config", READS },
	{ "the whole home is too much for a rule", HEAD READ("~/**"), "/home/u/notes", NOT_SEEN },
	{ "the kernel's files are nobody's to grant", HEAD WRITE("/proc/**"), "/proc/sys", READS },
	{ "what is not there is not shown", HEAD READ("/opt/none/**"), "/opt/none/x", NOT_SEEN },
	{ "a rule inside a granted folder follows no link",
	  HEAD WRITE("/opt/tool/**") READ("/opt/tool/link/**"), "/opt/tool/link/id_rsa", WRITES },
	{ "permissive shows the home", HEAD "[sandbox.os]\ncommand_fs = \"permissive\"\n",
	  "/home/u/notes", READS },
	{ "but none of its secrets", HEAD "[sandbox.os]\ncommand_fs = \"permissive\"\n",
	  "/home/u/.ssh/id_rsa", HIDDEN },
	{ "nor its secret files", HEAD "[sandbox.os]\ncommand_fs = \"permissive\"\n",
	  "/home/u/.netrc", HIDDEN },
	{ "all shows the rest", HEAD "[sandbox.os]\ncommand_fs = \"all\"\n", "/srv/x", READS },
	{ "all hides secrets too", HEAD "[sandbox.os]\ncommand_fs = \"all\"\n",
	  "/home/u/.ssh/id_rsa", HIDDEN },
	{ "all has a /tmp of its own", HEAD "[sandbox.os]\ncommand_fs = \"all\"\n", "/tmp/x",
	  WRITES },
	{ "none shows no system", HEAD "[sandbox.os]\ncommand_fs = \"none\"\n", "/usr/bin/env",
	  NOT_SEEN },
	{ "none still has the project", HEAD "[sandbox.os]\ncommand_fs = \"none\"\n", "/p/a",
	  WRITES },
	{ "secrets are shown when they need not be hidden",
	  HEAD "[sandbox.os]\ncommand_fs = \"permissive\"\ncommand_mask_secrets = false\n",
	  "/home/u/.ssh/id_rsa", READS },
};

TEST(modes)
{
	TEST_ROWS (mode_rows, row) {
		cleanup_with(plan_fini) struct plan plan = { 0 };
		struct err err;

		MUST(plan_of(row->manifest, "/p", &plan, &err), &err);
		EXPECT_EQ(row, mode_of(&plan, row->path), row->want);
	}
}

static bool has(const struct plan *plan, const char *variable)
{
	for (size_t i = 0; i < plan->n_environment; i++)
		if (strcmp(plan->environment[i], variable) == 0)
			return true;
	return false;
}

static const struct variable_row {
	const char *name, *variable;
	bool want;
} variable_rows[] = {
	{ "what is granted is seen", "GRANTED=g", true },
	{ "what is not granted is not", "SECRET=s", false },
	{ "what is denied is not, though granted", "DENIED=d", false },
	{ "the path is the sandbox's own", "PATH=/evil", false },
	{ "the home is the sandbox's own", "HOME=/home/seal", true },
};

TEST(variables)
{
	cleanup_with(plan_fini) struct plan plan = { 0 };
	struct err err;

	MUST(plan_of(HEAD "[capabilities.deny.commands]\nenv_vars = [\"DENIED\"]\n", "/p", &plan,
	             &err),
	     &err);
	TEST_ROWS (variable_rows, row)
		EXPECT_EQ(row, has(&plan, row->variable), row->want);
}

/* A mount hides what was mounted below it before. */
TEST(parents_come_first)
{
	cleanup_with(plan_fini) struct plan plan = { 0 };
	struct err err;

	MUST(plan_of(HEAD, "/p", &plan, &err), &err);
	for (size_t i = 0; i < plan.n_steps; i++)
		for (size_t j = i + 1; j < plan.n_steps; j++)
			if (plan.steps[i].kind >= PLAN_READ && plan.steps[j].kind >= PLAN_READ)
				assert_false(
					path_covers(plan.steps[j].target, plan.steps[i].target));
}

TEST(a_folder_that_is_not_seen_is_no_working_directory)
{
	cleanup_with(plan_fini) struct plan plan = { 0 };
	struct err err;

	assert_true(plan_of(HEAD, "/q", &plan, &err) < 0);
	assert_non_null(strstr(err.text, "/q"));
}

TEST(a_caller_who_is_root_is_not_root_inside)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(plan_fini) struct plan plan = { 0 };
	struct plan_facts root = facts;
	struct grant_command grant = { STR("id"), "/p", NULL, NULL };
	struct plan_input input = { .root = "/p", .grant = &grant, .scan = &scan, .facts = &root };
	struct err err;

	root.uid = root.gid = 0;
	MUST(manifest_parse(STR(HEAD), "seal.toml", &manifest, &err), &err);
	input.manifest = manifest;
	MUST(plan_make(&input, &plan, &err), &err);
	assert_int_equal(plan.uid, 1000);
}

TEST_MAIN(RUN(modes), RUN(variables), RUN(parents_come_first),
          RUN(a_folder_that_is_not_seen_is_no_working_directory),
          RUN(a_caller_who_is_root_is_not_root_inside))
