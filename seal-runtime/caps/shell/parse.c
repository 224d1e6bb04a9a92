#include "caps/shell/read.h"

#include "caps/rules.h"

bool read_is(TSNode node, const char *type)
{
	return strcmp(ts_node_type(node), type) == 0;
}

struct str read_source(const struct reader *reader, TSNode node)
{
	size_t start = ts_node_start_byte(node);

	return (struct str){ reader->text.data + start, ts_node_end_byte(node) - start };
}

void read_confuse(struct reader *reader, const char *why)
{
	if (!reader->confused)
		reader->confused = why;
}

/* Nothing but blanks, line ends and continued lines? */
static bool is_gap(const struct reader *reader, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		char c = reader->text.data[i];

		if (c == '\\' && i + 1 < to && reader->text.data[i + 1] == '\n')
			i++;
		else if (c != ' ' && c != '\t' && c != '\n')
			return false;
	}
	return true;
}

/* Would bash read on in the same word across this gap? */
static bool is_joint(const struct reader *reader, size_t from, size_t to)
{
	for (size_t i = from; i < to; i += 2)
		if (i + 1 >= to || reader->text.data[i] != '\\' || reader->text.data[i + 1] != '\n')
			return false;
	return true;
}

void read_check_gaps(struct reader *reader, TSNode node)
{
	size_t at = ts_node_start_byte(node);

	for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
		TSNode child = ts_node_child(node, i);

		if (!is_gap(reader, at, ts_node_start_byte(child)))
			read_confuse(reader, "holds text that the grammar skips");
		at = ts_node_end_byte(child);
	}
	if (!is_gap(reader, at, ts_node_end_byte(node)))
		read_confuse(reader, "holds text that the grammar skips");
}

struct node *read_new(struct reader *reader, enum node_kind kind, TSNode from)
{
	struct node *node = arena_new(reader->arena, struct node);

	node->kind = kind;
	node->source = read_source(reader, from);
	return node;
}

static struct node *read_statement(struct reader *reader, TSNode from);

void read_append(struct node *list, struct node *child)
{
	struct node **at = &list->first;

	while (*at)
		at = &(*at)->next;
	*at = child;
}

static struct node *last_child(const struct node *list)
{
	struct node *child = list->first;

	while (child && child->next)
		child = child->next;
	return child;
}

static bool read_separator(TSNode from, enum separator *ret_separator)
{
	if (read_is(from, ";"))
		*ret_separator = SEPARATOR_SEMICOLON;
	else if (read_is(from, "&"))
		*ret_separator = SEPARATOR_BACKGROUND;
	else if (read_is(from, "&&"))
		*ret_separator = SEPARATOR_AND;
	else if (read_is(from, "||"))
		*ret_separator = SEPARATOR_OR;
	else if (read_is(from, "\n"))
		*ret_separator = SEPARATOR_LINE;
	else
		return false;
	return true;
}

struct node *read_list(struct reader *reader, TSNode from, uint32_t first, uint32_t end)
{
	struct node *list = read_new(reader, NODE_LIST, from), *child, *last = NULL;
	enum separator separator;

	for (uint32_t i = first; i < end && !reader->confused; i++) {
		TSNode one = ts_node_child(from, i);

		if (read_is(one, "comment"))
			continue;
		if (!ts_node_is_named(one)) {
			if (!last || !read_separator(one, &separator))
				read_confuse(reader, "has a separator where none belongs");
			else if (last->separator == SEPARATOR_LINE)
				last->separator = separator;
			else if (separator != SEPARATOR_LINE)
				read_confuse(reader, "has two separators in a row");
			continue;
		}
		child = read_statement(reader, one);
		if (!child)
			continue;
		if (child->kind == NODE_LIST && !child->negated && !child->redirects) {
			read_append(list, child->first);
			last = last_child(list);
		} else {
			read_append(list, child);
			last = child;
		}
	}
	return list;
}

static struct assignment *read_assignment(struct reader *reader, TSNode from)
{
	struct assignment *assignment = arena_new(reader->arena, struct assignment);
	TSNode name = ts_node_child(from, 0), equals = ts_node_child(from, 1);
	struct scan scan;

