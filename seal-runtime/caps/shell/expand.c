#include "caps/shell/shell.h"

#include <stdio.h>
#include <stdlib.h>

#include "caps/mutants.h"
#include "caps/rules.h"

void fields_add(struct arena *arena, struct fields *fields, struct field field)
{
	if (fields->n == fields->room) {
		struct field *more;

		fields->room = fields->room ? fields->room * 2 : 8;
		more = arena_array(arena, struct field, fields->room);
		if (fields->n)
			memcpy(more, fields->items, fields->n * sizeof(*more));
		fields->items = more;
	}
	fields->items[fields->n++] = field;
}

/* The parts from `from` up to, not including, `end`, copied in front of `tail`. */
static struct part *copy_parts(struct arena *arena, const struct part *from, const struct part *end,
                               struct part *tail)
{
	struct part *first = NULL, **next = &first;

	for (; from && from != end; from = from->next) {
		*next = arena_new(arena, struct part);
		**next = *from;
		next = &(*next)->next;
	}
	*next = tail;
	return first;
}

static bool is_brace(const struct part *part, const char *text)
{
	return part->kind == PART_BRACE && str_is(part->text, text);
}

/* The brace that closes this one, when a comma stands between them at its depth. */
static struct part *closing_brace(struct part *open)
{
	unsigned int depth = 0;
	bool comma = false;

	for (struct part *part = open->next; part; part = part->next) {
		if (is_brace(part, "{")) {
			depth++;
		} else if (is_brace(part, "}")) {
			if (depth == 0)
				return comma ? part : NULL;
			depth--;
		} else if (is_brace(part, ",") && depth == 0) {
			comma = true;
		}
	}
	return NULL;
}

/* {1..9}: the one part between the braces, or NULL. */
static struct part *sequence(const struct part *open)
{
	struct part *inner = open->next;

	if (!inner || inner->kind != PART_TEXT || inner->quoted || !inner->next ||
	    !is_brace(inner->next, "}"))
		return NULL;
	return str_find(inner->text, STR(".."), 0) != STR_NONE ? inner : NULL;
}

#define SEQUENCE_MAX 256

/* Only small numbers are counted out; anything else asks. */
static bool read_sequence(struct arena *arena, struct str text, struct part **ret_parts,
                          size_t *ret_n)
{
	char *end;
	const char *start = arena_copy(arena, text).data;
	long low = strtol(start, &end, 10), high;

	if (end == start || strncmp(end, "..", 2) != 0 || (start[0] == '0' && end - start > 1))
		return false;
	start = end + 2;
	high = strtol(start, &end, 10);
	if (end == start || *end || low < 0 || high < low || high - low >= SEQUENCE_MAX ||
	    (start[0] == '0' && end - start > 1))
		return false;
	*ret_n = (size_t)(high - low + 1);
	*ret_parts = arena_array(arena, struct part, *ret_n);
	for (size_t i = 0; i < *ret_n; i++) {
		char digits[24];

		(void)snprintf(digits, sizeof(digits), "%ld", low + (long)i);
		(*ret_parts)[i].text = arena_copy(arena, str_of(digits));
	}
	return true;
}

struct spread { /* brace lists being written out */
	struct arena *arena;
	struct word **next;
	struct word *made;
	size_t n;
};

static void spread_braces(struct spread *spread, struct part *first, struct str source);

static void spread_sequence(struct spread *spread, struct part *first, struct part *open,
                            struct str source)
{
	struct part *inner = open->next, *values = NULL;
	size_t n = 0;

	if (!read_sequence(spread->arena, inner->text, &values, &n)) {
		struct part strange = { .kind = PART_STRANGE, .text = source };

		strange.next = inner->next->next;
		spread_braces(
			spread,
			copy_parts(spread->arena, first, open,
		                   copy_parts(spread->arena, &strange, strange.next, strange.next)),
			source);
		return;
	}
	for (size_t i = 0; i < n && spread->n < SHELL_FIELDS_MAX; i++)
		spread_braces(
			spread,
			copy_parts(spread->arena, first, open,
		                   copy_parts(spread->arena, &values[i], NULL, inner->next->next)),
			source);
}

