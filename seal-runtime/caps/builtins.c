/* Commands of the shell itself. */
#include "caps/judging.h"

#include "caps/mutants.h"
#include "caps/programs.h"
#include "caps/rules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Does this printf format store through a name? */
static bool format_stores(struct str format)
{
	for (size_t i = 0; i + 1 < format.len; i++) {
		if (format.data[i] != '%')
			continue;
		for (i++; i < format.len && strchr("-+ #0123456789.*'hlLjzt", format.data[i]) &&
		          format.data[i];)
			i++;
		if (i < format.len && format.data[i] == 'n')
			return true;
	}
	return false;
}

static struct ruling judge_printf(const struct judging *j)
{
	size_t format = 1;

	if (j->n > 1 && !j->argv[1].opaque && str_is(j->argv[1].text, "--"))
		format = 2;
	if (format < j->n && (j->argv[format].opaque || format_stores(j->argv[format].text) ||
	                      (format == 1 && field_may_be_option(&j->argv[1]))))
		return ruling_ask("printf may store into a variable whose name is code");
	return ruling_fine();
}

/* In `[` a word that may be an operator may turn its neighbour into code (-v). */
static struct ruling judge_test(const struct judging *j)
{
	size_t n = str_is(j->argv[0].text, "[") ? j->n - 1 : j->n, opaque = 0;

	for (size_t i = 1; i < n; i++) {
		const struct field *field = &j->argv[i];

		if (field->opaque && (field->many || field->globbed))
			return ruling_ask("a test with words that are not quoted");
		if (!IS_MUTANT(TESTS) && !field->opaque &&
		    (str_is(field->text, "-v") || str_is(field->text, "-R")))
			return ruling_ask("a test that may run what a variable holds");
		opaque += field->opaque;
	}
	if (!opaque || n <= 2 || IS_MUTANT(TESTS))
		return ruling_fine();
	/* Two words: operator and operand; three: the operator in the middle. */
	if ((n == 3 && !j->argv[1].opaque) || (n == 4 && !j->argv[2].opaque) ||
	    (n == 4 && !j->argv[1].opaque && str_is(j->argv[1].text, "!") && !j->argv[2].opaque) ||
	    (n == 5 && !j->argv[1].opaque && str_is(j->argv[1].text, "!") && !j->argv[3].opaque))
		return ruling_fine();
	return ruling_ask("a test whose operator is not known");
}

static struct ruling judge_set(const struct judging *j)
{
	for (size_t i = 1; i < j->n; i++) {
		struct str word = j->argv[i].text;

		if (j->argv[i].opaque || word.len < 2 ||
		    (word.data[0] != '-' && word.data[0] != '+'))
			return ruling_ask("set changes more than -e, -u, -x and -o pipefail");
		for (size_t k = 1; k < word.len; k++) {
			if (word.data[k] == 'o' && k + 1 == word.len && i + 1 < j->n &&
			    program_in_list(j->argv[i + 1].text, "pipefail errexit nounset xtrace",
			                    ' '))
				i++;
			else if (!strchr("eux", word.data[k]))
				return ruling_ask(
					"set changes more than -e, -u, -x and -o pipefail");
		}
	}
	return j->n > 1 ? ruling_fine() : ruling_ask("set alone prints every variable");
}

static struct ruling judge_read(struct judging *j)
{
	size_t i = 1;

	for (; i < j->n && !j->argv[i].opaque && j->argv[i].text.len &&
	       j->argv[i].text.data[0] == '-';
	     i++) {
		if (str_is(j->argv[i].text, "-d") && i + 1 < j->n)
			i++;
		else if (!str_is(j->argv[i].text, "-r"))
			return ruling_ask("an option of read that is not known to be harmless");
	}
	for (; i < j->n; i++) {
		struct str name = j->argv[i].text;

		if (j->argv[i].opaque || name.len == 0 || command_is_sensitive_name(name))
			return ruling_ask("read stores into a variable that other programs act on");
		for (size_t k = 0; k < name.len; k++)
			if (!((name.data[k] | 32) >= 'a' && (name.data[k] | 32) <= 'z') &&
			    name.data[k] != '_' &&
			    !(k && name.data[k] >= '0' && name.data[k] <= '9'))
				return ruling_ask("read stores into a name that is code");
		shell_assign(j->shell, name, VALUE_UNKNOWN, STR(""));
	}
	return ruling_fine();
}