	if (ts_node_child_count(from) < 2 || !read_is(name, "variable_name") ||
	    (!read_is(equals, "=") && !read_is(equals, "+=")) ||
	    ts_node_end_byte(name) != ts_node_start_byte(equals)) {
		read_confuse(reader, "assigns to something that is not a plain variable");
		return NULL;
	}
	assignment->name = read_source(reader, name);
	assignment->appends = read_is(equals, "+=");
	scan = (struct scan){ reader, &from, ts_node_end_byte(equals), ts_node_end_byte(from) };
	assignment->value = words_read_one(&scan, true);
	return assignment;
}

static void add_assignment(struct node *node, struct assignment *assignment)
{
	struct assignment **at = &node->assignments;

	while (*at)
		at = &(*at)->next;
	*at = assignment;
}

/* Children that touch are one word; a name and its arguments are told apart by blanks. */
static struct node *read_command(struct reader *reader, TSNode from)
{
	struct node *node = read_new(reader, NODE_SIMPLE, from);
	uint32_t n = ts_node_child_count(from);

	read_check_gaps(reader, from);
	for (uint32_t i = 0; i < n && !reader->confused; i++) {
		TSNode child = ts_node_child(from, i);
		size_t end = ts_node_end_byte(child);
		struct scan scan;

		if (read_is(child, "variable_assignment") && !node->words &&
		    read_is(from, "command")) {
			add_assignment(node, read_assignment(reader, child));
		} else if (read_is(child, "file_redirect")) {
			read_file_redirect(reader, child, node);
		} else if (read_is(child, "herestring_redirect")) {
			read_herestring(reader, child, node);
		} else {
			while (i + 1 < n &&
			       is_joint(reader, end,
			                ts_node_start_byte(ts_node_child(from, i + 1))) &&
			       !read_is(ts_node_child(from, i + 1), "file_redirect") &&
			       !read_is(ts_node_child(from, i + 1), "herestring_redirect"))
				end = ts_node_end_byte(ts_node_child(from, ++i));
			scan = (struct scan){ reader, &from, ts_node_start_byte(child), end };
			read_add_words(node, words_read_one(&scan, false));
		}
	}
	if (!reader->confused && !node->words && read_is(from, "command"))
		read_confuse(reader, "has a command without a name");
	return node;
}

/* A redirect behind a list or pipe belongs to its last command. */
static struct node *redirect_holder(struct reader *reader, struct node *node)
{
	while (node->kind == NODE_LIST || node->kind == NODE_PIPE) {
		node = last_child(node);
		if (!node) {
			read_confuse(reader, "redirects nothing");
			return NULL;
		}
	}
	return node;
}

static struct node *read_redirected(struct reader *reader, TSNode from)
{
	struct node *node = NULL, *holder = NULL;

	read_check_gaps(reader, from);
	for (uint32_t i = 0; i < ts_node_child_count(from) && !reader->confused; i++) {
		TSNode child = ts_node_child(from, i);
		bool is_redirect = read_is(child, "file_redirect") ||
		                   read_is(child, "heredoc_redirect") ||
		                   read_is(child, "herestring_redirect");

		if (!is_redirect) {
			if (node)
				read_confuse(reader, "redirects two things");
			node = read_statement(reader, child);
			holder = node ? redirect_holder(reader, node) : NULL;
			continue;
		}
		if (!node)
			node = holder = read_new(reader, NODE_SIMPLE, from);
		if (!holder)
			return node;
		if (read_is(child, "file_redirect")) {
			read_file_redirect(reader, child, holder);
		} else if (read_is(child, "herestring_redirect")) {
			read_herestring(reader, child, holder);
		} else {
			struct node *joined = read_heredoc(reader, child, holder);

			if (joined != holder && node != holder)
				read_confuse(reader, "has a here-document inside a list");
			if (joined != holder)
				node = joined;
		}
		if (holder->kind != NODE_SIMPLE && holder->kind != NODE_FOR &&
		    holder->kind != NODE_CASE && holder->kind != NODE_TEST && holder->words)
			read_confuse(reader, "has words behind a redirect of a compound command");
	}
	if (node && node->kind == NODE_SIMPLE)
		node->source = read_source(reader, from);
	return node;
}

