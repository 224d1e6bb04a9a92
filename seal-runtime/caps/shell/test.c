/* What stands inside [[ ]], (( )) and $(( )). */
#include "caps/shell/shell.h"

#include <ctype.h>

#include "caps/mutants.h"
#include "caps/rules.h"

static bool is_digits(struct str text)
{
	size_t i = text.len > 1 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;

	if (i == text.len)
		return false;
	for (; i < text.len; i++)
		if (!isdigit((unsigned char)text.data[i]))
			return false;
	return true;
}

/* A name in arithmetic is evaluated again as arithmetic, so its value must be a number. */
static bool is_number(const struct shell *shell, struct str name)
{
	const struct variable *variable = shell_variable(shell, name);

	return variable && (variable->kind == VALUE_NUMBER ||
	                    (variable->kind == VALUE_TEXT && is_digits(variable->text)));
}

static size_t skip_blanks(struct str text, size_t at)
{
	while (at < text.len && isspace((unsigned char)text.data[at]))
		at++;
	return at;
}

static struct str name_at(struct str text, size_t at)
{
	size_t end = at;

	while (end < text.len && (isalnum((unsigned char)text.data[end]) || text.data[end] == '_'))
		end++;
	return (struct str){ text.data + at, end - at };
}

/* At a name: what it is used for, and whether that is harmless. */
static bool check_name(struct shell *shell, struct str text, size_t *at)
{
	struct str name = name_at(text, *at);
	size_t next = skip_blanks(text, *at + name.len);
	bool assigns = next < text.len && text.data[next] == '=' &&
	               !(next + 1 < text.len && text.data[next + 1] == '=');

	*at += name.len;
	if (!assigns)
		return is_number(shell, name);
	if (command_is_sensitive_name(name))
		return false;
	shell_assign(shell, name, VALUE_NUMBER, STR(""));
	return true;
}

bool shell_arithmetic(struct shell *shell, struct str text)
{
	size_t at = 0;

	while (at < text.len && !IS_MUTANT(ARITHMETIC)) {
		char c = text.data[at];

		if (c == '$' && at + 1 < text.len &&
		    (isalpha((unsigned char)text.data[at + 1]) || text.data[at + 1] == '_')) {
			at++;
			if (!is_number(shell, name_at(text, at)))
				return false;
			at += name_at(text, at).len;
		} else if (c == '$' && at + 1 < text.len && strchr("#?", text.data[at + 1])) {
			at += 2;
		} else if (isdigit((unsigned char)c)) {
			at += name_at(text, at).len;
		} else if (isalpha((unsigned char)c) || c == '_') {
			if (!check_name(shell, text, &at))
				return false;
		} else if (c && strchr("+-*/%<>=!&|^~?:(), \t\n", c)) {
			at++;
		} else {
			return false;
		}
	}
	return true;
}

/* An unquoted literal, as operators are. */
static struct str plain(const struct word *word)
{
	if (!word || word->instead.len)
		return word ? word->instead : (struct str){ "", 0 };
	if (!word->first || word->first->next || word->first->kind != PART_TEXT ||
	    word->first->quoted)
		return (struct str){ "", 0 };
	return word->first->text;
}

static bool is_one_of(struct str text, const char *const *list)
{
	for (; *list; list++)
		if (str_is(text, *list))
			return true;
	return false;
}

static const char *const file_tests[] = { "-a", "-b", "-c", "-d", "-e", "-f", "-g", "-h",
	                                  "-k", "-p", "-r", "-s", "-t", "-u", "-w", "-x",
	                                  "-G", "-L", "-N", "-O", "-S", "-z", "-n", NULL };
static const char *const text_tests[] = { "=", "==", "!=", "<", ">", "-nt", "-ot", "-ef", NULL };
static const char *const number_tests[] = { "-eq", "-ne", "-lt", "-le", "-gt", "-ge", NULL };