static struct ruling judge_cd(struct judging *j)
{
	struct field home = { .text = j->shell->caps->home };
	size_t i = 1;

	while (i < j->n && !j->argv[i].opaque &&
	       program_in_list(j->argv[i].text, "-P -L -- -PL -LP", ' '))
		i++;
	if (str_is(j->argv[0].text, "popd") || j->n > i + 1 ||
	    (i < j->n && j->argv[i].text.len && j->argv[i].text.data[0] == '-'))
		shell_enter(j->shell, (struct field){ .opaque = true });
	else if (i < j->n && str_is(j->argv[0].text, "pushd") && j->argv[i].text.len &&
	         j->argv[i].text.data[0] == '+')
		shell_enter(j->shell, (struct field){ .opaque = true });
	else
		shell_enter(j->shell, i < j->n ? j->argv[i] : home);
	return ruling_fine();
}

static struct ruling judge_eval(struct judging *j)
{
	const struct command_rule *rule = NULL;
	struct str text = STR("");

	for (size_t i = 1; i < j->n; i++)
		text = arena_join(j->shell->arena, text, " ",
		                  arena_copy(j->shell->arena, j->argv[i].text).data, (char *)NULL);
	if (shell_raw_denied(j->shell->caps, j->shell->arena, j->node->source, &rule) ||
	    shell_raw_denied(j->shell->caps, j->shell->arena, text, &rule))
		return (struct ruling){ CAPS_DENY,  rule->text,
			                rule->line, "a deny rule names the command",
			                false,      false };
	return ruling_ask("changes the shell itself, or runs text as code");
}

static const char neutral[] = "true false : exit return break continue wait shift pwd echo";
static const char stateful[] =
	"eval . source trap enable mapfile readarray compgen complete compopt bind alias "
	"unalias shopt fc history hash export declare typeset readonly local let unset "
	"getopts coproc caller disown suspend logout ulimit umask";

bool builtin_judge(struct judging *j, struct ruling *ret_ruling)
{
	static const struct {
		const char *names;
		struct ruling (*judge)(struct judging *j);
	} judged[] = { { "cd pushd popd", judge_cd }, { "read", judge_read } };
	struct str name = j->argv[0].text;
	bool is_own = true;

	*ret_ruling = ruling_fine();
	for (size_t i = 0; i < COUNT(judged); i++) {
		if (j->is_wrapped || !program_in_list(name, judged[i].names, ' '))
			continue;
		*ret_ruling = judged[i].judge(j);
		goto assigned;
	}
	if (!IS_MUTANT(BUILTINS) && program_in_list(name, stateful, ' ')) {
		*ret_ruling = judge_eval(j);
		return true;
	}
	if (str_is(name, "printf"))
		*ret_ruling = judge_printf(j);
	else if (str_is(name, "test") || str_is(name, "["))
		*ret_ruling = judge_test(j);
	else if (str_is(name, "set") && !j->is_wrapped)
		*ret_ruling = judge_set(j);
	else
		is_own = program_in_list(name, neutral, ' ') ||
		         (IS_MUTANT(BUILTINS) && program_in_list(name, stateful, ' '));
	if (!is_own)
		return false;
assigned:
	for (const struct assignment *a = j->node->assignments; a; a = a->next)
		if (!(str_is(name, "read") && str_is(a->name, "IFS") && a->value &&
		      !a->value->next))
			*ret_ruling = ruling_worse(
				*ret_ruling, command_assignment(j->shell, NULL, a->name, false));
	for (size_t i = 0; i < j->n_names; i++)
		*ret_ruling = ruling_worse(*ret_ruling,
		                           command_assignment(j->shell, NULL, j->names[i], false));
	if (ret_ruling->verdict == CAPS_ALLOW)
		ret_ruling->rule = STR("built in");
	return true;
}
