/*
 * Files that a command names.  For programs that show what is in a file this is
 * only the early, clear answer: the sandbox hides what deny.read names.  For
 * programs that write, a grant to run them grants no place to write to.
 */
#include "caps/command.h"

#include "caps/mutants.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

static struct ruling denied_by(const struct path_rule *rule)
{
	return (struct ruling){ CAPS_DENY,  rule->text,
		                rule->line, "a deny rule names a file that it reads",
		                false,      false };
}

/* Could the wildcard come to a denied name? */
static bool glob_may_be_denied(const struct call *call, struct str base, struct str glob,
                               const struct path_rule **ret_rule)
{
	const struct path_rules *rules = &call->shell->caps->deny_paths[CAPS_READ];
	struct str path = path_normal(call->shell->arena, base, STR(""), glob);
	struct str name = program_name(path);

	for (size_t i = 0; i < rules->n; i++) {
		struct str last = program_name(rules->items[i].pattern);

		/* The shell's wildcards do not take a leading dot. */
		if (last.len && last.data[0] == '.' && name.len && name.data[0] != '.')
			continue;
		if (path_globs_meet(name, last)) {
			*ret_rule = &rules->items[i];
			return true;
		}
	}
	return false;
}

static bool is_private_proc(struct str path)
{
	struct str rest = str_from(path, 6);

	return str_starts(path, STR("/proc/")) && rest.len &&
	       ((rest.data[0] >= '0' && rest.data[0] <= '9') || str_starts(rest, STR("self")) ||
	        str_starts(rest, STR("thread-self")));
}

static struct ruling check_read(const struct call *call, struct str name)
{
	const struct shell *shell = call->shell;
	struct ruling worst = ruling_fine();

	if (name.len == 0 || shell->caps->deny_paths[CAPS_READ].n == 0)
		return is_private_proc(name)
		               ? ruling_ask("reads the memory or environment of a process")
		               : worst;
	for (size_t i = 0; i < shell->folders.n || (i == 0 && shell->folders.unknown); i++) {
		struct str base = shell->folders.n ? shell->folders.at[i] : shell->caps->root;
		const struct path_rule *rule =
			path_denied(shell->caps, CAPS_READ,
		                    path_normal(shell->arena, base, shell->caps->home, name));

		if (rule)
			return denied_by(rule);
	}
	if (is_private_proc(name))
		return ruling_ask("reads the memory or environment of a process");
	return worst;
}

/* The places in one argument where a file's name may stand. */
static struct ruling check_argument(const struct call *call, const struct field *field)
{
	struct str text = field->text;
	struct ruling worst = ruling_fine();
	size_t equals = str_chr(text, '=');
	const struct path_rule *rule = NULL;

	if (field->opaque) {
		if (field->globbed && call->shell->folders.n &&
		    glob_may_be_denied(call, call->shell->folders.at[0], field->glob, &rule))
			worst = (struct ruling){
				CAPS_ASK,   rule->text,
				rule->line, "a wildcard that may name a denied file",
				true,       false
			};
		return worst;
	}
	if (text.len == 0 || text.data[0] != '-')
		worst = check_read(call, text);
	if (text.len && text.data[0] == '@')
		worst = ruling_worse(worst, check_read(call, str_from(text, 1)));
	if (text.len > 2 && text.data[0] == '-' && text.data[1] != '-')
		worst = ruling_worse(worst, check_read(call, str_from(text, 2)));
	if (equals != STR_NONE && !str_starts(text, STR("--include")) &&
	    !str_starts(text, STR("--exclude")) && !str_starts(text, STR("--glob"))) {
		struct str value = str_from(text, equals + 1);

		worst = ruling_worse(worst, check_read(call, value.len && value.data[0] == '@'
		                                                     ? str_from(value, 1)
		                                                     : value));
	}
	return worst;
}

/* Options whose next word is no file, of the programs whose first operand is none. */
static const struct {
	const char *programs, *valued;
} pattern_options[] = {
	{ "grep egrep fgrep zgrep",
	  "-e -m -A -B -C -d -D --regexp --include --exclude --exclude-dir" },
	{ "rg ag", "-e -m -A -B -C -g -t -T -r -M -j -d --regexp --glob --iglob --type --type-not "
	           "--replace" },
	{ "sed", "-e -l --expression" },
	{ "awk gawk mawk", "-F -v" },
	{ "jq yq", "--arg --argjson --indent" },
};

