#include "caps/shell/shell.h"

#include "base/buf.h"

struct str shell_quote(struct arena *arena, struct str text)
{
	char *out = arena_take(arena, text.len * 4 + 3);
	size_t len = 0;

	out[len++] = '\'';
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'') {
			memcpy(out + len, "'\\''", 4);
			len += 4;
		} else {
			out[len++] = text.data[i];
		}
	}
	out[len++] = '\'';
	return (struct str){ out, len };
}

struct emit {
	struct arena *arena;
	struct buf out;
};

static void put(struct emit *emit, const char *text)
{
	buf_adds(&emit->out, text);
}

static void put_quoted(struct emit *emit, struct str text)
{
	buf_add(&emit->out, shell_quote(emit->arena, text));
}

static void emit_list(struct emit *emit, const struct node *list);
static void emit_node(struct emit *emit, const struct node *node);

static void emit_variable(struct emit *emit, const struct part *part)
{
	if (part->known) {
		put_quoted(emit, part->value);
		return;
	}
	put(emit, part->quoted ? "\"${" : "${");
	if (part->op.len && part->op.data[0] == 'l') {
		buf_addc(&emit->out, '#');
		buf_add(&emit->out, part->text);
	} else {
		buf_add(&emit->out, part->text);
		buf_add(&emit->out, part->op);
		buf_add(&emit->out, part->arg);
	}
	put(emit, part->quoted ? "}\"" : "}");
}

static void emit_script(struct emit *emit, const struct part *part)
{
	bool quoted = part->quoted && part->kind == PART_SCRIPT;

	if (part->known) {
		put_quoted(emit, part->value);
		return;
	}
	put(emit, quoted ? "\"" : "");
	if (part->kind == PART_PROCESS)
		buf_add(&emit->out, part->text);
	else
		put(emit, "$");
	put(emit, "( ");
	emit_list(emit, part->body);
	put(emit, quoted ? " )\"" : " )");
}

static void emit_part(struct emit *emit, const struct part *part)
{
	switch (part->kind) {
	case PART_TEXT:
	case PART_BRACE:
	case PART_STRANGE: put_quoted(emit, part->text); return;
	case PART_GLOB: buf_add(&emit->out, part->text); return;
	case PART_VARIABLE: emit_variable(emit, part); return;
	case PART_SCRIPT:
	case PART_PROCESS: emit_script(emit, part); return;
	case PART_ARITHMETIC:
		put(emit, "\"$((");
		buf_add(&emit->out, part->text);
		put(emit, "))\"");
		return;
	case PART_TILDE: put_quoted(emit, part->known ? part->value : part->text); return;
	}
}

static void emit_word(struct emit *emit, const struct word *word)
{
	if (word->instead.len) {
		buf_add(&emit->out, word->instead);
		return;
	}
	if (!word->first)
		put(emit, "''");
	for (const struct part *part = word->first; part; part = part->next)
		emit_part(emit, part);
}

static void emit_words(struct emit *emit, const struct word *words)
{
	for (const struct word *word = words; word; word = word->next) {
		emit_word(emit, word);
		if (word->next)
			put(emit, " ");
	}
}

/*
 * A here-document becomes a here-string: its text ends in a newline, which the
 * here-string adds.  An empty one is an empty file.
 */
static void emit_text(struct emit *emit, const struct redirect *redirect)
{
	struct part *part = redirect->target->first, *last = part;
	struct str text;

	while (last && last->next)
		last = last->next;
	if (redirect->adds_newline) {
		put(emit, "<<< ");
		emit_word(emit, redirect->target);
		return;
	}
	if (!last || (last == part && last->kind == PART_TEXT && last->text.len == 0)) {
		put(emit, "< /dev/null");
		return;
	}
	put(emit, "<<< ");
	for (; part != last; part = part->next)
		emit_part(emit, part);
	text = last->text;
	if (last->kind != PART_TEXT || !str_ends(text, STR("\n")))
		emit_part(emit, last);
	else
		put_quoted(emit, str_head(text, text.len - 1));
}

static void emit_redirects(struct emit *emit, const struct redirect *redirect)
{
	for (; redirect; redirect = redirect->next) {
		put(emit, " ");
		buf_add(&emit->out, redirect->fd);
		if (redirect->kind == REDIRECT_TEXT) {
			emit_text(emit, redirect);
			continue;
		}
		buf_add(&emit->out, redirect->op);
		if (redirect->kind == REDIRECT_COPY) {
			buf_add(&emit->out, redirect->target->source);
		} else {
			put(emit, " ");
			emit_word(emit, redirect->target);
		}
	}
}