/*
 * The grammar takes `a && b 2>&1 | c` for a pipe that starts with a list; the shell
 * pipes b alone.  Moves the list's last command into the pipe.
 */
static void take_last(struct node *list, struct node *pipe)
{
	struct node **at = &list->first, *last;

	while ((*at)->next)
		at = &(*at)->next;
	last = *at;
	*at = NULL;
	pipe->negated = last->kind == NODE_PIPE && last->negated;
	pipe->first = last->kind == NODE_PIPE ? last->first : last;
}

static struct node *read_pipeline(struct reader *reader, TSNode from)
{
	struct node *pipe = read_new(reader, NODE_PIPE, from), *last = NULL, *list = NULL;

	read_check_gaps(reader, from);
	for (uint32_t i = 0; i < ts_node_child_count(from) && !reader->confused; i++) {
		TSNode child = ts_node_child(from, i);

		if (read_is(child, "|&") && last) {
			last->pipes_errors = true;
		} else if (ts_node_is_named(child)) {
			last = read_statement(reader, child);
			if (last && last->kind == NODE_LIST && !pipe->first && last->first &&
			    last->first->next && !last->negated) {
				list = last;
				take_last(list, pipe);
				last = last_child(pipe);
			} else if (!last || last->kind == NODE_LIST || (last->negated && pipe->first)) {
				read_confuse(reader, "has a pipe of lists");
			} else {
				read_append(pipe, last);
			}
		} else if (!read_is(child, "|") || !last) {
			read_confuse(reader, "has a pipe that is not understood");
		}
	}
	if (!list)
		return pipe;
	read_append(list, pipe);
	return list;
}

/* [ ] is a command like any other; the words of [[ ]] are read by the walk. */
static struct node *read_test(struct reader *reader, TSNode from)
{
	struct str text = read_source(reader, from);
	size_t width = str_starts(text, STR("[[")) ? 2 : 1;
	struct node *node = read_new(reader, width == 2 ? NODE_TEST : NODE_SIMPLE, from);
	struct scan scan = (struct scan){ reader, &from, ts_node_start_byte(from) + width,
		                          ts_node_end_byte(from) - width };

	if (text.len < 2 * width + 1 || !str_ends(text, width == 2 ? STR("]]") : STR("]")) ||
	    (text.len > width && text.data[width] == '(')) {
		read_confuse(reader, "has a test that is not understood");
		return node;
	}
	if (width == 1)
		read_add_words(node, shell_word_text(reader->arena, STR("[")));
	read_add_words(node, width == 2 ? words_read_test(&scan) : words_read(&scan));
	if (width == 1)
		read_add_words(node, shell_word_text(reader->arena, STR("]")));
	return node;
}

static struct node *read_compound(struct reader *reader, TSNode from)
{
	struct node *node;
	struct str text = read_source(reader, from);

	if (str_starts(text, STR("((")) && str_ends(text, STR("))"))) {
		node = read_new(reader, NODE_ARITHMETIC, from);
		node->name = (struct str){ text.data + 2, text.len - 4 };
		return node;
	}
	node = read_new(reader, NODE_GROUP, from);
	node->body = read_body_of(reader, from, "{", "}");
	return node;
}

static struct node *read_negated(struct reader *reader, TSNode from)
{
	struct node *node;

	read_check_gaps(reader, from);
	if (ts_node_child_count(from) != 2) {
		read_confuse(reader, "negates something that is not understood");
		return NULL;
	}
	node = read_statement(reader, ts_node_child(from, 1));
	if (node && (node->negated || node->kind == NODE_LIST))
		read_confuse(reader, "negates something that is not understood");
	if (node)
		node->negated = true;
	return node;
}

static struct node *read_subshell(struct reader *reader, TSNode from)
{
	struct node *node = read_new(reader, NODE_SUBSHELL, from);

	node->body = read_body_of(reader, from, "(", ")");
	return node;
}

static struct node *read_lone_assignment(struct reader *reader, TSNode from)
{
	struct node *node = read_new(reader, NODE_SIMPLE, from);

	if (read_is(from, "variable_assignment")) {
		add_assignment(node, read_assignment(reader, from));
		return node;
	}
	read_check_gaps(reader, from);
	for (uint32_t i = 0; i < ts_node_child_count(from) && !reader->confused; i++)
		add_assignment(node, read_assignment(reader, ts_node_child(from, i)));
	return node;
}

