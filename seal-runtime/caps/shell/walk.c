#include "caps/shell/shell.h"

#include "caps/mutants.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

void shell_say(struct shell *shell, enum caps_verdict verdict, struct str source, const char *rule,
               const char *reason)
{
	struct ruling ruling = { verdict, str_of(rule), 0, reason, true, false };

	(void)check_add(shell->check, CAPS_RUN, source, ruling);
}

/* Words of the text when quotes and backslashes are taken away, and paths apart. */
bool shell_raw_denied(const struct caps *caps, struct arena *arena, struct str text,
                      const struct command_rule **ret_rule)
{
	const struct command_rules *rules = &caps->deny_commands;
	char *plain = arena_take(arena, text.len + 1);
	size_t len = 0;
	struct str rest, word;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		               (c >= '0' && c <= '9') || (c && strchr("_.+-:@%", c)) ||
		               (unsigned char)c >= 0x80;

		if (c == '\\' && i + 1 < text.len && text.data[i + 1] == '\n')
			i++;
		else if (c != '\'' && c != '"' && c != '\\')
			plain[len++] = is_word ? c : ' ';
	}
	rest = (struct str){ plain, len };
	while (str_split(&rest, ' ', &word))
		for (size_t i = 0; word.len && i < rules->n; i++)
			if (!rules->items[i].hosts_only &&
			    str_eq(program_name(rules->items[i].words[0]), word)) {
				*ret_rule = &rules->items[i];
				return true;
			}
	return false;
}

void shell_walk_inside(struct shell *shell, struct node *node)
{
	struct variable *variables = shell->variables;
	struct folders folders = shell->folders;

	if (++shell->depth > SHELL_DEPTH_MAX) {
		const struct command_rule *rule = NULL;

		if (shell_raw_denied(shell->caps, shell->arena, node->source, &rule))
			shell_say(shell, CAPS_DENY, node->source, "",
			          "a deny rule names a command in it");
		else
			shell_say(shell, CAPS_ASK, node->source, "", "nested too deeply");
	} else {
		shell_walk(shell, node);
	}
	shell->depth--;
	shell->variables = variables;
	shell->folders = folders;
}

/* --- redirects --- */

static struct ruling judge_redirect(struct shell *shell, enum caps_verb verb,
                                    const struct field *target)
{
	enum manifest_redirects allowed = shell->caps->manifest->security.allow_redirects;

	if (!target->opaque && !target->globbed && str_is(target->text, "/dev/null") &&
	    allowed != REDIRECTS_NONE)
		return (struct ruling){ CAPS_ALLOW, STR("built in"), 0, "", false, false };
	if (IS_MUTANT(REDIRECTS))
		return (struct ruling){ .verdict = CAPS_ALLOW,
			                .rule = STR("built in"),
			                .reason = "" };
	if (allowed != REDIRECTS_FILES)
		return (struct ruling){ CAPS_DENY,
			                STR("[security] allow_redirects"),
			                0,
			                "redirects to and from files are switched off; read and "
			                "write files with the file tools",
			                false,
			                false };
	if (target->opaque || target->globbed)
		return (struct ruling){ CAPS_ASK, { "", 0 },
			                0,        "the file of a redirect is not known",
			                true,     false };
	if (path_is_beneath(target->text, STR("/dev/tcp")) ||
	    path_is_beneath(target->text, STR("/dev/udp")))
		return (struct ruling){ CAPS_ASK, { "", 0 }, 0, "the shell would open a connection",
			                true,     false };
	return shell_judge_path(shell, verb, target->text);
}

static void check_redirects(struct shell *shell, struct node *node)
{
	for (struct redirect *redirect = node->redirects; redirect; redirect = redirect->next) {
		struct field target;
		enum caps_verb verb = str_is(redirect->op, "<") ? CAPS_READ : CAPS_WRITE;
		struct ruling ruling;
		struct caps_part *part;

		if (!redirect->target)
			continue;
		if (redirect->kind == REDIRECT_TEXT && IS_MUTANT(DOCUMENTS))
			continue;
		target = words_expand_one(shell, redirect->target);
		if (redirect->kind == REDIRECT_TEXT || str_starts(redirect->op, STR("&")) ||
		    (redirect->kind == REDIRECT_FILE && str_is(redirect->op, ">&")))
			shell->needs_bash = true;
		if (redirect->kind == REDIRECT_TEXT)
			continue;
		if (redirect->kind == REDIRECT_COPY) {
			if (shell->caps->manifest->security.allow_redirects == REDIRECTS_NONE)
				shell_say(shell, CAPS_DENY, redirect->target->source,
				          "[security] allow_redirects",
				          "redirects are switched off");
			continue;
		}
		ruling = judge_redirect(shell, verb, &target);
		part = check_add(shell->check, verb,
		                 target.opaque ? redirect->target->source : target.text, ruling);
		if (part->verdict == CAPS_ASK && !target.opaque && shell->folders.n == 1)
			scale_path(shell->check, part,
			           path_normal(shell->arena, shell->folders.at[0], STR(""),
			                       target.text));
	}
}

