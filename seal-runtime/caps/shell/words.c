#include "caps/shell/shell.h"

#include "base/utf8.h"
#include "caps/path.h"
#include "caps/rules.h"

struct word *shell_word_text(struct arena *arena, struct str text)
{
	struct word *word = arena_new(arena, struct word);

	word->first = arena_new(arena, struct part);
	word->first->quoted = true;
	word->first->text = text;
	word->source = text;
	return word;
}

static void confuse(struct scan *scan, const char *why)
{
	if (!scan->reader->confused)
		scan->reader->confused = why;
}

static char at(const struct scan *scan, size_t ahead)
{
	size_t i = scan->at + ahead;

	return i < scan->end ? scan->reader->text.data[i] : '\0';
}

static struct str range(const struct scan *scan, size_t from, size_t to)
{
	return (struct str){ scan->reader->text.data + from, to - from };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_name_char(char c, bool first)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (!first && c >= '0' && c <= '9');
}

/* A word under construction: literal text is gathered until a part of another kind comes. */
struct build {
	struct scan *scan;
	struct word *word;
	struct part *last;
	char *text;
	size_t len;
	bool quoted; /* is the text being gathered quoted? */
};

static struct part *add_part(struct build *build, enum part_kind kind, struct str text, bool quoted)
{
	struct part *part = arena_new(build->scan->reader->arena, struct part);

	part->kind = kind;
	part->text = text;
	part->quoted = quoted;
	if (build->last)
		build->last->next = part;
	else
		build->word->first = part;
	build->last = part;
	return part;
}

static void flush(struct build *build)
{
	if (build->len) {
		struct str text = arena_copy(build->scan->reader->arena,
		                             (struct str){ build->text, build->len });

		(void)add_part(build, PART_TEXT, text, build->quoted);
	}
	build->len = 0;
}

static void add_text(struct build *build, char c, bool quoted)
{
	if (build->len && build->quoted != quoted)
		flush(build);
	build->quoted = quoted;
	build->text[build->len++] = c;
}

/* An empty pair of quotes is a word too. */
static void add_empty(struct build *build)
{
	if (!build->len && !build->last)
		(void)add_part(build, PART_TEXT, STR(""), true);
}

static void add_strange(struct build *build, size_t from, size_t to)
{
	flush(build);
	(void)add_part(build, PART_STRANGE, range(build->scan, from, to), true);
	build->scan->at = to;
}

static void add_script(struct build *build, enum part_kind kind, bool quoted)
{
	struct scan *scan = build->scan;
	size_t start = scan->at, end = scan->end;
	struct part *part;
	struct node *body = shell_parse_inner(scan->reader, scan->root, start, &end);

	flush(build);
	/* Backticks unescape their text before it is read; the grammar does not. */
	if (at(scan, 0) == '`' && str_chr(range(scan, start, end), '\\') != STR_NONE)
		confuse(scan, "has backslashes between backticks; write $(...)");
	part = add_part(build, kind, range(scan, start, start + 1), quoted);
	part->body = body;
	scan->at = end;
}

/* Name and operator of ${...}; false when it is one of the forms that always ask. */
static bool read_braced(struct str text, struct part *part)
{
	static const char *const operators[] = { ":-", "-", ":=", "=", ":?", "?",
		                                 ":+", "+", "%%", "%", "##", "#" };
	size_t i = 0;

	if (text.len > 1 && text.data[0] == '#') { /* ${#name} */
		part->op = STR("length");
		text = str_from(text, 1);
	}
	while (i < text.len && is_name_char(text.data[i], i == 0))
		i++;
	if (i == 0 && text.len && strchr("?#$!@*-0123456789", text.data[0]) && text.data[0])
		i = 1;
	if (i == 0)
		return false;
	part->text = str_head(text, i);
	text = str_from(text, i);
	if (text.len == 0)
		return true;
	if (part->op.len)
		return false;
	for (size_t k = 0; k < sizeof(operators) / sizeof(operators[0]); k++) {
		if (!str_starts(text, str_of(operators[k])))
			continue;
		part->op = str_of(operators[k]);
		part->arg = str_from(text, part->op.len);
		return true;
	}
	return false;
}

