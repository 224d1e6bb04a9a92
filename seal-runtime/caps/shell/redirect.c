#include "caps/shell/read.h"

void read_add_words(struct node *node, struct word *words)
{
	struct word **at = &node->words;

	while (*at)
		at = &(*at)->next;
	*at = words;
}

static void add_redirect(struct node *node, struct redirect *redirect)
{
	struct redirect **at = &node->redirects;

	while (*at)
		at = &(*at)->next;
	*at = redirect;
}

static bool is_number(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return text.len != 0 && text.len < 4;
}

/*
 * The grammar takes every word behind an operator as a target; bash takes the
 * first, the rest are arguments of the command.
 */
void read_file_redirect(struct reader *reader, TSNode from, struct node *node)
{
	struct redirect *redirect = arena_new(reader->arena, struct redirect);
	uint32_t i = 0, n = ts_node_child_count(from);
	struct word *words;
	struct scan scan;

	read_check_gaps(reader, from);
	if (i < n && read_is(ts_node_child(from, i), "file_descriptor"))
		redirect->fd = read_source(reader, ts_node_child(from, i++));
	if (i >= n || (redirect->fd.len && !is_number(redirect->fd))) {
		read_confuse(reader, "has a redirect without an operator");
		return;
	}
	redirect->op = read_source(reader, ts_node_child(from, i++));
	if (redirect->op.len == 3 && redirect->op.data[2] == '-') { /* >&- and <&- */
		redirect->kind = REDIRECT_COPY;
		redirect->op.len = 2;
		redirect->target = shell_word_text(reader->arena, STR("-"));
		add_redirect(node, redirect);
		return;
	}
	if (i >= n) {
		read_confuse(reader, "has a redirect without a target");
		return;
	}
	scan = (struct scan){ reader, &from, ts_node_start_byte(ts_node_child(from, i)),
		              ts_node_end_byte(from) };
	words = words_read(&scan);
	if (!words) {
		read_confuse(reader, "has a redirect without a target");
		return;
	}
	redirect->target = words;
	if (words->next)
		read_add_words(node, words->next);
	words->next = NULL;
	if (str_is(redirect->op, ">&") || str_is(redirect->op, "<&"))
		redirect->kind = is_number(words->source) || str_is(words->source, "-")
		                         ? REDIRECT_COPY
		                         : REDIRECT_FILE;
	add_redirect(node, redirect);
}

/* The text between the lines; `<<-` takes leading tabs away. */
static struct word *read_body(struct reader *reader, TSNode body, bool is_quoted, bool strips)
{
	struct str text = read_source(reader, body), line;
	struct scan scan;

	if (is_quoted) {
		char *out = arena_take(reader->arena, text.len + 1);
		size_t len = 0;

		while (str_line(&text, &line)) {
			while (strips && line.len && line.data[0] == '\t')
				line = str_from(line, 1);
			memcpy(out + len, line.data, line.len);
			len += line.len;
			out[len++] = '\n';
		}
		return shell_word_text(reader->arena, (struct str){ out, len });
	}
	if (strips && str_chr(text, '\t') != STR_NONE) {
		read_confuse(reader, "has a here-document with tabs to take away and expansions");
		return NULL;
	}
	scan = (struct scan){ reader, &body, ts_node_start_byte(body), ts_node_end_byte(body) };
	return words_read_quoted(&scan);
}

static bool has_quotes(struct str text)
{
	return str_chr(text, '\'') != STR_NONE || str_chr(text, '"') != STR_NONE ||
	       str_chr(text, '\\') != STR_NONE;
}

/* What stands behind `<<EOF` on its line: a pipe and more commands. */
static struct node *join_pipe(struct reader *reader, struct node *left, TSNode pipe)
{
	struct node *list = read_list(reader, pipe, 1, ts_node_child_count(pipe)), *joined;

	if (reader->confused || !list->first || !read_is(ts_node_child(pipe, 0), "|")) {
		read_confuse(reader, "has something behind a here-document that is not understood");
		return left;
	}
	joined = read_new(reader, NODE_PIPE, pipe);
	joined->next = list->first->next;
	joined->separator = list->first->separator;
	read_append(joined, left);
	if (list->first->kind == NODE_PIPE && !list->first->negated) {
		read_append(joined, list->first->first);
	} else {
		list->first->next = NULL;
		read_append(joined, list->first);
	}
	list->first = joined;
	return list;
}

struct node *read_heredoc(struct reader *reader, TSNode from, struct node *node)
{
	struct redirect *redirect = arena_new(reader->arena, struct redirect);
	bool is_quoted = false, strips = false, has_body = false;
	struct node *result = node;

	redirect->kind = REDIRECT_TEXT;
	redirect->target = shell_word_text(reader->arena, STR(""));
	add_redirect(node, redirect);
	for (uint32_t i = 0; i < ts_node_child_count(from); i++) {
		TSNode child = ts_node_child(from, i);

		if (read_is(child, "file_descriptor")) {
			redirect->fd = read_source(reader, child);
		} else if (read_is(child, "<<") || read_is(child, "<<-")) {
			strips = read_is(child, "<<-");
		} else if (read_is(child, "heredoc_start")) {
			is_quoted = has_quotes(read_source(reader, child));
		} else if (read_is(child, "heredoc_body") && !has_body) {
			redirect->target = read_body(reader, child, is_quoted, strips);
			has_body = true;
		} else if (read_is(child, "file_redirect")) {
			read_file_redirect(reader, child, node);
		} else if (read_is(child, "pipeline") && result == node) {
			result = join_pipe(reader, node, child);
		} else if (!read_is(child, "heredoc_end")) {
			read_confuse(reader,
			             "has something behind a here-document that is not understood");
		}
	}
	return result;
}

void read_herestring(struct reader *reader, TSNode from, struct node *node)
{
	struct redirect *redirect = arena_new(reader->arena, struct redirect);
	uint32_t i = 0, n = ts_node_child_count(from);
	struct scan scan;

	redirect->kind = REDIRECT_TEXT;
	redirect->adds_newline = true;
	if (i < n && read_is(ts_node_child(from, i), "file_descriptor"))
		redirect->fd = read_source(reader, ts_node_child(from, i++));
	if (i + 1 >= n || !read_is(ts_node_child(from, i), "<<<")) {
		read_confuse(reader, "has a here-string without a text");
		return;
	}
	scan = (struct scan){ reader, &from, ts_node_start_byte(ts_node_child(from, i + 1)),
		              ts_node_end_byte(from) };
	redirect->target = words_read_one(&scan, true);
	add_redirect(node, redirect);
}
