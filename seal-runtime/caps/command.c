#include "caps/judging.h"

#include "caps/mutants.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool field_may_be_option(const struct field *field)
{
	if (!field->opaque)
		return field->text.len && field->text.data[0] == '-';
	if (field->many && !field->globbed)
		return true;
	return !field->no_dash && (field->text.len == 0 || field->text.data[0] == '-');
}

bool call_names(const struct call *call, struct str word)
{
	const struct command_rule *rule = call->rule;

	if (!rule)
		return false;
	if (rule->tail == RULE_EXACT)
		return true;
	for (size_t i = 1; i < rule->n_words; i++)
		if (str_eq(rule->words[i], word) ||
		    (str_starts(rule->words[i], word) && rule->words[i].data[word.len] == '='))
			return true;
	return false;
}

/* --- where it runs --- */

bool command_is_in_scope(const struct shell *shell, const struct command_rule *rule,
                         struct str folder)
{
	const struct caps *caps = shell->caps;

	if (rule && rule->scopes) {
		for (size_t i = 0; i < rule->n_scopes; i++)
			if (path_glob(rule->scopes[i], folder, caps->context.ignore_case))
				return true;
		return false;
	}
	if (path_is_beneath(folder, caps->root))
		return true;
	for (size_t i = 0; i < caps->n_dirs; i++)
		if (path_is_beneath(folder, caps->dirs[i]))
			return true;
	return false;
}

static struct ruling check_scope(const struct shell *shell, const struct command_rule *rule)
{
	if (IS_MUTANT(SCOPE))
		return ruling_fine();
	if (shell->folders.unknown || shell->folders.n == 0)
		return ruling_ask("the folder it runs in is not known");
	for (size_t i = 0; i < shell->folders.n; i++)
		if (!command_is_in_scope(shell, rule, shell->folders.at[i]))
			return ruling_ask("runs outside the folders its rule is for");
	return ruling_fine();
}

/* --- rules against words --- */

enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES };

/* Text that is not known may be the word that is asked for; only a deny needs to care. */
static enum match match_words(const struct command_rule *rule, const struct field *argv, size_t n)
{
	enum match result = MATCH_YES;
	size_t i = 0;

	for (; i < rule->n_words && i < n; i++) {
		if (!argv[i].opaque && !str_eq(argv[i].text, rule->words[i]))
			return MATCH_NO;
		if (argv[i].opaque && !str_starts(rule->words[i], argv[i].text))
			return MATCH_NO;
		if (argv[i].opaque && argv[i].many)
			return MATCH_MAYBE;
		if (argv[i].opaque)
			result = MATCH_MAYBE;
	}
	if (i < rule->n_words)
		return MATCH_NO;
	if (rule->tail == RULE_EXACT && n > i)
		return n == i + 1 && argv[i].opaque && argv[i].many ? MATCH_MAYBE : MATCH_NO;
	if (rule->tail == RULE_MORE && (n == i || (n == i + 1 && argv[i].many && !argv[i].globbed)))
		return n == i ? MATCH_NO : MATCH_MAYBE;
	return result;
}

static bool is_more_specific(const struct command_rule *a, const struct command_rule *b)
{
	if (a->n_words != b->n_words)
		return a->n_words > b->n_words;
	if ((a->tail == RULE_EXACT) != (b->tail == RULE_EXACT))
		return a->tail == RULE_EXACT;
	return a->prompt && !b->prompt;
}

static const struct command_rule *find_allow(const struct caps *caps, const struct field *argv,
                                             size_t n)
{
	const struct command_rules *rules = &caps->allow_commands;
	const struct command_rule *best = NULL;

	for (size_t i = 0; i < rules->n; i++) {
		const struct command_rule *rule = &rules->items[i];

		if (best && (IS_MUTANT(SPECIFICITY) || !is_more_specific(rule, best)))
			continue;
		if (match_words(rule, argv, n) == MATCH_YES)
			best = rule;
	}
	return best;
}

/* The rules that match and lost, for whoever asks why. */
static struct str runners_up(const struct judging *j, const struct command_rule *best)
{
	const struct command_rules *rules = &j->shell->caps->allow_commands;
	struct arena *arena = j->shell->arena;
	struct str others = STR("");