struct cursor {
	struct shell *shell;
	struct word *next;
	const char *why; /* what keeps the test from being silent */
};

static struct word *take(struct cursor *cursor)
{
	struct word *word = cursor->next;

	if (word)
		cursor->next = word->next;
	else
		cursor->why = "a test that is not complete";
	return word;
}

/* The right side of =~ is code of its own kind; only plain ones are emitted. */
static void take_regex(struct cursor *cursor)
{
	struct word *word = take(cursor);
	struct str text = word ? word->source : (struct str){ "", 0 };

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (isalnum((unsigned char)c) || (c && strchr("_.^*+?[]/:,@%=-", c)) ||
		    (c == '$' && i + 1 == text.len))
			continue;
		cursor->why = "a regular expression that is not plain";
		return;
	}
	if (word)
		word->instead = text;
}

static void take_operand(struct cursor *cursor, bool is_number_wanted)
{
	struct word *word = take(cursor);
	struct field field;

	if (!word)
		return;
	if (word->instead.len) {
		cursor->why = "a test that is not understood";
		return;
	}
	field = words_expand_one(cursor->shell, word);
	if (is_number_wanted && !field.number && !(!field.opaque && is_digits(field.text)))
		cursor->why = "compares as a number what is not known to be one";
}

static void take_term(struct cursor *cursor)
{
	struct str first = plain(cursor->next), second;

	if (str_is(first, "!")) {
		take(cursor)->instead = STR("!");
		take_term(cursor);
		return;
	}
	if (is_one_of(first, file_tests) && cursor->next->next) {
		take(cursor)->instead = first;
		take_operand(cursor, false);
		return;
	}
	if (first.len == 2 && first.data[0] == '-' && cursor->next->next) {
		cursor->why = "a test that may run what a variable holds";
		return;
	}
	second = cursor->next ? plain(cursor->next->next) : (struct str){ "", 0 };
	take_operand(cursor, is_one_of(second, number_tests));
	if (!is_one_of(second, text_tests) && !is_one_of(second, number_tests) &&
	    !str_is(second, "=~"))
		return;
	take(cursor)->instead = second;
	if (str_is(second, "=~"))
		take_regex(cursor);
	else
		take_operand(cursor, is_one_of(second, number_tests));
}

static void take_expression(struct cursor *cursor, unsigned int depth);

static void take_group(struct cursor *cursor, unsigned int depth)
{
	if (!str_is(plain(cursor->next), "(")) {
		take_term(cursor);
		return;
	}
	(void)take(cursor);
	take_expression(cursor, depth + 1);
	if (!cursor->why && !str_is(plain(cursor->next), ")"))
		cursor->why = "a test that is not complete";
	else if (!cursor->why)
		(void)take(cursor);
}

static void take_expression(struct cursor *cursor, unsigned int depth)
{
	if (depth > SHELL_DEPTH_MAX) {
		cursor->why = "a test that is nested too deeply";
		return;
	}
	take_group(cursor, depth);
	while (!cursor->why &&
	       (str_is(plain(cursor->next), "&&") || str_is(plain(cursor->next), "||"))) {
		(void)take(cursor);
		take_group(cursor, depth);
	}
}

/* Substitutions in what was not reached count all the same. */
static void expand_rest(struct cursor *cursor)
{
	for (struct word *word = cursor->next; word; word = word->next)
		if (!word->instead.len)
			(void)words_expand_one(cursor->shell, word);
}

void shell_test(struct shell *shell, struct node *node)
{
	struct cursor cursor = { .shell = shell, .next = node->words };

	shell->needs_bash = true;
	take_expression(&cursor, 0);
	if (cursor.next && !cursor.why)
		cursor.why = "a test that is not understood";
	expand_rest(&cursor);
	if (cursor.why && !IS_MUTANT(TESTS))
		shell_say(shell, CAPS_ASK, node->source, "", cursor.why);
	else
		shell_say(shell, CAPS_ALLOW, node->source, "built in", "");
}
