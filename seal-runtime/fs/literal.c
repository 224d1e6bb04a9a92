/*
 * The words that every match of a pattern must contain.  Where they are not,
 * no line needs to be matched.  Only what is certain counts: at the first
 * construct that this does not read, there are none.
 */
#include <string.h>

#include "fs/fs_private.h"

/* Escapes that stand for one character or place, and nothing behind them. */
#define SIMPLE_ESCAPES "wWdDsSbBAzZhHvVRnrt"

struct reading {
	struct str rest;
	char best[LITERAL_MAX], run[LITERAL_MAX];
	size_t best_len, run_len;
};

static void end_run(struct reading *r)
{
	if (r->run_len > r->best_len) {
		memcpy(r->best, r->run, r->run_len);
		r->best_len = r->run_len;
	}
	r->run_len = 0;
}

static void add(struct reading *r, char c)
{
	if (r->run_len == LITERAL_MAX)
		end_run(r);
	r->run[r->run_len++] = c;
}

/* The last character may be there or not, whole. */
static void drop_last(struct reading *r)
{
	while (r->run_len && ((unsigned char)r->run[--r->run_len] & 0xc0) == 0x80)
		;
	end_run(r);
}

static char next(struct reading *r)
{
	char c = r->rest.data[0];

	r->rest = str_from(r->rest, 1);
	return c;
}

/* Behind its '['.  False: not read. */
static bool skip_class(struct reading *r)
{
	if (str_starts(r->rest, STR("^")))
		(void)next(r);
	if (str_starts(r->rest, STR("]")))
		(void)next(r);
	while (r->rest.len) {
		char c = next(r);

		if (c == ']')
			return true;
		if (c == '[' || (c == '\\' && r->rest.len == 0))
			return false;
		if (c == '\\')
			(void)next(r);
	}
	return false;
}

/* Behind its '('. */
static bool skip_group(struct reading *r)
{
	unsigned int depth = 1;

	while (r->rest.len && depth) {
		char c = next(r);

		if (c == '\\' && r->rest.len && strchr(SIMPLE_ESCAPES "\\.()[]{}*+?|^$/-", r->rest.data[0]))
			(void)next(r);
		else if (c == '\\' || (c == '[' && !skip_class(r)))
			return false;
		else if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
	}
	return depth == 0;
}

/* Behind its '{'.  What is no repeat count is not read. */
static bool skip_count(struct reading *r)
{
	while (r->rest.len) {
		char c = next(r);

		if (c == '}')
			return true;
		if ((c < '0' || c > '9') && c != ',')
			return false;
	}
	return false;
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_escape(struct reading *r)
{
	char c;

	if (r->rest.len == 0)
		return false;
	c = next(r);
	if (!is_letter_or_digit(c)) {
		add(r, c);
		return true;
	}
	end_run(r);
	return strchr(SIMPLE_ESCAPES, c);
}

static bool read_one(struct reading *r)
{
	char c = next(r);

	switch (c) {
	case '\\':
		return read_escape(r);
	case '[':
		end_run(r);
		return skip_class(r);
	case '(':
		end_run(r);
		return skip_group(r);
	case '.':
	case '^':
	case '$':
	case '+':
		end_run(r);
		return true;
	case '*':
	case '?':
		drop_last(r);
		return true;
	case '{':
		drop_last(r);
		return skip_count(r);
	case '|':
	case ')':
	case '\0':
		return false;
	default:
		add(r, c);
		return true;
	}
}

size_t fs_literal(struct str pattern, char ret_text[LITERAL_MAX])
{
	struct reading r = { .rest = pattern };

	if (str_find(pattern, STR("(?"), 0) != STR_NONE || str_find(pattern, STR("(*"), 0) != STR_NONE)
		return 0;
	while (r.rest.len)
		if (!read_one(&r))
			return 0;
	end_run(&r);
	memcpy(ret_text, r.best, r.best_len);
	return r.best_len;
}