	for (size_t i = 0; i < rules->n && j->shell->caps->context.explain; i++)
		if (&rules->items[i] != best &&
		    match_words(&rules->items[i], j->argv, j->n) == MATCH_YES)
			others = arena_join(arena, others,
			                    arena_copy(arena, rules->items[i].text).data, "\n",
			                    (char *)NULL);
	return others;
}

/* Index of git's subcommand, whatever stands before it. */
static size_t git_subcommand(const struct field *argv, size_t n)
{
	static const char valued[] =
		"-C -c --git-dir --work-tree --namespace --super-prefix --config-env "
		"--exec-path --attr-source";
	size_t i = 1;

	while (i < n && !argv[i].opaque && argv[i].text.len && argv[i].text.data[0] == '-')
		i += program_in_list(argv[i].text, valued, ' ') ? 2 : 1;
	return i < n ? i : n;
}

static struct ruling deny_ruling(const struct command_rule *rule, enum match match)
{
	if (match == MATCH_YES)
		return (struct ruling){ CAPS_DENY,  rule->text,
			                rule->line, "a deny rule names the command",
			                false,      false };
	return (struct ruling){ CAPS_ASK, rule->text, rule->line, "may be what a deny rule names",
		                true,     false };
}

/* The words as they stand, by path and by name, and with git's globals skipped. */
static struct ruling check_deny(struct shell *shell, const struct field *argv, size_t n)
{
	const struct command_rules *rules = &shell->caps->deny_commands;
	struct ruling worst = ruling_fine();
	struct field *copy;
	size_t sub;

	if (n == 0 || rules->n == 0)
		return worst;
	copy = arena_array(shell->arena, struct field, n);
	memcpy(copy, argv, n * sizeof(*copy));
	for (size_t i = 0; i < rules->n; i++) {
		enum match match;

		if (rules->items[i].hosts_only)
			continue;
		match = match_words(&rules->items[i], argv, n);
		copy[0].text = argv[0].text;
		if (match != MATCH_YES && !argv[0].opaque) {
			enum match by_name;

			copy[0].text = program_name(argv[0].text);
			by_name = match_words(&rules->items[i], copy, n);
			match = by_name > match ? by_name : match;
		}
		if (match)
			worst = ruling_worse(worst, deny_ruling(&rules->items[i], match));
	}
	if (!argv[0].opaque && str_is(program_name(argv[0].text), "git") &&
	    (sub = git_subcommand(argv, n)) > 1 && sub < n) {
		copy[sub - 1].text = STR("git");
		worst = ruling_worse(worst, check_deny(shell, copy + sub - 1, n - sub + 1));
	}
	return worst;
}

struct ruling command_denied_within(struct shell *shell, const struct field *argv, size_t n)
{
	struct ruling worst = ruling_fine();

	for (size_t i = 1; i < n && worst.verdict != CAPS_DENY; i++)
		if (!argv[i].opaque)
			worst = ruling_worse(worst, check_deny(shell, argv + i, n - i));
	/* A word that may be anything proves nothing here; the caller asks as it is. */
	return worst.verdict == CAPS_DENY ? worst : ruling_fine();
}

/* --- git's options before the subcommand --- */

static bool is_harmless_setting(struct str setting)
{
	return str_starts(setting, STR("color.")) || str_starts(setting, STR("advice.")) ||
	       str_starts(setting, STR("core.quotepath=")) ||
	       str_starts(setting, STR("core.quotePath=")) ||
	       str_is(setting, "core.fsmonitor=false") || str_is(setting, "core.pager=cat");
}

/* Takes harmless globals out; what is left in front of the subcommand asks. */
static struct ruling normalize_git(struct judging *j)
{
	static const char flags[] =
		"--no-pager -P --no-optional-locks --literal-pathspecs --glob-pathspecs "
		"--noglob-pathspecs --icase-pathspecs --no-advice --no-lazy-fetch";
	struct field *argv = arena_array(j->shell->arena, struct field, j->n);
	size_t i = 1, n = 1;