/* Nothing in it means anything to the shell, quoted or not, in any place. */
static bool is_harmless_arg(struct str arg, bool is_pattern)
{
	for (size_t i = 0; i < arg.len; i++) {
		char c = arg.data[i];

		if (is_name_char(c, false) || (c && strchr("./:,@%+=-", c)) ||
		    (is_pattern && (c == '*' || c == '?')))
			continue;
		return false;
	}
	return true;
}

static void add_braced(struct build *build, bool quoted)
{
	struct scan *scan = build->scan;
	size_t start = scan->at, end = shell_node_end(scan->root, start, "expansion");
	struct part variable = { .kind = PART_VARIABLE }, *part;
	bool is_pattern;

	if (!end) {
		confuse(scan, "has an expansion that is not understood");
		scan->at = scan->end;
		return;
	}
	if (!read_braced(range(scan, start + 2, end - 1), &variable)) {
		add_strange(build, start, end);
		return;
	}
	is_pattern = variable.op.len && (variable.op.data[0] == '%' || variable.op.data[0] == '#');
	if (!is_harmless_arg(variable.arg, is_pattern)) {
		add_strange(build, start, end);
		return;
	}
	flush(build);
	part = add_part(build, PART_VARIABLE, variable.text, quoted);
	part->op = variable.op;
	part->arg = variable.arg;
	scan->at = end;
}

static void add_arithmetic(struct build *build, bool quoted)
{
	struct scan *scan = build->scan;
	size_t start = scan->at, end = shell_node_end(scan->root, start, "arithmetic_expansion");

	if (!end || end - start < 5 || !str_ends(range(scan, start, end), STR("))"))) {
		add_strange(build, start, end ? end : scan->end);
		confuse(scan, "has arithmetic that is not understood");
		return;
	}
	flush(build);
	(void)add_part(build, PART_ARITHMETIC, range(scan, start + 3, end - 2), quoted);
	scan->at = end;
}

/* At a dollar sign. */
static void add_dollar(struct build *build, bool quoted)
{
	struct scan *scan = build->scan;
	char c = at(scan, 1);
	size_t len = 1;

	if (c == '(' && at(scan, 2) == '(' &&
	    shell_node_end(scan->root, scan->at, "arithmetic_expansion")) {
		add_arithmetic(build, quoted);
	} else if (c == '(') {
		add_script(build, PART_SCRIPT, quoted);
	} else if (c == '{') {
		add_braced(build, quoted);
	} else if (c == '[') {
		add_strange(build, scan->at, scan->end);
	} else if (is_name_char(c, true)) {
		while (is_name_char(at(scan, len), false))
			len++;
		flush(build);
		(void)add_part(build, PART_VARIABLE, range(scan, scan->at + 1, scan->at + len),
		               quoted);
		scan->at += len;
	} else if (c && strchr("?#$!@*-0123456789", c)) {
		flush(build);
		(void)add_part(build, PART_VARIABLE, range(scan, scan->at + 1, scan->at + 2),
		               quoted);
		scan->at += 2;
	} else {
		add_text(build, '$', true);
		scan->at++;
	}
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
	                                            : -1;
}

/* Up to `max` digits of the base; the value, or -1 when there is none. */
static long read_digits(struct scan *scan, int base, int max)
{
	long value = -1;

	while (max-- > 0) {
		int digit = hex_value(at(scan, 0));

		if (digit < 0 || digit >= base)
			break;
		value = (value < 0 ? 0 : value) * base + digit;
		scan->at++;
	}
	return value;
}

static void add_point(struct build *build, long point)
{
	if (point <= 0 || point > 0x10ffff) {
		confuse(build->scan, "has an escape for no character");
		return;
	}
	if (point < 0x80) {
		add_text(build, (char)point, true);
	} else if (point < 0x800) {
		add_text(build, (char)(0xc0 | point >> 6), true);
		add_text(build, (char)(0x80 | (point & 63)), true);
	} else {
		if (point < 0x10000) {
			add_text(build, (char)(0xe0 | point >> 12), true);
		} else {
			add_text(build, (char)(0xf0 | point >> 18), true);
			add_text(build, (char)(0x80 | (point >> 12 & 63)), true);
		}
		add_text(build, (char)(0x80 | (point >> 6 & 63)), true);
		add_text(build, (char)(0x80 | (point & 63)), true);
	}
}