static bool takes_pattern(struct str program, struct str option)
{
	for (size_t i = 0; i < sizeof(pattern_options) / sizeof(pattern_options[0]); i++)
		if (program_in_list(program, pattern_options[i].programs, ' '))
			return program_in_list(option, pattern_options[i].valued, ' ');
	return false;
}

/* Index of the pattern or script among the operands; n when options give it. */
static size_t pattern_index(const struct call *call)
{
	bool given = false;

	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque || text.len < 2 || text.data[0] != '-') {
			if (!given)
				return i;
			continue;
		}
		if (str_is(text, "--"))
			return given ? call->n : i + 1;
		given = given || str_starts(text, STR("-e")) || str_starts(text, STR("-f")) ||
		        str_starts(text, STR("--regexp")) ||
		        str_starts(text, STR("--expression")) || str_starts(text, STR("--files"));
		i += takes_pattern(call->argv[0].text, text);
	}
	return call->n;
}

/* Is this argument the value of an option that takes a pattern or a number? */
static bool is_value(const struct call *call, size_t i)
{
	return i > 1 && !call->argv[i - 1].opaque &&
	       takes_pattern(call->argv[0].text, call->argv[i - 1].text);
}

static struct ruling check_reader(const struct call *call, const struct program *program)
{
	size_t pattern = program && program->traits & FIRST ? pattern_index(call) : 0;
	struct ruling worst = ruling_fine();

	for (size_t i = 1; i < call->n && worst.verdict != CAPS_DENY; i++)
		if (i != pattern && !is_value(call, i))
			worst = ruling_worse(worst, check_argument(call, &call->argv[i]));
	return worst;
}

/* --- programs that write what they are given --- */

static const struct writer {
	const char *name;
	enum caps_verb each, last; /* what happens to each operand, and to the last */
	size_t skip;               /* operands before the files, as chmod's mode */
	const char *valued;        /* options that take the next word */
} writers[] = {
	{ "tee", CAPS_WRITE, CAPS_WRITE, 0, "" },
	{ "touch", CAPS_WRITE, CAPS_WRITE, 0, "-d -t --date" },
	{ "mkdir", CAPS_WRITE, CAPS_WRITE, 0, "-m --mode" },
	{ "mkfifo", CAPS_WRITE, CAPS_WRITE, 0, "-m --mode" },
	{ "truncate", CAPS_WRITE, CAPS_WRITE, 0, "-s --size" },
	{ "rm", CAPS_DELETE, CAPS_DELETE, 0, "" },
	{ "rmdir", CAPS_DELETE, CAPS_DELETE, 0, "" },
	{ "unlink", CAPS_DELETE, CAPS_DELETE, 0, "" },
	{ "shred", CAPS_DELETE, CAPS_DELETE, 0, "-n -s" },
	{ "cp", CAPS_READ, CAPS_WRITE, 0, "-S --suffix" },
	{ "install", CAPS_READ, CAPS_WRITE, 0, "-m -o -g -S --mode --owner --group" },
	{ "ln", CAPS_READ, CAPS_WRITE, 0, "-S --suffix" },
	{ "link", CAPS_READ, CAPS_WRITE, 0, "" },
	{ "mv", CAPS_DELETE, CAPS_WRITE, 0, "-S --suffix" },
	{ "chmod", CAPS_WRITE, CAPS_WRITE, 1, "" },
	{ "chown", CAPS_WRITE, CAPS_WRITE, 1, "" },
	{ "chgrp", CAPS_WRITE, CAPS_WRITE, 1, "" },
	{ "patch", CAPS_WRITE, CAPS_WRITE, 0, "-p -F -D -V" },
	{ "dos2unix", CAPS_WRITE, CAPS_WRITE, 0, "" },
};

static struct ruling check_written(const struct call *call, enum caps_verb verb, struct str name,
                                   struct str source)
{
	struct arena *arena = call->shell->arena;
	struct ruling ruling, inside;

