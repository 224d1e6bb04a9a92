/* Loops and branches. */
#include "caps/shell/read.h"

struct node *read_body_of(struct reader *reader, TSNode from, const char *open, const char *close)
{
	uint32_t n = ts_node_child_count(from);

	read_check_gaps(reader, from);
	if (n < 2 || !read_is(ts_node_child(from, 0), open) ||
	    !read_is(ts_node_child(from, n - 1), close)) {
		read_confuse(reader, "has a block that is not closed");
		return NULL;
	}
	return read_list(reader, from, 1, n - 1);
}

/* Index of the first child of this type at or after `at`, or the number of children. */
static uint32_t child_of(TSNode from, uint32_t at, const char *type)
{
	while (at < ts_node_child_count(from) && !read_is(ts_node_child(from, at), type))
		at++;
	return at;
}

/* if/elif: cond from `at` to "then", body up to the next clause. */
static struct node *read_if(struct reader *reader, TSNode from)
{
	struct node *node = read_new(reader, NODE_IF, from);
	uint32_t n = ts_node_child_count(from), then = child_of(from, 1, "then"), end;

	read_check_gaps(reader, from);
	if (then >= n) {
		read_confuse(reader, "has an if without then");
		return node;
	}
	for (end = then + 1; end < n; end++)
		if (read_is(ts_node_child(from, end), "elif_clause") ||
		    read_is(ts_node_child(from, end), "else_clause") ||
		    read_is(ts_node_child(from, end), "fi"))
			break;
	node->cond = read_list(reader, from, 1, then);
	node->body = read_list(reader, from, then + 1, end);
	return node;
}

struct node *read_if_statement(struct reader *reader, TSNode from)
{
	struct node *node = read_if(reader, from), *last = node;

	for (uint32_t i = 0; i < ts_node_child_count(from) && !reader->confused; i++) {
		TSNode child = ts_node_child(from, i);

		if (read_is(child, "elif_clause")) {
			last->other = read_if(reader, child);
			last = last->other;
		} else if (read_is(child, "else_clause")) {
			read_check_gaps(reader, child);
			last->other = read_list(reader, child, 1, ts_node_child_count(child));
		}
	}
	return node;
}

struct node *read_loop(struct reader *reader, TSNode from)
{
	struct node *node = read_new(reader, NODE_LOOP, from);
	uint32_t group = child_of(from, 1, "do_group");

	read_check_gaps(reader, from);
	if (group + 1 != ts_node_child_count(from)) {
		read_confuse(reader, "has a loop that is not understood");
		return node;
	}
	node->name = read_source(reader, ts_node_child(from, 0));
	node->cond = read_list(reader, from, 1, group);
	node->body = read_body_of(reader, ts_node_child(from, group), "do", "done");
	return node;
}

struct node *read_for(struct reader *reader, TSNode from)
{
	struct node *node = read_new(reader, NODE_FOR, from);
	uint32_t group = child_of(from, 1, "do_group"), words = 3, end;
	struct scan scan;

	read_check_gaps(reader, from);
	if (group + 1 != ts_node_child_count(from) || !read_is(ts_node_child(from, 0), "for") ||
	    !read_is(ts_node_child(from, 1), "variable_name") ||
	    !read_is(ts_node_child(from, 2), "in")) {
		read_confuse(reader, "has a for that is not over plain words");
		return node;
	}
	node->name = read_source(reader, ts_node_child(from, 1));
	for (end = words; end < group && !read_is(ts_node_child(from, end), ";") &&
	                  !read_is(ts_node_child(from, end), "\n");)
		end++;
	if (end > words) {
		scan = (struct scan){ reader, &from, ts_node_start_byte(ts_node_child(from, words)),
			              ts_node_end_byte(ts_node_child(from, end - 1)) };
		node->words = words_read(&scan);
	}
	node->body = read_body_of(reader, ts_node_child(from, group), "do", "done");
	return node;
}

static struct arm *read_arm(struct reader *reader, TSNode from)
{
	struct arm *arm = arena_new(reader->arena, struct arm);
	struct word **at = &arm->patterns;
	uint32_t n = ts_node_child_count(from), paren = child_of(from, 0, ")"), end = n, first = 0;

	read_check_gaps(reader, from);
	if (paren >= n) {
		read_confuse(reader, "has a case without a pattern");
		return arm;
	}
	if (read_is(ts_node_child(from, 0), "("))
		first = 1;
	while (first < paren) {
		uint32_t last = first;
		struct scan scan;

		while (last + 1 < paren && !read_is(ts_node_child(from, last + 1), "|"))
			last++;
		scan = (struct scan){ reader, &from, ts_node_start_byte(ts_node_child(from, first)),
			              ts_node_end_byte(ts_node_child(from, last)) };
		*at = words_read_one(&scan, true);
		if (*at)
			at = &(*at)->next;
		first = last + 2;
	}
	if (read_is(ts_node_child(from, n - 1), ";;") ||
	    read_is(ts_node_child(from, n - 1), ";&") ||
	    read_is(ts_node_child(from, n - 1), ";;&")) {
		arm->end = read_source(reader, ts_node_child(from, n - 1));
		end = n - 1;
	}
	arm->body = read_list(reader, from, paren + 1, end);
	return arm;
}

struct node *read_case(struct reader *reader, TSNode from)
{
	struct node *node = read_new(reader, NODE_CASE, from);
	struct arm **at = &node->arms;
	uint32_t in = child_of(from, 1, "in");
	struct scan scan;

	read_check_gaps(reader, from);
	if (in >= ts_node_child_count(from) || in < 2) {
		read_confuse(reader, "has a case that is not understood");
		return node;
	}
	scan = (struct scan){ reader, &from, ts_node_start_byte(ts_node_child(from, 1)),
		              ts_node_end_byte(ts_node_child(from, in - 1)) };
	node->words = words_read_one(&scan, true);
	for (uint32_t i = in + 1; i < ts_node_child_count(from) && !reader->confused; i++) {
		TSNode child = ts_node_child(from, i);

		if (!read_is(child, "case_item"))
			continue;
		*at = read_arm(reader, child);
		at = &(*at)->next;
	}
	return node;
}