/* Behind a backslash within $'...'. */
static void add_ansi_escape(struct build *build)
{
	static const char letters[] = "abeEfnrtv\\'\"?", values[] = "\a\b\033\033\f\n\r\t\v\\'\"?";
	struct scan *scan = build->scan;
	char c = at(scan, 0);
	const char *hit = c ? strchr(letters, c) : NULL;
	long value;

	if (hit) {
		add_text(build, values[hit - letters], true);
		scan->at++;
		return;
	}
	if (c >= '0' && c <= '7') {
		value = read_digits(scan, 8, 3) & 0xff;
	} else if (c == 'x' || c == 'u' || c == 'U') {
		scan->at++;
		value = read_digits(scan, 16, c == 'x' ? 2 : c == 'u' ? 4 : 8);
		if (c != 'x' && value > 0) {
			add_point(build, value);
			return;
		}
	} else {
		confuse(scan, "has an escape in $'...' that is not understood");
		return;
	}
	if (value <= 0)
		confuse(scan, "has an escape for no character");
	else
		add_text(build, (char)value, true);
}

static void add_ansi(struct build *build)
{
	struct scan *scan = build->scan;

	scan->at += 2;
	while (scan->at < scan->end && at(scan, 0) != '\'' && !scan->reader->confused) {
		char c = at(scan, 0);

		scan->at++;
		if (c == '\\')
			add_ansi_escape(build);
		else
			add_text(build, c, true);
	}
	if (at(scan, 0) != '\'')
		confuse(scan, "has a quote that is not closed");
	scan->at++;
	add_empty(build);
}

static void add_single(struct build *build)
{
	struct scan *scan = build->scan;

	scan->at++;
	while (scan->at < scan->end && at(scan, 0) != '\'') {
		add_text(build, at(scan, 0), true);
		scan->at++;
	}
	if (scan->at >= scan->end)
		confuse(scan, "has a quote that is not closed");
	scan->at++;
	add_empty(build);
}

/* One element between double quotes or in a here-document. */
static void add_quoted_element(struct build *build, bool is_document)
{
	struct scan *scan = build->scan;
	char c = at(scan, 0), next = at(scan, 1);

	if (c == '\\' && next == '\n') {
		scan->at += 2;
	} else if (c == '\\' && next && (strchr("$`\\", next) || (next == '"' && !is_document))) {
		add_text(build, next, true);
		scan->at += 2;
	} else if (c == '$') {
		add_dollar(build, true);
	} else if (c == '`') {
		add_script(build, PART_SCRIPT, true);
	} else {
		add_text(build, c, true);
		scan->at++;
	}
}

static void add_double(struct build *build)
{
	struct scan *scan = build->scan;

	scan->at++;
	while (scan->at < scan->end && at(scan, 0) != '"' && !scan->reader->confused)
		add_quoted_element(build, false);
	if (scan->at >= scan->end)
		confuse(scan, "has a quote that is not closed");
	scan->at++;
	add_empty(build);
}

/* [abc] as a wildcard; a bracket that is not closed in the word is a letter. */
static void add_bracket(struct build *build)
{
	struct scan *scan = build->scan;
	size_t len = 1;

	while (is_name_char(at(scan, len), false) ||
	       (at(scan, len) && strchr("!^.,:-", at(scan, len))))
		len++;
	if (at(scan, len) == ']' && len > 1) {
		flush(build);
		(void)add_part(build, PART_GLOB, range(scan, scan->at, scan->at + len + 1), false);
		scan->at += len + 1;
	} else if (str_chr(range(scan, scan->at, scan->end), ']') != STR_NONE) {
		confuse(scan, "has a bracket wildcard that is not plain");
	} else {
		add_text(build, '[', true);
		scan->at++;
	}
}

static void add_tilde(struct build *build)
{
	struct scan *scan = build->scan;
	size_t len = 1;

	while (at(scan, len) && at(scan, len) != '/' && !is_blank(at(scan, len)))
		len++;
	flush(build);
	(void)add_part(build, PART_TILDE, range(scan, scan->at + 1, scan->at + len), false);
	scan->at += len;
}

