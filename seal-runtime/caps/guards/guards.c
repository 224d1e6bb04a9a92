#include "caps/guards/guards.h"

#include "caps/mutants.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

enum effect { ASK, WRITES, INSIDE, NAMED, VALUE, SAFE };

struct guard {
	const char *programs, *subcommands, *options;
	enum effect effect;
};

struct guarded {
	const char *programs, *valued;
	unsigned int style;
	guard_fn *check;
};

static const struct guard guards[] = {
#define PROGRAM(names, style, valued, check)
#define GUARD(names, subcommands, effect, options) { names, subcommands, options, effect },
#include "caps/guards/guards.def"
#undef PROGRAM
#undef GUARD
};

static const struct guarded programs[] = {
#define PROGRAM(names, style, valued, check) { names, valued, style, check },
#define GUARD(names, subcommands, effect, options)
#include "caps/guards/guards.def"
#undef PROGRAM
#undef GUARD
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROWS_MAX     16

/* One program being looked at: its rows, found once. */
struct look {
	const struct call *call;
	const struct guarded *program;
	const struct guard *rows[ROWS_MAX];
	size_t n_rows;
	struct ruling worst;
};

bool guards_is_inside(const struct call *call, struct str name)
{
	const struct shell *shell = call->shell;

	if (shell->folders.unknown || (name.len && name.data[0] == '~'))
		return false;
	for (size_t i = 0; i < shell->folders.n; i++) {
		struct str path = path_normal(shell->arena, shell->folders.at[i], STR(""), name);

		if (!command_is_in_scope(shell, NULL, path))
			return false;
	}
	return true;
}

bool guards_is_operand(const struct field *field)
{
	return field->opaque || field->text.len == 0 || field->text.data[0] != '-' ||
	       field->text.len == 1;
}

size_t guards_count_operands(const struct call *call, const char *valued)
{
	bool only_operands = false;
	size_t n = 0;

	for (size_t i = 1; i < call->n; i++) {
		if (only_operands || guards_is_operand(&call->argv[i]))
			n += call->argv[i].many ? 2 : 1;
		else if (str_is(call->argv[i].text, "--"))
			only_operands = true;
		else
			i += program_in_list(call->argv[i].text, valued, ' ');
	}
	return n;
}

bool guards_has_word(const struct call *call, const char *words)
{
	for (size_t i = 1; i < call->n; i++)
		if (!call->argv[i].opaque && program_in_list(call->argv[i].text, words, ' '))
			return true;
	return false;
}

static void worsen(struct look *look, struct ruling ruling)
{
	look->worst = ruling_worse(look->worst, ruling);
}

static bool is_plain_word(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!((text.data[i] | 32) >= 'a' && (text.data[i] | 32) <= 'z') &&
		    text.data[i] != '-' && text.data[i] != ',')
			return false;
	return text.len != 0;
}

/* The value of an option: behind "=", behind the letter, or the next word. */
static void check_value(struct look *look, enum effect effect, const struct field *value)
{
	if (!value) {
		worsen(look, ruling_ask("an option without its value"));
	} else if (value->opaque) {
		worsen(look, ruling_ask("an option that writes or leaves the project, with a value "
		                        "that is not known"));
	} else if (effect == WRITES) {
		worsen(look, shell_judge_path(look->call->shell, CAPS_WRITE, value->text));
	} else if (effect == NAMED) {
		if (!is_plain_word(value->text))
			worsen(look, ruling_ask("an option that may load code by name"));
	} else if (!guards_is_inside(look->call, value->text)) {
		worsen(look, ruling_ask("an option that leaves the project"));
	}
}

/* How an argument's option relates to one of a row. */
static bool is_option(struct str word, const char *options, bool abbreviates)
{
	struct str rest = str_of(options), one;

	while (str_split(&rest, ' ', &one))
		if (str_eq(one, word) ||
		    (abbreviates && word.len > 2 && word.data[1] == '-' && str_starts(one, word)))
			return true;
	return false;
}

static const struct guard *find_row(const struct look *look, struct str word, enum effect effect,
                                    bool abbreviates)
{
	for (size_t i = 0; i < look->n_rows; i++)
		if (look->rows[i]->effect == effect &&
		    is_option(word, look->rows[i]->options, abbreviates))
			return look->rows[i];
	return NULL;
}

/* True when the next argument is this one's value and was looked at. */
static bool check_option(struct look *look, struct str word, struct str attached, bool has_attached,
                         const struct field *next)
{
	bool abbreviates = look->program->style & ABBREVIATES;
	struct field value = { .text = attached };
	const struct field *given = has_attached ? &value : next;

	if (call_names(look->call, word))
		return false;
	for (size_t i = 0; i < look->n_rows; i++) {
		const struct guard *row = look->rows[i];

		if (!is_option(word, row->options, false))
			continue;
		if (row->effect == SAFE || row->effect == VALUE)
			return row->effect == VALUE && !has_attached;
		if (row->effect == ASK)
			worsen(look, ruling_ask("an option that runs programs, writes files or "
			                        "leaves the project"));
		else
			check_value(look, row->effect, given);
		return false;
	}
	if (!abbreviates || word.len < 3 || word.data[1] != '-')
		return false;
	if (find_row(look, word, ASK, true) || find_row(look, word, WRITES, true) ||
	    find_row(look, word, INSIDE, true))
		worsen(look, ruling_ask("an option that may stand for one that runs programs or "
		                        "writes files"));
	return false;
}