static void spread_list(struct spread *spread, struct part *first, struct part *open,
                        struct part *close, struct str source)
{
	struct part *start = open->next;
	unsigned int depth = 0;

	for (struct part *part = start; spread->n < SHELL_FIELDS_MAX; part = part->next) {
		if (part != close && !(is_brace(part, ",") && depth == 0)) {
			depth += is_brace(part, "{");
			depth -= is_brace(part, "}");
			continue;
		}
		spread_braces(spread,
		              copy_parts(spread->arena, first, open,
		                         copy_parts(spread->arena, start, part, close->next)),
		              source);
		if (part == close)
			return;
		start = part->next;
	}
}

static void spread_braces(struct spread *spread, struct part *first, struct str source)
{
	struct word *word;

	for (struct part *part = first; part; part = part->next) {
		struct part *close;

		if (!is_brace(part, "{"))
			continue;
		close = closing_brace(part);
		if (close) {
			spread_list(spread, first, part, close, source);
			return;
		}
		if (sequence(part)) {
			spread_sequence(spread, first, part, source);
			return;
		}
	}
	word = arena_new(spread->arena, struct word);
	word->first = copy_parts(spread->arena, first, NULL, NULL);
	word->source = source;
	for (struct part *part = word->first; part; part = part->next)
		if (part->kind == PART_BRACE)
			part->kind = PART_TEXT;
	*spread->next = word;
	spread->next = &word->next;
	spread->made = word;
	spread->n++;
}

/* A field under construction; once opaque, what follows is not known. */
static void add_known(struct shell *shell, struct field *field, struct str text)
{
	if (!field->opaque)
		field->text = field->text.len ? arena_join(shell->arena, field->text,
		                                           arena_copy(shell->arena, text).data,
		                                           (char *)NULL)
		                              : text;
	if (field->globbed)
		field->glob = arena_join(shell->arena, field->glob,
		                         arena_copy(shell->arena, text).data, (char *)NULL);
}

static void add_opaque(struct field *field, bool many)
{
	field->opaque = true;
	field->many = field->many || many;
	field->globbed = false;
	if (field->text.len)
		field->no_dash = field->text.data[0] != '-';
}

static bool splits(struct str value)
{
	for (size_t i = 0; i < value.len; i++)
		if (strchr(" \t\n*?[\\", value.data[i]) && value.data[i])
			return true;
	return false;
}

/* A value whose text is known, used quoted or not. */
static void use_value(struct shell *shell, struct field *field, struct part *part, struct str value)
{
	if (!part->quoted && (splits(value) || value.len == 0)) {
		add_opaque(field, true);
		return;
	}
	part->known = true;
	part->value = value;
	add_known(shell, field, value);
}

static bool is_special(struct str name)
{
	return name.len == 1 && strchr("?#$!-", name.data[0]);
}

static bool is_argument(struct str name)
{
	return name.len == 1 && strchr("@*123456789", name.data[0]);
}

/* The variable's value if it is known, else what is known of it. */
static enum value_kind value_of(struct shell *shell, struct str name, struct str *ret_text,
                                bool *ret_no_dash)
{
	const struct variable *variable = shell_variable(shell, name);

	*ret_text = (struct str){ "", 0 };
	*ret_no_dash = false;
	if (is_argument(name))
		return shell->has_arguments ? VALUE_UNKNOWN : VALUE_TEXT;
	if (is_special(name))
		return VALUE_NUMBER;
	if (!variable)
		return VALUE_UNKNOWN;
	*ret_text = variable->text;
	*ret_no_dash = variable->no_dash;
	return variable->kind;
}

static void expand_operator(struct shell *shell, struct field *field, struct part *part,
                            enum value_kind kind, struct str text)
{
	char op = part->op.data[part->op.data[0] == ':'];
	bool is_known = kind == VALUE_TEXT;

