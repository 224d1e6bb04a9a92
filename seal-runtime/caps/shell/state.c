/* What is known while a script is walked: variables, and the folders it may be in. */
#include "caps/shell/shell.h"

#include <limits.h>

#include "caps/path.h"
#include "caps/rules.h"

struct variable *shell_variable(const struct shell *shell, struct str name)
{
	for (struct variable *variable = shell->variables; variable; variable = variable->next)
		if (str_eq(variable->name, name))
			return variable;
	return NULL;
}

void shell_assign(struct shell *shell, struct str name, enum value_kind kind, struct str text)
{
	struct variable *variable = arena_new(shell->arena, struct variable);

	variable->name = name;
	variable->kind = kind;
	variable->text = text;
	variable->next = shell->variables;
	shell->variables = variable;
}

static void set_pwd(struct shell *shell)
{
	bool is_known = shell->folders.n == 1 && !shell->folders.unknown;

	shell_assign(shell, STR("PWD"), is_known ? VALUE_TEXT : VALUE_UNKNOWN,
	             is_known ? shell->folders.at[0] : STR(""));
	shell_assign(shell, STR("OLDPWD"), VALUE_UNKNOWN, STR(""));
}

static void add_folder(struct folders *folders, struct str path)
{
	for (size_t i = 0; i < folders->n; i++)
		if (str_eq(folders->at[i], path))
			return;
	if (folders->n == FOLDERS_MAX)
		folders->unknown = true;
	else
		folders->at[folders->n++] = path;
}

void shell_merge_folders(struct shell *shell, const struct folders *other)
{
	for (size_t i = 0; i < other->n; i++)
		add_folder(&shell->folders, other->at[i]);
	shell->folders.unknown = shell->folders.unknown || other->unknown;
	set_pwd(shell);
}

static struct str resolve(struct shell *shell, struct str path)
{
	const struct caps_context *context = &shell->caps->context;
	char real[PATH_MAX];

	if (!context->resolve)
		return path;
	if (!context->resolve(context->resolve_ctx, arena_copy(shell->arena, path).data, real,
	                      sizeof(real)))
		return (struct str){ "", 0 };
	return arena_copy(shell->arena, str_of(real));
}

void shell_enter(struct shell *shell, struct field folder)
{
	struct folders old = shell->folders;

	shell->folders.n = 0;
	if (folder.opaque || folder.text.len == 0 || str_is(folder.text, "-"))
		shell->folders.unknown = true;
	for (size_t i = 0; i < old.n && !shell->folders.unknown; i++) {
		struct str real =
			resolve(shell, path_normal(shell->arena, old.at[i], STR(""), folder.text));

		if (real.len)
			add_folder(&shell->folders, real);
		else
			shell->folders.unknown = true;
	}
	set_pwd(shell);
}

struct ruling shell_judge_path(struct shell *shell, enum caps_verb verb, struct str name)
{
	struct ruling worst = { CAPS_ALLOW, { "", 0 }, 0, "", false, false }, one;

	if (shell->folders.unknown && (name.len == 0 || name.data[0] != '/'))
		return (struct ruling){ CAPS_ASK, { "", 0 },
			                0,        "the folder it is meant in is not known",
			                true,     false };
	for (size_t i = 0; i < shell->folders.n || (i == 0 && shell->folders.unknown); i++) {
		struct str base = shell->folders.n ? shell->folders.at[i] : STR("/");
		struct str path = path_normal(shell->arena, base, STR(""), name),
			   real = resolve(shell, path);

		one = path_judge(shell->caps, verb, path);
		worst = i == 0 && one.verdict == CAPS_ALLOW ? one : ruling_worse(worst, one);
		if (real.len == 0)
			return ruling_worse(
				worst, (struct ruling){ CAPS_ASK,
			                                { "", 0 },
			                                0,
			                                "it leads nowhere that could be checked",
			                                true,
			                                false });
		worst = ruling_worse(worst, path_judge(shell->caps, verb, real));
	}
	return worst;
}

/* --- what a construct that may run or not leaves behind --- */

static bool is_numeric_word(const struct word *word)
{
	const struct part *part = word ? word->first : NULL;

	if (!part || part->next)
		return false;
	if (part->kind == PART_ARITHMETIC)
		return true;
	if (part->kind != PART_TEXT || part->text.len == 0)
		return false;
	for (size_t i = 0; i < part->text.len; i++)
		if (part->text.data[i] < '0' || part->text.data[i] > '9')
			return false;
	return true;
}

/* After this the variable holds what it held before or what is assigned. */
static void blur(struct shell *shell, struct str name, bool to_number)
{
	const struct variable *variable = shell_variable(shell, name);
	bool is_number =
		variable && (variable->kind == VALUE_NUMBER || variable->kind == VALUE_TEXT);

	if (is_number && variable->kind == VALUE_TEXT)
		for (size_t i = 0; i < variable->text.len || variable->text.len == 0; i++)
			if (variable->text.len == 0 || variable->text.data[i] < '0' ||
			    variable->text.data[i] > '9') {
				is_number = false;
				break;
			}
	shell_assign(shell, name, is_number && to_number ? VALUE_NUMBER : VALUE_UNKNOWN, STR(""));
}

void shell_blur(struct shell *shell, const struct node *node)
{
	for (; node; node = node->next) {
		for (const struct assignment *a = node->assignments; a; a = a->next)
			blur(shell, a->name, is_numeric_word(a->value) && !a->appends);
		if (node->kind == NODE_FOR)
			blur(shell, node->name, false);
		if (node->kind == NODE_SIMPLE && node->words && str_is(node->words->source, "read"))
			for (const struct word *word = node->words->next; word; word = word->next)
				blur(shell, word->source, false);
		shell_blur(shell, node->first);
		shell_blur(shell, node->cond);
		shell_blur(shell, node->body);
		shell_blur(shell, node->other);
		for (const struct arm *arm = node->arms; arm; arm = arm->next)
			shell_blur(shell, arm->body);
	}
}

bool shell_moves(const struct node *node)
{
	for (; node; node = node->next) {
		struct str name =
			node->words && node->kind == NODE_SIMPLE ? node->words->source : STR("");

		if (str_is(name, "cd") || str_is(name, "pushd") || str_is(name, "popd"))
			return true;
		if (node->kind != NODE_SUBSHELL &&
		    (shell_moves(node->first) || shell_moves(node->cond) ||
		     shell_moves(node->body) || shell_moves(node->other)))
			return true;
		for (const struct arm *arm = node->arms; arm; arm = arm->next)
			if (shell_moves(arm->body))
				return true;
	}
	return false;
}