	if (verb == CAPS_READ)
		return check_read(call, name);
	ruling = shell_judge_path(call->shell, verb, name);
	if (str_is(call->argv[0].text, "mkdir") && ruling.verdict == CAPS_ASK)
		/* A rule for what lies in a folder covers making the folder. */
		return shell_judge_path(
			call->shell, verb,
			arena_join(arena, arena_copy(arena, name), "/x", (char *)NULL));
	if (source.len == 0)
		return ruling;
	/* The last word may be a folder into which the file is put. */
	inside = shell_judge_path(call->shell, verb,
	                          arena_join(arena, arena_copy(arena, name), "/",
	                                     arena_copy(arena, program_name(source)).data,
	                                     (char *)NULL));
	if (str_ends(name, STR("/")) || str_is(name, ".") || str_is(name, ".."))
		return inside;
	return ruling_worse(ruling, inside);
}

static struct ruling check_writer(const struct call *call, const struct writer *writer)
{
	struct str *names = arena_array(call->shell->arena, struct str, call->n + 1),
		   target = STR("");
	struct ruling worst = ruling_fine();
	size_t n = 0;
	bool only_operands = false;

	for (size_t i = 1; i < call->n; i++) {
		const struct field *field = &call->argv[i];

		if (field->opaque)
			return ruling_ask("the file it would change is not known");
		if (!only_operands && str_is(field->text, "--")) {
			only_operands = true;
		} else if (!only_operands && field->text.len > 1 && field->text.data[0] == '-') {
			if (str_starts(field->text, STR("--target-directory")) ||
			    str_starts(field->text, STR("-t")) ||
			    str_starts(field->text, STR("--reference")) ||
			    str_starts(field->text, STR("--files")))
				return ruling_ask("an option that names the files it changes");
			i += program_in_list(field->text, writer->valued, ' ');
		} else {
			names[n++] = field->text;
		}
	}
	if (n <= writer->skip)
		return ruling_fine();
	for (size_t i = writer->skip; i < n && worst.verdict != CAPS_DENY; i++) {
		bool is_last = i + 1 == n && n > writer->skip + 1;
		enum caps_verb verb = is_last ? writer->last : writer->each;

		target = is_last && writer->last != writer->each ? names[i - 1] : STR("");
		worst = ruling_worse(worst, check_written(call, verb, names[i], target));
	}
	/* One name alone: a link or a copy into the folder it runs in. */
	if (n == writer->skip + 1 && writer->last != writer->each)
		worst = ruling_worse(worst, check_written(call, CAPS_WRITE,
		                                          program_name(names[n - 1]), STR("")));
	return worst;
}

static struct ruling check_dd(const struct call *call)
{
	struct ruling worst = ruling_fine();

	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque)
			return ruling_ask("the file it would change is not known");
		if (str_starts(text, STR("of=")))
			worst = ruling_worse(worst, shell_judge_path(call->shell, CAPS_WRITE,
			                                             str_from(text, 3)));
	}
	return worst;
}

/* Names a denied file to a program of which nothing is known. */
static struct ruling check_unknown(const struct call *call)
{
	struct ruling worst = check_reader(call, NULL);

	if (worst.verdict == CAPS_DENY) {
		worst.verdict = CAPS_ASK;
		worst.reason = "an argument names a file that a deny rule for reading names";
		worst.only_once = true;
	}
	return worst.verdict == CAPS_ASK && worst.rule.len == 0 ? ruling_fine() : worst;
}

struct ruling readers_check(const struct call *call)
{
	struct str name = call->argv[0].text;
	const struct program *program = program_find(name);
	struct ruling worst = ruling_fine();

	if (IS_MUTANT(OPERANDS))
		return worst;
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
		if (str_is(name, writers[i].name))
			worst = ruling_worse(worst, check_writer(call, &writers[i]));
	if (str_is(name, "dd"))
		worst = ruling_worse(worst, check_dd(call));
	if (program && program->traits & READER)
		return ruling_worse(worst, check_reader(call, program));
	if (!program || !(program->traits & (PLAIN | LAUNCHER)))
		return str_is(name, "git") ? worst : ruling_worse(worst, check_unknown(call));
	return worst;
}
