/* seal skills: what a project tells the agent to do, and what of it may be told. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/clean.h"
#include "skills/skills.h"

static const char help[] =
    "usage: seal skills list | show NAME | approve NAME | forget NAME\n\n"
    "A project's skills (.seal/skills/NAME/SKILL.md, .agents/skills/NAME/SKILL.md) are offered\n"
    "to the agent only once you have approved them, and only as long as not one byte changes.\n"
    "A skill says how to work; whatever it says, it grants nothing.\n\n"
    "  list     each skill, and whether it is approved\n"
    "  show     its text\n"
    "  approve  its text as it is now may be shown to the agent, from the next session on\n"
    "  forget   no longer\n";

static void put_row(void *ctx, const struct skill *skill)
{
	size_t *n = ctx;

	(*n)++;
	(void)printf("%-24s  %s\n", skill->name, skill->is_approved ? "approved" : "not approved");
}

static void put_text(void *ctx, const struct skill *skill)
{
	const char **name = ctx;

	if (!*name || strcmp(skill->name, *name) != 0)
		return;
	clean_put(stdout, skill->text, false);
	*name = NULL;
}

static int list(const char *root)
{
	size_t n = 0;

	skills_each(root, put_row, &n);
	if (n == 0)
		(void)puts("this project has no skills");
	return EXIT_DONE;
}

static int show(const char *root, const char *name)
{
	const char *wanted = name;
	struct err err;

	skills_each(root, put_text, &wanted);
	if (!wanted)
		return EXIT_DONE;
	(void)err_set(&err, ERR_INPUT, "skills: this project has no skill \"%s\"; `seal skills list`",
	              name);
	return cmd_fail(&err);
}

static int approve(const char *root, const char *name, bool is_approved)
{
	struct err err;

	if (skills_approve(root, name, is_approved, &err) < 0)
		return cmd_fail(&err);
	(void)printf("%s: %s\n", name,
	             is_approved ? "approved as it is now; a change of it has to be approved again"
	                         : "no longer approved");
	return EXIT_DONE;
}

int cmd_skills(int argc, char **argv)
{
	cleanup_free char *root = NULL;
	const char *verb = argc > 1 ? argv[1] : "list";
	struct err err;

	if (argc > 1 && strcmp(verb, "--help") == 0)
		return fputs(help, stdout) < 0 ? EXIT_FAULT : EXIT_DONE;
	if (manifest_find_root(".", &root, &err) < 0)
		return cmd_fail(&err);
	if (argc <= 2 && strcmp(verb, "list") == 0)
		return list(root);
	if (argc == 3 && strcmp(verb, "show") == 0)
		return show(root, argv[2]);
	if (argc == 3 && (strcmp(verb, "approve") == 0 || strcmp(verb, "forget") == 0))
		return approve(root, argv[2], verb[0] == 'a');
	(void)fputs(help, stderr);
	return EXIT_INPUT;
}