/* --- commands and what holds them --- */

static void remember_value(struct shell *shell, const struct assignment *assignment,
                           struct field value)
{
	if (assignment->appends)
		shell_assign(shell, assignment->name, VALUE_UNKNOWN, STR(""));
	else if (value.number)
		shell_assign(shell, assignment->name, VALUE_NUMBER, STR(""));
	else if (!value.opaque)
		shell_assign(shell, assignment->name, VALUE_TEXT, value.text);
	else
		shell_assign(shell, assignment->name, value.text.len ? VALUE_PREFIX : VALUE_UNKNOWN,
		             value.text);
}

static void check_assignments(struct shell *shell, struct node *node)
{
	for (struct assignment *a = node->assignments; a; a = a->next) {
		struct field value = words_expand_one(shell, a->value);

		if (command_is_sensitive_name(a->name))
			shell_say(shell, CAPS_ASK, a->name, "",
			          "sets a variable that other programs act on");
		else
			shell_say(shell, CAPS_ALLOW, a->name, "built in", "");
		for (size_t i = 0; i < shell->caps->manifest->deny.commands.env_vars.n; i++)
			if (path_glob_segment(
				    shell->caps->manifest->deny.commands.env_vars.items[i], a->name,
				    false))
				shell_say(shell, CAPS_DENY, a->name, "deny env_vars",
				          "the variable is denied");
		remember_value(shell, a, value);
	}
}

static void walk_simple(struct shell *shell, struct node *node)
{
	struct fields argv = { 0 };
	size_t n_parts = shell->check->parts.n;

	for (struct word *word = node->words, *next; word; word = next) {
		next = word->next;
		words_expand(shell, word, &argv);
	}
	check_redirects(shell, node);
	if (argv.n != 0 || node->words) {
		command_check(shell, node, &argv);
		return;
	}
	check_assignments(shell, node);
	/* A here-string for nobody: nothing runs, and that is said too. */
	if (shell->check->parts.n == n_parts)
		shell_say(shell, CAPS_ALLOW, node->source, "built in", "");
}

static void feature(struct shell *shell, bool allowed, const struct node *node, const char *rule,
                    const char *reason)
{
	if (!allowed)
		shell_say(shell, CAPS_DENY, node->source, rule, reason);
}

static void walk_pipe(struct shell *shell, struct node *node)
{
	const struct manifest_security *security = &shell->caps->manifest->security;

	feature(shell, security->allow_pipes, node, "[security] allow_pipes",
	        "pipes are switched off");
	for (struct node *child = node->first; child; child = child->next) {
		struct variable *variables = shell->variables;
		struct folders folders = shell->folders;

		shell->needs_bash = shell->needs_bash || child->pipes_errors;
		shell_walk(shell, child);
		shell->variables = variables;
		shell->folders = folders;
	}
}

static void walk_list(struct shell *shell, struct node *node)
{
	const struct manifest_security *security = &shell->caps->manifest->security;
	struct folders start = shell->folders;
	bool is_conditional = false;

	for (struct node *child = node->first; child;
	     child = IS_MUTANT(SEQUENCE) ? NULL : child->next) {
		struct variable *variables = shell->variables;
		struct folders folders = shell->folders;

		if (child->separator == SEPARATOR_BACKGROUND)
			feature(shell, security->allow_background, child,
			        "[security] allow_background",
			        "background commands are switched off");
		if (child->next && child->separator != SEPARATOR_BACKGROUND)
			feature(shell, security->allow_compound, child, "[security] allow_compound",
			        "several commands in one are switched off; run them one by one");
		shell_walk(shell, child);
		if (child->separator == SEPARATOR_BACKGROUND)
			shell->folders = folders;
		if (is_conditional || child->separator == SEPARATOR_BACKGROUND) {
			struct node alone = *child;

			shell->variables = variables;
			alone.next = NULL;
			shell_blur(shell, &alone);
		}
		if (child->separator != SEPARATOR_AND)
			shell_merge_folders(shell, &start);
		is_conditional =
			child->separator == SEPARATOR_AND || child->separator == SEPARATOR_OR;
		if (!is_conditional)
			start = shell->folders;
	}
}

/* Walks a branch that may not run; what it assigned is not known afterwards. */
static void walk_maybe(struct shell *shell, struct node *node)
{
	struct variable *variables = shell->variables;
	struct folders folders = shell->folders;
	struct node alone;

	if (!node)
		return;
	shell_walk(shell, node);
	shell->variables = variables;
	alone = *node;
	alone.next = NULL;
	shell_blur(shell, &alone);
	shell_merge_folders(shell, &folders);
}

static void walk_loop(struct shell *shell, struct node *node)
{
	bool was_in_loop = shell->in_loop;
	struct node inside = { .kind = NODE_LIST, .cond = node->cond, .body = node->body };

	shell->in_loop = true;
	shell_blur(shell, &inside);
	if (shell_moves(&inside))
		shell->folders.unknown = true;
	if (node->cond)
		shell_walk(shell, node->cond);
	walk_maybe(shell, node->body);
	shell->in_loop = was_in_loop;
	shell_blur(shell, &inside);
}

