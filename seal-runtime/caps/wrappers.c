/* Programs, and forms of the shell, that run another command. */
#include "caps/judging.h"

#include "caps/mutants.h"
#include "caps/programs.h"

static struct ruling judge_at(const struct judging *j, size_t from)
{
	struct judging inner = *j;
	struct ruling ruling;

	inner.argv = j->argv + from;
	inner.n = j->n - from;
	inner.depth++;
	ruling = command_judge(&inner);
	return ruling;
}

struct ruling wrapper_ask(const struct judging *j, const char *reason)
{
	return ruling_worse(ruling_ask(reason), command_denied_within(j->shell, j->argv, j->n));
}

static bool takes_long(const char *longs, struct str option, bool *ret_separate)
{
	struct str rest = str_of(longs), one;

	while (str_split(&rest, ' ', &one)) {
		bool valued = str_ends(one, STR("="));

		*ret_separate = valued;
		if (valued && str_starts(option, one)) {
			*ret_separate = false;
			return true;
		}
		if (str_eq(option, valued ? str_head(one, one.len - 1) : one))
			return true;
	}
	return false;
}

static bool is_duration(const struct field *field)
{
	return field->number || (!field->opaque && field->text.len && field->text.data[0] >= '0' &&
	                         field->text.data[0] <= '9');
}

/* Position of the inner command, or 0 when the wrapper's options are not known to be harmless. */
static size_t skip_wrapper(const struct judging *j, const struct wrapper *wrapper)
{
	size_t i = 1;

	for (; i < j->n; i++) {
		struct str word = j->argv[i].text;
		bool separate;

		if (j->argv[i].opaque)
			return 0;
		if (word.len < 2 || word.data[0] != '-')
			break;
		if (str_is(word, "--")) {
			i++;
			break;
		}
		if (word.data[1] == '-') {
			if (!takes_long(wrapper->longs, str_from(word, 2), &separate))
				return 0;
			i += separate;
		} else if (word.data[1] && strchr(wrapper->valued, word.data[1])) {
			i += word.len == 2;
		} else if (str_is(j->argv[0].text, "nice") && word.data[1] >= '0' &&
		           word.data[1] <= '9') {
			continue;
		} else {
			for (size_t k = 1; k < word.len; k++)
				if (!word.data[k] || !strchr(wrapper->flags, word.data[k]))
					return 0;
		}
	}
	for (size_t k = 0; k < wrapper->operands; k++, i++)
		if (i >= j->n || !is_duration(&j->argv[i]))
			return 0;
	return i < j->n ? i : 0;
}

struct ruling wrapper_judge(struct judging *j, const struct wrapper *wrapper)
{
	size_t inner;

	if (str_is(j->argv[0].text, "command") && j->n > 1 && !j->argv[1].opaque &&
	    (str_is(j->argv[1].text, "-v") || str_is(j->argv[1].text, "-V")))
		return (struct ruling){ CAPS_ALLOW, STR("built in"), 0, "", false, false };
	if (IS_MUTANT(WRAPPERS))
		return ruling_fine();
	inner = skip_wrapper(j, wrapper);
	if (!inner)
		return wrapper_ask(
			j, "runs another command in a way that is not known to be harmless");
	if (!str_is(j->argv[0].text, "builtin") && !str_is(j->argv[0].text, "command") &&
	    !j->is_keyword)
		j->is_wrapped = true;
	return judge_at(j, inner);
}

struct ruling wrapper_judge_env(struct judging *j)
{
	size_t i = 1;

	j->names = arena_array(j->shell->arena, struct str, j->n + j->n_names);
	for (; i < j->n; i++) {
		const struct field *field = &j->argv[i];
		size_t equals = str_chr(field->text, '=');

		if (equals != STR_NONE && equals > 0 && field->text.data[0] != '-') {
			struct ruling ruling = ruling_fine();

			/* Which names are fine is the matched rule's business. */
			if (field->opaque)
				ruling = ruling_ask("sets a variable to a value that is not known");
			if (ruling.verdict != CAPS_ALLOW)
				return ruling_worse(ruling,
				                    command_denied_within(j->shell, j->argv, j->n));
			j->names[j->n_names++] = str_head(field->text, equals);
			continue;
		}
		if (field->opaque)
			return wrapper_ask(j, "what env runs is not known");
		if (str_is(field->text, "-i") || str_is(field->text, "-") ||
		    str_is(field->text, "--"))
			continue;
		if (str_is(field->text, "-u") && i + 1 < j->n) {
			i++;
			continue;
		}
		if (field->text.len && field->text.data[0] == '-')
			return wrapper_ask(j, "an option of env that is not known to be harmless");
		break;
	}
	if (i >= j->n)
		return ruling_ask("env alone prints every variable, secrets included");
	j->is_wrapped = true;
	return judge_at(j, i);
}

/* Words of xargs and find that hold {} are whatever the input says. */
static void blank_out(struct field *field, struct str marker, const char *prefix)
{
	if (field->opaque || marker.len == 0 || str_find(field->text, marker, 0) == STR_NONE)
		return;
	field->no_dash =
		str_find(field->text, marker, 0) > 0 ? field->text.data[0] != '-' : *prefix != '\0';
	field->text = str_find(field->text, marker, 0) > 0
	                      ? str_head(field->text, str_find(field->text, marker, 0))
	                      : str_of(prefix);
	field->opaque = true;
}

struct xargs {
	size_t command;    /* where the command starts; past the end: none */
	struct str marker; /* of -I */
	bool appends;      /* words from the input stand at the end */
};