	if (str_is(part->op, "length")) {
		add_opaque(field, false);
		field->no_dash = true;
		return;
	}
	if (op == '=') {
		if (command_is_sensitive_name(part->text))
			shell_say(shell, CAPS_ASK, part->text, "",
			          "sets a variable that other programs act on");
		shell_assign(shell, part->text, VALUE_UNKNOWN, STR(""));
	}
	if (is_known && (op == '-' || op == '=' || op == '?') && text.len) {
		use_value(shell, field, part, text);
	} else if (is_known && op == '-' && part->op.len == 2) {
		use_value(shell, field, part, part->arg);
	} else {
		add_opaque(field, !part->quoted);
	}
}

static void expand_variable(struct shell *shell, struct field *field, struct part *part)
{
	bool no_dash, was_empty = field->text.len == 0 && !field->opaque;
	struct str text;
	enum value_kind kind = value_of(shell, part->text, &text, &no_dash);

	if (!shell->caps->manifest->security.allow_expansion)
		shell_say(shell, CAPS_DENY, part->text, "[security] allow_expansion",
		          "variables are switched off; write the value");
	if (part->op.len) {
		expand_operator(shell, field, part, kind, text);
	} else if (kind == VALUE_TEXT && !(is_argument(part->text) && part->text.data[0] == '@')) {
		use_value(shell, field, part, text);
	} else if (kind == VALUE_NUMBER) {
		add_opaque(field, str_is(part->text, "!"));
		field->number = was_empty && !part->next;
		field->no_dash = field->no_dash || (was_empty && is_special(part->text));
	} else if (kind == VALUE_PREFIX && (part->quoted || !splits(text))) {
		add_known(shell, field, text);
		add_opaque(field, !part->quoted);
		field->no_dash = field->no_dash || (was_empty && no_dash);
	} else {
		add_opaque(field, !part->quoted || str_is(part->text, "@"));
	}
}

/* "$(cat <<'EOF' ... EOF)": a constant in a readable form. */
static bool constant_of(const struct node *body, struct str *ret_text)
{
	const struct node *cat = body ? body->first : NULL;
	const struct part *part;
	struct str text;

	if (!cat || cat->next || cat->kind != NODE_SIMPLE || cat->negated || cat->assignments ||
	    !cat->words || cat->words->next || !str_is(cat->words->source, "cat") ||
	    !cat->redirects || cat->redirects->next || cat->redirects->kind != REDIRECT_TEXT ||
	    cat->redirects->fd.len)
		return false;
	part = cat->redirects->target->first;
	if (part && (part->kind != PART_TEXT || part->next))
		return false;
	text = part ? part->text : (struct str){ "", 0 };
	while (text.len && text.data[text.len - 1] == '\n')
		text.len--;
	*ret_text = text;
	return true;
}

static void expand_script(struct shell *shell, struct field *field, struct part *part)
{
	const struct manifest_security *security = &shell->caps->manifest->security;
	struct str constant;

	if (part->kind == PART_SCRIPT && part->quoted && constant_of(part->body, &constant)) {
		part->known = true;
		part->value = constant;
		add_known(shell, field, constant);
		return;
	}
	if (security->allow_subshell == TRISTATE_FALSE)
		shell_say(shell, CAPS_DENY, part->body ? part->body->source : part->text,
		          "[security] allow_subshell", "commands inside commands are switched off");
	if (security->allow_subshell == TRISTATE_UNSET && !IS_MUTANT(SUBSTITUTIONS))
		shell_say(shell, CAPS_ASK, part->body ? part->body->source : part->text,
		          "[security] allow_subshell", "a command inside a command");
	if (part->body && !IS_MUTANT(SUBSTITUTIONS))
		shell_walk_inside(shell, part->body);
	if (part->kind == PART_PROCESS) {
		shell->needs_bash = true;
		add_known(shell, field, STR("/dev/fd/"));
		add_opaque(field, false);
	} else {
		add_opaque(field, !part->quoted);
	}
}