static struct node *read_flat_list(struct reader *reader, TSNode from)
{
	read_check_gaps(reader, from);
	return read_list(reader, from, 0, ts_node_child_count(from));
}

static const struct {
	const char *type;
	struct node *(*read)(struct reader *reader, TSNode from);
} statements[] = {
	{ "command", read_command },
	{ "list", read_flat_list },
	{ "pipeline", read_pipeline },
	{ "redirected_statement", read_redirected },
	{ "variable_assignment", read_lone_assignment },
	{ "variable_assignments", read_lone_assignment },
	{ "test_command", read_test },
	{ "negated_command", read_negated },
	{ "subshell", read_subshell },
	{ "compound_statement", read_compound },
	{ "if_statement", read_if_statement },
	{ "while_statement", read_loop },
	{ "for_statement", read_for },
	{ "case_statement", read_case },
	{ "declaration_command", read_command },
	{ "unset_command", read_command },
	{ "file_redirect", read_redirected },
};

/* The tables' limit on nesting is the walk's; this one keeps our own stack. */
#define READ_DEPTH_MAX 60

static struct node *read_statement(struct reader *reader, TSNode from)
{
	struct node *node = NULL;

	if (++reader->depth > READ_DEPTH_MAX) {
		read_confuse(reader, "is nested too deeply");
		reader->depth--;
		return NULL;
	}
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		if (!read_is(from, statements[i].type))
			continue;
		node = statements[i].read(reader, from);
		reader->depth--;
		return reader->confused ? NULL : node;
	}
	read_confuse(reader,
	             "uses a construct that is never silent (a function, an array, select, …)");
	reader->depth--;
	return NULL;
}

/* The grammar's node of this type that begins here. */
static bool find_node(const void *root, size_t at, const char *type, TSNode *ret_node)
{
	TSNode top = *(const TSNode *)root;
	TSNode node = ts_node_descendant_for_byte_range(top, (uint32_t)at, (uint32_t)at + 1);

	while (!ts_node_is_null(node) && ts_node_start_byte(node) == at) {
		if (read_is(node, type)) {
			*ret_node = node;
			return true;
		}
		if (ts_node_eq(node, top))
			return false;
		node = ts_node_parent(node);
	}
	return false;
}

size_t shell_node_end(const void *root, size_t at, const char *type)
{
	TSNode node;

	return find_node(root, at, type, &node) ? ts_node_end_byte(node) : 0;
}

struct node *shell_parse_inner(struct reader *reader, const void *root, size_t at, size_t *ret_end)
{
	const char *type = reader->text.data[at] == '<' || reader->text.data[at] == '>'
	                           ? "process_substitution"
	                           : "command_substitution";
	uint32_t n;
	TSNode node;

	if (!find_node(root, at, type, &node) || (n = ts_node_child_count(node)) < 2) {
		read_confuse(reader, "has a substitution that is not understood");
		return NULL;
	}
	read_check_gaps(reader, node);
	*ret_end = ts_node_end_byte(node);
	return read_list(reader, node, 1, n - 1);
}

struct node *shell_parse(struct reader *reader, void **ret_tree)
{
	struct TSParser *parser = reader->check->caps->parser;
	struct node *list;
	TSTree *tree;
	TSNode root;

	ts_parser_reset(parser);
	tree = ts_parser_parse_string(parser, NULL, reader->text.data, (uint32_t)reader->text.len);
	*ret_tree = tree;
	if (!tree) {
		read_confuse(reader, "cannot be parsed");
		return NULL;
	}
	root = ts_tree_root_node(tree);
	if (ts_node_has_error(root))
		read_confuse(reader, "is not complete or not valid shell");
	if (!is_gap(reader, 0, ts_node_start_byte(root)) ||
	    !is_gap(reader, ts_node_end_byte(root), reader->text.len))
		read_confuse(reader, "holds text that the grammar skips");
	read_check_gaps(reader, root);
	if (reader->confused)
		return NULL;
	list = read_list(reader, root, 0, ts_node_child_count(root));
	return reader->confused ? NULL : list;
}