/* One element outside of quotes. */
static void add_element(struct build *build, size_t start, bool is_value)
{
	struct scan *scan = build->scan;
	char c = at(scan, 0), next = at(scan, 1);

	switch (c) {
	case '\\':
		if (scan->at + 1 >= scan->end)
			confuse(scan, "ends in a backslash");
		else if (next != '\n')
			add_text(build, next, true);
		scan->at += 2;
		return;
	case '\'': add_single(build); return;
	case '"': add_double(build); return;
	case '`': add_script(build, PART_SCRIPT, false); return;
	case '$':
		if (next == '\'')
			add_ansi(build);
		else if (next == '"')
			scan->at++;
		else
			add_dollar(build, false);
		return;
	case '<':
	case '>':
		if (next == '(')
			add_script(build, PART_PROCESS, false);
		else
			confuse(scan, "has a redirect where none is expected");
		return;
	case '*':
	case '?':
		if (next == '(') {
			confuse(scan, "uses extended wildcards");
			return;
		}
		flush(build);
		(void)add_part(build, PART_GLOB, range(scan, scan->at, scan->at + 1), false);
		scan->at++;
		return;
	case '[': add_bracket(build); return;
	case '{':
	case ',':
	case '}':
		flush(build);
		(void)add_part(build, is_value ? PART_TEXT : PART_BRACE,
		               range(scan, scan->at, scan->at + 1), is_value);
		scan->at++;
		return;
	case '~':
		if (scan->at == start) {
			add_tilde(build);
			return;
		}
		break;
	case '(':
	case ')':
	case ';':
	case '&':
	case '|': confuse(scan, "has an operator inside a word"); return;
	case '#':
		if (scan->at == start && !is_value)
			confuse(scan, "has a comment where none is expected");
		break;
	default: break;
	}
	if ((c == '@' || c == '!' || c == '+') && next == '(')
		confuse(scan, "uses extended wildcards");
	add_text(build, c, false);
	scan->at++;
}

static struct word *read_word(struct scan *scan, bool is_value)
{
	struct build build = { .scan = scan };
	size_t start = scan->at;

	build.word = arena_new(scan->reader->arena, struct word);
	build.text = arena_take(scan->reader->arena, scan->end - scan->at + 1);
	while (scan->at < scan->end && !is_blank(at(scan, 0)) && !scan->reader->confused)
		add_element(&build, start, is_value);
	flush(&build);
	build.word->source = range(scan, start, scan->at < scan->end ? scan->at : scan->end);
	return build.word;
}

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end) {
		if (at(scan, 0) == '\\' && at(scan, 1) == '\n')
			scan->at += 2;
		else if (is_blank(at(scan, 0)))
			scan->at++;
		else
			return;
	}
}

struct word *words_read(struct scan *scan)
{
	struct word *first = NULL, **next = &first;

	skip_blanks(scan);
	while (scan->at < scan->end && !scan->reader->confused) {
		*next = read_word(scan, false);
		next = &(*next)->next;
		skip_blanks(scan);
	}
	return first;
}

struct word *words_read_one(struct scan *scan, bool is_value)
{
	struct word *word = read_word(scan, is_value);

	skip_blanks(scan);
	if (scan->at < scan->end)
		confuse(scan, "has a word with blanks that are not quoted");
	return word;
}

struct word *words_read_quoted(struct scan *scan)
{
	struct build build = { .scan = scan };

	build.word = arena_new(scan->reader->arena, struct word);
	build.text = arena_take(scan->reader->arena, scan->end - scan->at + 1);
	while (scan->at < scan->end && !scan->reader->confused)
		add_quoted_element(&build, true);
	flush(&build);
	return build.word;
}

struct word *words_read_test(struct scan *scan)
{
	static const char *const operators[] = { "&&", "||", "(", ")", "<", ">" };
	struct word *first = NULL, **next = &first;

	skip_blanks(scan);
	while (scan->at < scan->end && !scan->reader->confused) {
		struct str rest = range(scan, scan->at, scan->end), hit = { NULL, 0 };

		for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]) && !hit.data; i++)
			if (str_starts(rest, str_of(operators[i])))
				hit = str_of(operators[i]);
		if (hit.data && at(scan, hit.len) != '(') {
			*next = shell_word_text(scan->reader->arena, hit);
			(*next)->instead = hit;
			scan->at += hit.len;
		} else {
			*next = read_word(scan, true);
		}
		next = &(*next)->next;
		skip_blanks(scan);
	}
	return first;
}
