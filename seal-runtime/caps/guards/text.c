/* sed and awk: the programs that they are given. */
#include "caps/guards/guards.h"

#include <ctype.h>

#include "base/err.h"
#include "caps/hosts.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

/* sed: a small language without the commands that write, read or execute. */

struct sed {
	struct str text;
	size_t at;
};

static char peek(const struct sed *sed)
{
	return sed->at < sed->text.len ? sed->text.data[sed->at] : '\0';
}

static void skip(struct sed *sed, const char *set)
{
	while (peek(sed) && strchr(set, peek(sed)))
		sed->at++;
}

/* Behind the opening delimiter, up to and past the next one that is not escaped. */
static bool sed_delimited(struct sed *sed, char delimiter)
{
	while (sed->at < sed->text.len) {
		char c = sed->text.data[sed->at++];

		if (c == '\\')
			sed->at++;
		else if (c == delimiter)
			return true;
		else if (c == '\n')
			return false;
	}
	return false;
}

static bool sed_address(struct sed *sed)
{
	char c = peek(sed);

	if (isdigit((unsigned char)c)) {
		skip(sed, "0123456789~");
		return true;
	}
	if (c == '$') {
		sed->at++;
		return true;
	}
	if (c == '/' || c == '\\') {
		sed->at++;
		if (c == '\\')
			c = sed->at < sed->text.len ? sed->text.data[sed->at++] : '\0';
		if (!c || !sed_delimited(sed, c))
			return false;
		skip(sed, "IM");
		return true;
	}
	return false;
}

static bool sed_command(struct sed *sed)
{
	char c = peek(sed);

	sed->at++;
	if (c == 's' || c == 'y') {
		char delimiter = peek(sed);

		sed->at++;
		if (!delimiter || delimiter == '\n' || delimiter == '\\' ||
		    isalnum((unsigned char)delimiter) || !sed_delimited(sed, delimiter) ||
		    !sed_delimited(sed, delimiter))
			return false;
		if (c == 's')
			skip(sed, "gpiIM0123456789");
	} else if (c == '{' || c == '}') {
		return true;
	} else if (c == 'q' || c == 'Q') {
		skip(sed, " \t");
		skip(sed, "0123456789");
	} else if (!c || !strchr("pdnNhHgGxDPlz=", c)) {
		return false;
	}
	skip(sed, " \t");
	return !peek(sed) || strchr(";}\n", peek(sed));
}

static bool sed_is_plain(struct str script)
{
	struct sed sed = { script, 0 };

	for (;;) {
		skip(&sed, " \t\n;");
		if (sed.at >= sed.text.len)
			return true;
		if (strchr("0123456789$/\\", peek(&sed))) {
			if (!sed_address(&sed))
				return false;
			skip(&sed, " \t");
			if (peek(&sed) == ',') {
				sed.at++;
				skip(&sed, " \t");
				if (peek(&sed) == '+' || peek(&sed) == '~')
					sed.at++;
				if (!sed_address(&sed))
					return false;
			}
			skip(&sed, " \t");
		}
		skip(&sed, "!");
		skip(&sed, " \t");
		if (!sed_command(&sed))
			return false;
	}
}

/* Index of the first operand; `given` is set when options hold the program text. */
struct ruling guard_sed(const struct call *call)
{
	bool given = false, only_operands = false;
	const struct field *script = NULL;

	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;
		struct str value = { NULL, 0 };

		if (!only_operands && str_is(text, "--") && !call->argv[i].opaque) {
			only_operands = true;
			continue;
		}
		if (only_operands || guards_is_operand(&call->argv[i])) {
			if (!script)
				script = &call->argv[i];
			continue;
		}
		if (str_starts(text, STR("--expression=")))
			value = str_from(text, 13);
		else if (text.data[1] != '-' && text.data[text.len - 1] == 'e' && i + 1 < call->n &&
		         !call->argv[i + 1].opaque)
			value = call->argv[++i].text;
		else if (text.data[1] == 'e' && text.len > 2)
			value = str_from(text, 2);
		else if (str_is(text, "--expression") && i + 1 < call->n &&
		         !call->argv[i + 1].opaque)
			value = call->argv[++i].text;
		else if (str_starts(text, STR("--e")) ||
		         (text.data[1] != '-' && str_chr(text, 'e') != STR_NONE))
			return ruling_ask("a program for sed that is not understood");
		if (!value.data)
			continue;
		given = true;
		if (!sed_is_plain(value))
			return ruling_ask("a program for sed that may write, read or execute");
	}
	if (given)
		return ruling_fine();
	if (!script || script->opaque || !sed_is_plain(script->text))
		return ruling_ask("a program for sed that may write, read or execute");
	return ruling_fine();
}

static bool awk_is_plain(struct str program)
{
	static const char *const words[] = { "system", "getline", "@load",   "@include", "close",
		                             "fflush", "ARGV",    "ENVIRON", "PROCINFO", "@" };
	bool in_string = false;
	unsigned int depth = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_find(program, str_of(words[i]), 0) != STR_NONE)
			return false;
	/* `|` and `>` count wherever they stand: a regular expression that looks
	 * like a string would hide them from a simple reader.  Only `>` inside
	 * parentheses or before a brace, a comparison, is let through. */
	for (size_t i = 0; i < program.len; i++) {
		char c = program.data[i];

		if (c == '\\') {
			i++;
			continue;
		}
		if (c == '"')
			in_string = !in_string;
		if (in_string)
			continue;
		if (c == '(')
			depth++;
		if (c == ')' && depth)
			depth--;
		if (c == '|' && i + 1 < program.len && program.data[i + 1] == '|') {
			i++;
			continue;
		}
		if (c == '|')
			return false;
		if (c == '>' && depth == 0 && str_find(program, STR("print"), 0) < i)
			return false;
		if (c == '>' && i + 1 < program.len && program.data[i + 1] == '>')
			return false;
	}
	return !in_string;
}

struct ruling guard_awk(const struct call *call)
{
	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque)
			return ruling_ask("a program for awk that is not known");
		if (str_is(text, "-F") || str_is(text, "-v")) {
			i++;
			continue;
		}
		if (text.len > 1 && text.data[0] == '-' && !str_is(text, "--"))
			continue;
		if (str_is(text, "--"))
			continue;
		return awk_is_plain(text)
		               ? ruling_fine()
		               : ruling_ask("a program for awk that may write or execute");
	}
	return ruling_fine();
}