	argv[0] = j->argv[0];
	while (i < j->n && !j->argv[i].opaque && j->argv[i].text.len &&
	       j->argv[i].text.data[0] == '-') {
		struct str word = j->argv[i].text;
		bool is_pair = i + 1 < j->n && !j->argv[i + 1].opaque;

		if (program_in_list(word, flags, ' ')) {
			i++;
		} else if (str_is(word, "-c") && is_pair &&
		           is_harmless_setting(j->argv[i + 1].text)) {
			i += 2;
		} else if (str_is(word, "-C") && is_pair) {
			struct str base = j->shell->folders.n ? j->shell->folders.at[0] : STR("/");

			if (j->shell->folders.unknown || j->shell->folders.n > 1 ||
			    !command_is_in_scope(j->shell, NULL,
			                         path_normal(j->shell->arena, base, STR(""),
			                                     j->argv[i + 1].text)))
				return ruling_ask("git would run in another folder");
			i += 2;
		} else {
			break;
		}
	}
	if (i < j->n && field_may_be_option(&j->argv[i]) &&
	    !(j->n == i + 1 && !j->argv[i].opaque &&
	      program_in_list(j->argv[i].text, "--version --help -h -v", ' ')))
		return ruling_ask(
			"an option of git itself that can run programs or leave the project");
	memcpy(argv + n, j->argv + i, (j->n - i) * sizeof(*argv));
	j->n = n + j->n - i;
	j->argv = argv;
	return ruling_fine();
}

/* --- a program of its own --- */

struct ruling command_variables(const struct judging *j, const struct command_rule *rule)
{
	const struct manifest_list *granted = rule ? rule->env_vars : NULL;
	struct ruling worst = ruling_fine();

	for (struct assignment *a = j->node->assignments; a; a = a->next) {
		struct field value = words_expand_one(j->shell, a->value);

		worst = ruling_worse(worst, command_assignment(j->shell, granted, a->name,
		                                               value.opaque || a->appends));
	}
	for (size_t i = 0; i < j->n_names; i++)
		worst = ruling_worse(worst,
		                     command_assignment(j->shell, granted, j->names[i], false));
	return worst;
}

static struct ruling judge_program(struct judging *j)
{
	struct ruling floor = ruling_fine(), ruling;
	struct call call = { .shell = j->shell };

	if (str_is(j->argv[0].text, "git"))
		floor = normalize_git(j);
	call.argv = j->argv;
	call.n = j->n;
	call.rule = find_allow(j->shell->caps, j->argv, j->n);
	if (!call.rule)
		ruling = (struct ruling){
			CAPS_ASK, { "", 0 }, 0, "no rule covers it", false, false
		};
	else if (wrapper_is_shell(j->argv[0].text) && call.rule->n_words < 2)
		ruling = ruling_ask("a shell runs a script only when the rule names it");
	else if (call.rule->prompt)
		ruling = (struct ruling){ CAPS_ASK,        call.rule->text,
			                  call.rule->line, "its rule says to ask",
			                  false,           true };
	else
		ruling = (struct ruling){ CAPS_ALLOW, call.rule->text, call.rule->line,
			                  "",         false,           false };
	ruling.others = runners_up(j, call.rule);
	floor = ruling_worse(floor, command_variables(j, call.rule));
	floor = ruling_worse(floor, check_scope(j->shell, call.rule));
	floor = ruling_worse(floor, guards_check(&call));
	floor = ruling_worse(floor, readers_check(&call));
	if (j->told->n == 0)
		*j->told = (struct fields){ j->argv, j->n, j->n };
	/* Whatever is written, this would ask again. */
	ruling.only_once = ruling.only_once || floor.verdict != CAPS_ALLOW;
	if (floor.verdict == CAPS_ASK && ruling.verdict == CAPS_ALLOW)
		floor.rule = ruling.rule, floor.line = ruling.line, floor.others = ruling.others;
	return ruling_worse(ruling, floor);
}

static bool is_readable_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] <= ' ' || (unsigned char)name.data[i] >= 0x7f)
			return false;
	return name.len != 0;
}

static struct ruling judge_form(struct judging *j)
{
	struct str name = j->argv[0].text;
	const struct wrapper *wrapper = wrapper_find(name);
	struct ruling ruling;