/* Asks about text of the script; what a deny rule names in it is refused. */
static void ask_about(struct shell *shell, struct str text, const char *reason)
{
	const struct command_rule *rule = NULL;

	if (shell_raw_denied(shell->caps, shell->arena, text, &rule))
		shell_say(shell, CAPS_DENY, text, arena_copy(shell->arena, rule->text).data,
		          "a deny rule names a command in it");
	else
		shell_say(shell, CAPS_ASK, text, "", reason);
}

static void expand_strange(struct shell *shell, struct field *field, struct part *part)
{
	add_opaque(field, true);
	ask_about(shell, part->text, "an expansion whose value cannot be told");
}

static void expand_tilde(struct shell *shell, struct field *field, struct part *part)
{
	if (part->text.len || shell->caps->home.len < 2) {
		add_opaque(field, false);
		field->no_dash = true;
		return;
	}
	part->known = true;
	part->value = shell->caps->home;
	add_known(shell, field, part->value);
}

static void expand_part(struct shell *shell, struct field *field, struct part *part, bool is_value)
{
	switch (part->kind) {
	case PART_TEXT:
	case PART_BRACE: add_known(shell, field, part->text); return;
	case PART_GLOB:
		if (is_value) {
			field->globbed = true;
			add_known(shell, field, part->text);
			return;
		}
		if (!field->opaque)
			field->glob = field->text;
		if (!field->opaque || field->globbed) {
			bool was = field->globbed;

			if (!was)
				add_opaque(field, true);
			field->globbed = true;
			field->glob =
				arena_join(shell->arena, field->glob,
			                   arena_copy(shell->arena, part->text).data, (char *)NULL);
		}
		return;
	case PART_VARIABLE: expand_variable(shell, field, part); return;
	case PART_SCRIPT:
	case PART_PROCESS: expand_script(shell, field, part); return;
	case PART_ARITHMETIC:
		if (!shell_arithmetic(shell, part->text))
			ask_about(shell, part->text,
			          "arithmetic over values that are not known numbers");
		field->number = field->text.len == 0 && !field->opaque && !part->next;
		add_opaque(field, false);
		return;
	case PART_TILDE: expand_tilde(shell, field, part); return;
	case PART_STRANGE: expand_strange(shell, field, part); return;
	}
}

/* Does a word whose value is empty still count as an argument? */
static bool counts_when_empty(const struct word *word)
{
	for (const struct part *part = word->first; part; part = part->next)
		if (part->quoted && !(part->kind == PART_VARIABLE && str_is(part->text, "@")))
			return true;
	return false;
}

void words_expand(struct shell *shell, struct word *word, struct fields *fields)
{
	struct spread spread = { .arena = shell->arena };
	struct word *made = NULL, *after = word->next;
	bool has_brace = false;

	for (const struct part *part = word->first; part; part = part->next)
		has_brace = has_brace || part->kind == PART_BRACE;
	if (has_brace) {
		spread.next = &made;
		spread_braces(&spread, word->first, word->source);
		if (spread.n >= SHELL_FIELDS_MAX || !made) {
			shell_say(shell, CAPS_ASK, word->source, "",
			          "a brace list that is too long");
			return;
		}
		/* The words made take the place of the one they came from. */
		*word = *made;
		if (spread.made != made)
			spread.made->next = after;
		else
			word->next = after;
	}
	for (; word != after; word = word->next) {
		struct field field = { .text = { "", 0 }, .word = word };

		for (struct part *part = word->first; part; part = part->next)
			expand_part(shell, &field, part, false);
		if (field.text.len || field.opaque || counts_when_empty(word))
			fields_add(shell->arena, fields, field);
	}
}

struct field words_expand_one(struct shell *shell, struct word *word)
{
	struct field field = { .text = { "", 0 } };

	for (struct part *part = word->first; part; part = part->next) {
		bool was_quoted = part->quoted;

		/* Nothing is split here; the emitted word is quoted to match. */
		part->quoted =
			part->kind != PART_GLOB && part->kind != PART_TILDE ? true : was_quoted;
		expand_part(shell, &field, part, true);
	}
	field.many = false;
	return field;
}