/* What all words of a for have in common. */
static void set_loop_variable(struct shell *shell, struct str name, const struct fields *words)
{
	struct str prefix = words->n ? words->items[0].text : STR("");
	bool no_dash = words->n != 0, number = words->n != 0, many = false;

	for (size_t i = 0; i < words->n; i++) {
		const struct field *field = &words->items[i];
		size_t same = 0;

		while (same < prefix.len && same < field->text.len &&
		       prefix.data[same] == field->text.data[same])
			same++;
		prefix.len = same;
		number = number && !field->opaque && field->text.len;
		for (size_t k = 0; k < field->text.len; k++)
			number = number && field->text.data[k] >= '0' && field->text.data[k] <= '9';
		if (field->opaque)
			no_dash = no_dash && field->no_dash;
		else
			no_dash = no_dash && field->text.len && field->text.data[0] != '-';
		many = many || (field->opaque && field->many && !field->globbed);
	}
	if (number)
		shell_assign(shell, name, VALUE_NUMBER, STR(""));
	else if (words->n == 1 && !words->items[0].opaque)
		shell_assign(shell, name, VALUE_TEXT, prefix);
	else
		shell_assign(shell, name, many ? VALUE_UNKNOWN : VALUE_PREFIX,
		             many ? STR("") : prefix);
	shell->variables->no_dash = no_dash && !many;
}

static void walk_for(struct shell *shell, struct node *node)
{
	struct fields words = { 0 };
	struct node inside = { .kind = NODE_LIST, .body = node->body };

	for (struct word *word = node->words, *next; word; word = next) {
		next = word->next;
		words_expand(shell, word, &words);
	}
	if (command_is_sensitive_name(node->name))
		shell_say(shell, CAPS_ASK, node->name, "",
		          "sets a variable that other programs act on");
	shell_blur(shell, &inside);
	set_loop_variable(shell, node->name, &words);
	/* A body that assigns to the loop's variable leaves nothing known of it. */
	for (const struct node *one = node->body ? node->body->first : NULL; one; one = one->next)
		for (const struct assignment *a = one->assignments; a; a = a->next)
			if (str_eq(a->name, node->name))
				shell_assign(shell, node->name, VALUE_UNKNOWN, STR(""));
	if (shell_moves(node->body))
		shell->folders.unknown = true;
	walk_maybe(shell, node->body);
	shell_assign(shell, node->name, VALUE_UNKNOWN, STR(""));
}

static void walk_case(struct shell *shell, struct node *node)
{
	const struct manifest_security *security = &shell->caps->manifest->security;

	(void)words_expand_one(shell, node->words);
	for (struct arm *arm = node->arms; arm; arm = arm->next) {
		for (struct word *pattern = arm->patterns; pattern; pattern = pattern->next)
			(void)words_expand_one(shell, pattern);
		if (arm->end.len)
			feature(shell, security->allow_case_terminator, node,
			        "[security] allow_case_terminator", "case is switched off");
		walk_maybe(shell, arm->body);
	}
}

static void walk_if(struct shell *shell, struct node *node)
{
	shell_walk(shell, node->cond);
	walk_maybe(shell, node->body);
	if (node->other)
		walk_maybe(shell, node->other);
}

static void walk_subshell(struct shell *shell, struct node *node)
{
	enum manifest_tristate allowed = shell->caps->manifest->security.allow_subshell;

	if (allowed == TRISTATE_FALSE)
		shell_say(shell, CAPS_DENY, node->source, "[security] allow_subshell",
		          "commands inside commands are switched off");
	if (allowed == TRISTATE_UNSET)
		shell_say(shell, CAPS_ASK, node->source, "[security] allow_subshell", "a subshell");
	shell_walk_inside(shell, node->body);
}

static void walk_arithmetic(struct shell *shell, struct node *node)
{
	shell->needs_bash = true;
	if (shell_arithmetic(shell, node->name))
		shell_say(shell, CAPS_ALLOW, node->source, "built in", "");
	else
		shell_say(shell, CAPS_ASK, node->source, "",
		          "arithmetic over values that are not known numbers");
}

void shell_walk(struct shell *shell, struct node *node)
{
	if (node->kind != NODE_SIMPLE)
		check_redirects(shell, node);
	switch (node->kind) {
	case NODE_SIMPLE: walk_simple(shell, node); return;
	case NODE_PIPE: walk_pipe(shell, node); return;
	case NODE_LIST: walk_list(shell, node); return;
	case NODE_GROUP: shell_walk(shell, node->body); return;
	case NODE_SUBSHELL: walk_subshell(shell, node); return;
	case NODE_IF: walk_if(shell, node); return;
	case NODE_LOOP: walk_loop(shell, node); return;
	case NODE_FOR: walk_for(shell, node); return;
	case NODE_CASE: walk_case(shell, node); return;
	case NODE_TEST: shell_test(shell, node); return;
	case NODE_ARITHMETIC: walk_arithmetic(shell, node); return;
	}
}