/* -abc: letters, until one takes the rest or the next word; how many words it took. */
static size_t read_xargs_option(const struct judging *j, size_t i, struct xargs *xargs)
{
	struct str word = j->argv[i].text;

	for (size_t k = 1; k < word.len; k++) {
		struct str rest = str_from(word, k + 1);
		bool has_next = i + 1 < j->n && !j->argv[i + 1].opaque;

		if (word.data[k] == 'I') {
			xargs->marker = rest.len ? rest : has_next ? j->argv[i + 1].text : STR("");
			if (xargs->marker.len == 0)
				return 0;
			return rest.len ? 1 : 2;
		}
		if (strchr("nLPsdE", word.data[k])) {
			/* Of -I and -n or -L the last one counts: be ready for both. */
			xargs->appends = xargs->appends || strchr("nL", word.data[k]);
			return rest.len ? 1 : has_next ? 2 : 0;
		}
		if (!strchr("0rtx", word.data[k]))
			return 0;
	}
	return 1;
}

static bool read_xargs(const struct judging *j, struct xargs *xargs)
{
	size_t i = 1, taken;

	for (; i < j->n && !j->argv[i].opaque; i += taken) {
		struct str word = j->argv[i].text;

		if (word.len < 2 || word.data[0] != '-')
			break;
		if (str_is(word, "--")) {
			i++;
			break;
		}
		taken = read_xargs_option(j, i, xargs);
		if (taken == 0)
			return false;
	}
	xargs->appends = xargs->appends || xargs->marker.len == 0;
	xargs->command = i;
	return true;
}

struct ruling wrapper_judge_xargs(struct judging *j)
{
	struct xargs xargs = { .marker = { "", 0 } };
	struct judging inner = *j;

	if (!read_xargs(j, &xargs))
		return wrapper_ask(j, "an option of xargs that is not known to be harmless");
	if (xargs.command >= j->n)
		return (struct ruling){ CAPS_ALLOW, STR("built in"), 0, "", false, false };
	inner.n = j->n - xargs.command;
	inner.argv = arena_array(j->shell->arena, struct field, inner.n + 1);
	memcpy(inner.argv, j->argv + xargs.command, inner.n * sizeof(*inner.argv));
	for (size_t k = 0; k < inner.n; k++)
		blank_out(&inner.argv[k], xargs.marker, "");
	if (xargs.appends)
		inner.argv[inner.n++] =
			(struct field){ .text = STR(""), .opaque = true, .many = true };
	inner.is_wrapped = true;
	inner.depth++;
	return command_judge(&inner);
}

struct ruling wrapper_judge_find(struct judging *j)
{
	struct ruling worst = ruling_fine();

	for (size_t i = 1; i < j->n && !IS_MUTANT(ACTIONS); i++) {
		struct judging inner = *j;
		size_t end = i + 1;

		if (j->argv[i].opaque ||
		    !program_in_list(j->argv[i].text, "-exec -execdir -ok -okdir", ' '))
			continue;
		while (end < j->n && (j->argv[end].opaque || (!str_is(j->argv[end].text, ";") &&
		                                              !str_is(j->argv[end].text, "+"))))
			end++;
		if (end >= j->n || end == i + 1)
			return wrapper_ask(j, "what find runs has no end");
		inner.n = end - i - 1;
		inner.argv = arena_array(j->shell->arena, struct field, inner.n);
		memcpy(inner.argv, j->argv + i + 1, inner.n * sizeof(*inner.argv));
		for (size_t k = 0; k < inner.n; k++)
			blank_out(&inner.argv[k], STR("{}"), "./");
		inner.is_wrapped = true;
		inner.depth++;
		worst = ruling_worse(worst, command_judge(&inner));
		i = end;
	}
	return worst;
}

bool wrapper_is_shell(struct str name)
{
	return program_in_list(name, "sh bash dash", ' ');
}

bool wrapper_judge_inline(struct judging *j, struct ruling *ret_ruling)
{
	struct shell *shell = j->shell;
	bool needed_bash = shell->needs_bash;
	struct str script;
	size_t i = 1;

	for (; i < j->n && !j->argv[i].opaque; i++) {
		struct str word = j->argv[i].text;

		if (str_is(word, "--noprofile") || str_is(word, "--norc"))
			continue;
		if (str_is(word, "-o") && i + 1 < j->n && str_is(j->argv[i + 1].text, "pipefail")) {
			i++;
			continue;
		}
		if (word.len < 2 || word.data[0] != '-')
			return false;
		if (str_chr(word, 'c') == STR_NONE) {
			if (word.len == 2 && strchr("eux", word.data[1]))
				continue;
			return false;
		}
		for (size_t k = 1; k < word.len; k++)
			if (!strchr("ceux", word.data[k]))
				return false;
		break;
	}
	if (i + 1 >= j->n || j->argv[i].opaque)
		return false;
	if (j->argv[i + 1].opaque || !j->argv[i + 1].word) {
		*ret_ruling = ruling_ask("a script whose text is not known");
		return true;
	}
	shell->needs_bash = false;
	script = shell_script(shell, j->argv[i + 1].text, i + 2 < j->n);
	j->argv[i + 1].word->instead = shell_quote(shell->arena, script);
	*ret_ruling = (struct ruling){ CAPS_ALLOW, STR("built in"), 0, "", false, false };
	if (shell->needs_bash && !str_is(j->argv[0].text, "bash"))
		*ret_ruling = ruling_ask("uses what only bash understands; run it with bash -c");
	shell->needs_bash = needed_bash;
	return true;
}