/* -abc: each letter, until one takes the rest as its value. */
static bool check_cluster(struct look *look, struct str word, const struct field *next)
{
	for (size_t i = 1; i < word.len; i++) {
		struct str option = arena_join(look->call->shell->arena, STR("-"),
		                               (char[]){ word.data[i], '\0' }, (char *)NULL);
		bool takes_value = strchr(look->program->valued, word.data[i]) ||
		                   find_row(look, option, VALUE, false);
		struct str rest = str_from(word, i + 1);

		if (check_option(look, option, rest, rest.len != 0, next) && !rest.len)
			return true;
		if (takes_value)
			return false;
	}
	return false;
}

static bool check_word(struct look *look, struct str word, const struct field *next)
{
	size_t equals = str_chr(word, '=');
	struct str name = equals == STR_NONE ? word : str_head(word, equals);

	/* Go's flags and their like have one dash or two. */
	if (word.data[1] == '-' && look->program->style & SINGLE && word.len > 3)
		(void)check_option(look, str_from(name, 1),
		                   equals == STR_NONE ? STR("") : str_from(word, equals + 1),
		                   equals != STR_NONE, next);
	if (word.data[1] == '-' || !(look->program->style & CLUSTERS)) {
		if (check_option(look, name,
		                 equals == STR_NONE ? STR("") : str_from(word, equals + 1),
		                 equals != STR_NONE, next))
			return true;
		/* -Ifolder and -ofile of programs that do not cluster. */
		if (word.len > 2 && word.data[1] != '-')
			return check_option(look, str_head(word, 2), str_from(word, 2), true,
			                    next) &&
			       false;
		return false;
	}
	return check_cluster(look, word, next);
}

static void look_at_words(struct look *look)
{
	const struct call *call = look->call;
	bool only_operands = false;

	for (size_t i = 1; i < call->n; i++) {
		const struct field *field = &call->argv[i],
				   *next = i + 1 < call->n ? field + 1 : NULL;

		if (only_operands && !(look->program->style & LATE))
			return;
		if (field->opaque) {
			if (!(look->program->style & OPEN) && field_may_be_option(field))
				worsen(look,
				       ruling_ask("an argument that may turn out to be an option"));
			continue;
		}
		if (str_is(field->text, "--")) {
			only_operands = true;
			continue;
		}
		if (field->text.len < 2 || field->text.data[0] != '-') {
			if (look->program->style & STOPS)
				return;
			continue;
		}
		if (check_word(look, field->text, next) && !(next && next->opaque && next->many))
			i++;
	}
}

/* 0: not at all; 1: for every subcommand; 2: for this one. */
static unsigned int applies(const struct guard *guard, const struct call *call, struct str name)
{
	if (!program_in_list(name, guard->programs, '|'))
		return 0;
	if (guard->subcommands[0] == '\0')
		return 1;
	return call->n > 1 && !call->argv[1].opaque &&
	                       program_in_list(call->argv[1].text, guard->subcommands, '|')
	               ? 2
	               : 0;
}

/* Rows of the subcommand first; among them what lets an option through. */
static void find_rows(struct look *look, struct str name)
{
	unsigned int how[COUNT(guards)];

	for (size_t i = 0; i < COUNT(guards); i++)
		how[i] = applies(&guards[i], look->call, name);
	for (unsigned int turn = 0; turn < 4; turn++)
		for (size_t i = 0; i < COUNT(guards); i++)
			if (how[i] == 2 - turn / 2 && (guards[i].effect == ASK) == (turn & 1) &&
			    look->n_rows < ROWS_MAX)
				look->rows[look->n_rows++] = &guards[i];
}

static struct ruling check_as(const struct call *call, struct str name)
{
	struct look look = { .call = call, .worst = ruling_fine() };

	for (size_t i = 0; i < COUNT(programs) && !look.program; i++)
		if (program_in_list(name, programs[i].programs, '|'))
			look.program = &programs[i];
	if (!look.program)
		return look.worst;
	find_rows(&look, name);
	look_at_words(&look);
	if (look.program->check)
		worsen(&look, look.program->check(call));
	return look.worst;
}

struct ruling guards_check_tool(const struct call *call, size_t from)
{
	struct call tool = *call;

	if (from >= call->n)
		return ruling_fine();
	if (call->argv[from].opaque)
		return ruling_ask("the tool that would run is not known");
	tool.argv += from;
	tool.n -= from;
	return guards_check(&tool);
}

struct ruling guards_check(const struct call *call)
{
	struct str name = program_name(call->argv[0].text);
	struct ruling worst = IS_MUTANT(GUARDS) ? ruling_fine() : check_as(call, name);

	/* Launchers are guarded as themselves and as what they launch. */
	if (program_is_python(name)) {
		for (size_t i = 1; i + 1 < call->n; i++) {
			if (call->argv[i].opaque)
				return ruling_worse(worst,
				                    ruling_ask("what Python runs is not known"));
			if (str_is(call->argv[i].text, "-m"))
				return ruling_worse(worst, guards_check_tool(call, i + 1));
			if (call->argv[i].text.len == 0 || call->argv[i].text.data[0] != '-')
				break;
		}
	}
	if (program_in_list(name, "uv poetry pdm pipenv bundle pipx", ' ') && call->n > 2 &&
	    program_in_list(call->argv[1].text, "run exec", ' '))
		worst = ruling_worse(worst, call->argv[2].text.len &&
		                                            call->argv[2].text.data[0] == '-' &&
		                                            !call_names(call, call->argv[2].text)
		                                    ? ruling_ask("an option before the tool")
		                                    : guards_check_tool(call, 2));
	return worst;
}