static void emit_simple(struct emit *emit, const struct node *node)
{
	for (const struct assignment *a = node->assignments; a; a = a->next) {
		buf_add(&emit->out, a->name);
		put(emit, a->appends ? "+=" : "=");
		emit_word(emit, a->value);
		if (a->next || node->words)
			put(emit, " ");
	}
	emit_words(emit, node->words);
}

static void emit_pipe(struct emit *emit, const struct node *node)
{
	for (const struct node *child = node->first; child; child = child->next) {
		emit_node(emit, child);
		if (child->next)
			put(emit, child->pipes_errors ? " |& " : " | ");
	}
}

static void emit_list(struct emit *emit, const struct node *list)
{
	static const char *const separators[] = {
		[SEPARATOR_LINE] = "; ",        [SEPARATOR_SEMICOLON] = "; ",
		[SEPARATOR_BACKGROUND] = " & ", [SEPARATOR_AND] = " && ",
		[SEPARATOR_OR] = " || ",
	};

	for (const struct node *child = list->first; child; child = child->next) {
		emit_node(emit, child);
		if (child->next || child->separator == SEPARATOR_BACKGROUND)
			put(emit, separators[child->separator]);
	}
}

/* A list that another word follows: it ends in `;`, `&` or a line. */
static void emit_block(struct emit *emit, const char *before, const struct node *list,
                       const char *after)
{
	put(emit, before);
	if (list->kind != NODE_LIST)
		emit_node(emit, list);
	else
		emit_list(emit, list);
	put(emit, "\n");
	put(emit, after);
}

static void emit_if(struct emit *emit, const struct node *node)
{
	const char *word = "if ";

	for (; node && node->kind == NODE_IF; node = node->other) {
		emit_block(emit, word, node->cond, "");
		emit_block(emit, "then ", node->body, "");
		word = "elif ";
		if (node->other && node->other->kind != NODE_IF)
			emit_block(emit, "else ", node->other, "");
	}
	put(emit, "fi");
}

static void emit_case(struct emit *emit, const struct node *node)
{
	put(emit, "case ");
	emit_words(emit, node->words);
	put(emit, " in ");
	for (const struct arm *arm = node->arms; arm; arm = arm->next) {
		put(emit, "(");
		for (const struct word *pattern = arm->patterns; pattern; pattern = pattern->next) {
			emit_word(emit, pattern);
			put(emit, pattern->next ? " | " : ") ");
		}
		emit_block(emit, "", arm->body, arm->end.len ? "" : ";;");
		buf_add(&emit->out, arm->end);
		put(emit, " ");
	}
	put(emit, "esac");
}

static void emit_body(struct emit *emit, const struct node *node)
{
	switch (node->kind) {
	case NODE_SIMPLE: emit_simple(emit, node); return;
	case NODE_PIPE: emit_pipe(emit, node); return;
	case NODE_LIST: emit_list(emit, node); return;
	case NODE_GROUP: emit_block(emit, "{ ", node->body, "}"); return;
	case NODE_SUBSHELL: emit_block(emit, "( ", node->body, ")"); return;
	case NODE_IF: emit_if(emit, node); return;
	case NODE_LOOP:
		buf_add(&emit->out, node->name);
		emit_block(emit, " ", node->cond, "");
		emit_block(emit, "do ", node->body, "done");
		return;
	case NODE_FOR:
		put(emit, "for ");
		buf_add(&emit->out, node->name);
		put(emit, " in ");
		emit_words(emit, node->words);
		emit_block(emit, "\ndo ", node->body, "done");
		return;
	case NODE_CASE: emit_case(emit, node); return;
	case NODE_TEST:
		put(emit, "[[ ");
		emit_words(emit, node->words);
		put(emit, " ]]");
		return;
	case NODE_ARITHMETIC:
		put(emit, "((");
		buf_add(&emit->out, node->name);
		put(emit, "))");
		return;
	}
}

static void emit_node(struct emit *emit, const struct node *node)
{
	if (node->negated)
		put(emit, "! ");
	emit_body(emit, node);
	emit_redirects(emit, node->redirects);
}

struct str shell_emit(struct arena *arena, const struct node *node)
{
	struct emit emit = { .arena = arena };
	cleanup_buf struct buf out = BUF_INIT;
	struct str script;

	emit_node(&emit, node);
	out = emit.out;
	if (out.failed || !out.data)
		return (struct str){ "", 0 };
	script = arena_copy(arena, buf_str(&out));
	return script;
}