	if (program_is_privileged(name)) {
		if (!j->shell->caps->manifest->security.allow_privilege_wrappers)
			return (struct ruling){
				CAPS_DENY, STR("[security] allow_privilege_wrappers"),
				0,         "raising privileges is switched off",
				false,     false
			};
		return ruling_worse(judge_program(j),
		                    command_denied_within(j->shell, j->argv, j->n));
	}
	if (str_is(name, "exec") && j->n == 1)
		return ruling_ask("changes the shell itself");
	if (wrapper)
		return wrapper_judge(j, wrapper);
	if (str_is(name, "env"))
		return wrapper_judge_env(j);
	if (str_is(name, "xargs"))
		return wrapper_judge_xargs(j);
	if (builtin_judge(j, &ruling))
		return ruling;
	if (wrapper_is_shell(name) && wrapper_judge_inline(j, &ruling))
		return ruling_worse(ruling, command_variables(j, NULL));
	if (str_is(name, "find")) {
		ruling = wrapper_judge_find(j);
		return ruling_worse(judge_program(j), ruling);
	}
	ruling = judge_program(j);
	if (program_find(name) && program_find(name)->traits & LAUNCHER)
		ruling = ruling_worse(ruling, command_denied_within(j->shell, j->argv, j->n));
	return ruling;
}

struct ruling command_judge(struct judging *j)
{
	struct ruling deny;
	struct field *argv;

	if (j->n == 0)
		return ruling_ask("runs nothing that could be checked");
	if (j->depth > SHELL_DEPTH_MAX)
		return wrapper_ask(j, "commands that run commands, too deeply");
	deny = IS_MUTANT(DENY_NESTED) && (j->depth || j->shell->depth)
	               ? ruling_fine()
	               : check_deny(j->shell, j->argv, j->n);
	if (deny.verdict == CAPS_DENY)
		return deny;
	if (j->argv[0].opaque && IS_MUTANT(NAMES))
		return ruling_fine();
	if (j->argv[0].opaque)
		return ruling_worse(ruling_ask("the program's name is not known"), deny);
	if (!is_readable_name(j->argv[0].text))
		return ruling_worse(
			ruling_ask("the program's name holds characters that do not show"), deny);
	argv = arena_array(j->shell->arena, struct field, j->n);
	memcpy(argv, j->argv, j->n * sizeof(*argv));
	argv[0].text = program_bare(argv[0].text);
	j->argv = argv;
	return ruling_worse(judge_form(j), deny);
}

/* Up to the first word that is not known. */
static void add_steps(struct shell *shell, struct caps_part *part, const struct judging *j)
{
	const struct fields *told = j->told->n ? j->told : &(struct fields){ j->argv, j->n, j->n };
	struct str *words = arena_array(shell->arena, struct str, told->n + 1);
	size_t n = 0;

	while (n < told->n && !told->items[n].opaque) {
		words[n] = told->items[n].text;
		n++;
	}
	part->only_once = part->only_once || n == 0 || j->node->assignments;
	if (n)
		scale_command(shell->check, part, words, n, n == told->n);
}

void command_check(struct shell *shell, struct node *node, struct fields *argv)
{
	struct fields told = { 0 };
	struct judging j = {
		.shell = shell, .node = node, .argv = argv->items, .n = argv->n, .told = &told
	};
	struct word *first = node->words;
	struct ruling ruling;
	struct caps_part *part;

	/* `time` unquoted in front of a command is the shell's keyword. */
	if (argv->n && first->first && !first->first->next && first->first->kind == PART_TEXT &&
	    !first->first->quoted && str_is(first->first->text, "time") && !node->assignments &&
	    (argv->n == 1 || argv->items[1].opaque || argv->items[1].text.len == 0 ||
	     argv->items[1].text.data[0] != '-' || str_is(argv->items[1].text, "-p"))) {
		j.is_keyword = true;
		first->instead = STR("time");
		if (argv->n > 1 && !argv->items[1].opaque && str_is(argv->items[1].text, "-p") &&
		    first->next)
			first->next->instead = STR("-p");
	}
	ruling = command_judge(&j);
	part = check_add(shell->check, CAPS_RUN, node->source, ruling);
	if (part->verdict == CAPS_ASK)
		add_steps(shell, part, &j);
}
