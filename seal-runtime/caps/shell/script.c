/* Whole scripts: what the engine is asked about, and what `sh -c` is given. */
#include "caps/shell/shell.h"

#include <tree_sitter/api.h>

#include "base/utf8.h"
#include "caps/mutants.h"
#include "caps/rules.h"

/* Longer ones are asked about unread. */
#define SCRIPT_MAX (64u << 10)

/* Bytes that make a script read differently from how it looks. */
static const char *unreadable(struct str script)
{
	uint32_t point;

	for (struct str rest = script; rest.len;) {
		size_t n = utf8_decode(rest, &point);

		if (n == 0)
			return "the command is not UTF-8";
		if ((point < ' ' && point != '\t' && point != '\n') ||
		    (point >= 0x7f && point < 0xa0) || point == 0x200e || point == 0x200f ||
		    (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
		    point == 0x2028 || point == 0x2029)
			return "the command holds characters that do not show";
		rest = str_from(rest, n);
	}
	return NULL;
}

static void not_understood(struct shell *shell, struct str script, const char *why)
{
	const struct command_rule *rule = NULL;
	struct ruling ruling = { CAPS_ASK, { "", 0 }, 0, "", true, false };

	ruling.verdict = IS_MUTANT(PARSE) ? CAPS_ALLOW : CAPS_ASK;
	ruling.reason = arena_join(shell->arena, STR("the command "), why, (char *)NULL).data;
	if (shell_raw_denied(shell->caps, shell->arena, script, &rule)) {
		ruling.verdict = CAPS_DENY;
		ruling.rule = rule->text;
		ruling.line = rule->line;
	}
	(void)check_add(shell->check, CAPS_RUN, script, ruling);
}

/* Reads and walks; NULL when it was not understood. */
static struct node *walk_text(struct shell *shell, struct str script)
{
	struct reader reader = { .check = shell->check, .arena = shell->arena, .text = script };
	void *tree = NULL, *outer = shell->check->tree;
	struct node *node;

	/* A tree of an outer script is freed by whoever made it; this one here. */
	node = shell_parse(&reader, &tree);
	if (tree)
		ts_tree_delete(tree);
	shell->check->tree = outer;
	if (!node) {
		not_understood(shell, script, reader.confused);
		return NULL;
	}
	if (!node->first) {
		not_understood(shell, script, "is empty");
		return NULL;
	}
	shell_walk(shell, node);
	return node;
}

struct str shell_script(struct shell *shell, struct str text, bool has_arguments)
{
	struct variable *variables = shell->variables;
	struct folders folders = shell->folders;
	bool had_arguments = shell->has_arguments;
	struct node *node = NULL;

	shell->has_arguments = has_arguments;
	if (++shell->depth > SHELL_DEPTH_MAX)
		not_understood(shell, text, "is nested too deeply");
	else
		node = walk_text(shell, text);
	shell->depth--;
	shell->variables = variables;
	shell->folders = folders;
	shell->has_arguments = had_arguments;
	return node ? shell_emit(shell->arena, node) : STR("exit 126");
}

static void begin_variables(struct shell *shell)
{
	const char *const *environment = shell->caps->context.environment;

	for (; environment && *environment; environment++) {
		const char *equals = strchr(*environment, '=');

		if (equals)
			shell_assign(shell,
			             (struct str){ *environment, (size_t)(equals - *environment) },
			             VALUE_TEXT, str_of(equals + 1));
	}
	if (!shell_variable(shell, STR("HOME")) && shell->caps->home.len > 1)
		shell_assign(shell, STR("HOME"), VALUE_TEXT, shell->caps->home);
	if (shell->folders.n == 1)
		shell_assign(shell, STR("PWD"), VALUE_TEXT, shell->folders.at[0]);
}

void shell_check(struct check *check, struct str script, struct str cwd)
{
	struct shell shell = { .check = check, .arena = check->arena, .caps = check->caps };
	const char *why = unreadable(script);
	struct node *node;

	if (cwd.len && cwd.data[0] == '/')
		shell.folders = (struct folders){ .at = { cwd }, .n = 1 };
	else
		shell.folders.unknown = true;
	begin_variables(&shell);
	if (str_chr(script, '\0') != STR_NONE) {
		shell_say(&shell, CAPS_DENY, script, "", "the command holds a NUL");
		return;
	}
	if (script.len > SCRIPT_MAX) {
		not_understood(&shell, script, "is longer than what is read");
		return;
	}
	if (why && !IS_MUTANT(BYTES))
		shell_say(&shell, CAPS_ASK, script, "", why);
	node = walk_text(&shell, script);
	/* Who is to say yes must have been told to what. */
	if (node && check->parts.n == 0)
		not_understood(&shell, script, "holds nothing that can be judged");
	else if (node)
		check->script = IS_MUTANT(REEMISSION) ? script : shell_emit(check->arena, node);
}
