#include <string.h>

#include "fs/fs.h"
#include "fs/fs_private.h"

#define STEPS_MAX 200000 /* patterns like *a*a*a*b must not take for ever */
#define CHOICES_MAX 64	 /* {a,b} nested or in sequence */

struct match {
	unsigned int steps;
};

static bool match(struct match *m, const char *pattern, const char *text);

/* [abc] [a-z] [!a]: the end of the set, or NULL when it is no set. */
static const char *match_set(const char *pattern, char c, bool *ret_hit)
{
	const char *at = pattern + 1;
	bool negated = *at == '!' || *at == '^', hit = false;

	at += negated;
	for (const char *first = at; *at && (*at != ']' || at == first); at++) {
		char from = *at, to = *at;

		if (at[1] == '-' && at[2] && at[2] != ']') {
			to = at[2];
			at += 2;
		}
		hit |= (unsigned char)c >= (unsigned char)from && (unsigned char)c <= (unsigned char)to;
	}
	if (*at != ']')
		return NULL;
	*ret_hit = hit != negated && c != '/';
	return at + 1;
}

static bool match_star(struct match *m, const char *pattern, const char *text)
{
	for (;; text++) {
		if (match(m, pattern, text))
			return true;
		if (*text == '\0' || *text == '/')
			return false;
	}
}

/* Behind "**": every rest that begins at a component. */
static bool match_any(struct match *m, const char *pattern, const char *text)
{
	if (*pattern == '\0')
		return true;
	if (*pattern != '/')
		return match_star(m, pattern, text);
	for (pattern++; text; text = strchr(text, '/')) {
		text += *text == '/';
		if (match(m, pattern, text))
			return true;
	}
	return false;
}

static const char *closing_brace(const char *open)
{
	int depth = 0;

	for (; *open; open++) {
		depth += *open == '{';
		if (*open == '}' && --depth == 0)
			return open;
	}
	return NULL;
}

/* {a,b}rest: each choice is tried with the rest behind it. */
static bool match_choice(struct match *m, const char *pattern, const char *close, const char *text)
{
	const char *from = pattern + 1;
	int depth = 0;

	for (const char *at = from; at <= close; at++) {
		char whole[4096];
		size_t len = (size_t)(at - from), rest = strlen(close + 1);

		depth += *at == '{';
		depth -= *at == '}' && at != close;
		if ((*at != ',' && at != close) || depth)
			continue;
		if (len + rest >= sizeof(whole))
			return false;
		memcpy(whole, from, len);
		memcpy(whole + len, close + 1, rest + 1);
		m->steps += STEPS_MAX / (CHOICES_MAX * CHOICES_MAX);
		if (match(m, whole, text))
			return true;
		from = at + 1;
	}
	return false;
}

static bool match(struct match *m, const char *pattern, const char *text)
{
	for (;; pattern++, text++) {
		const char *end;
		bool hit;

		if (++m->steps > STEPS_MAX)
			return false;
		if (pattern[0] == '*' && pattern[1] == '*')
			return match_any(m, pattern + 2, text);
		if (pattern[0] == '*')
			return match_star(m, pattern + 1, text);
		end = pattern[0] == '{' ? closing_brace(pattern) : NULL;
		if (end)
			return match_choice(m, pattern, end, text);
		if (*text == '\0')
			return *pattern == '\0';
		end = pattern[0] == '[' ? match_set(pattern, *text, &hit) : NULL;
		if (end && !hit)
			return false;
		if (end)
			pattern = end - 1;
		else if (pattern[0] == '?' ? *text == '/' : *pattern != *text)
			return false;
	}
}

bool fs_glob_match_whole(const char *pattern, const char *path)
{
	struct match m = { 0 };

	return match(&m, pattern, path);
}

/* The text behind the last wildcard must end the path: that decides about most
 * of a large tree. */
static bool may_end(const char *pattern, const char *path)
{
	const char *end = pattern + strlen(pattern), *at = end;
	size_t len = strlen(path), tail;

	while (at > pattern && !strchr("*?[]{}", at[-1]))
		at--;
	tail = (size_t)(end - at);
	return at == pattern || (len >= tail && memcmp(path + len - tail, at, tail) == 0);
}

bool fs_glob_match(const char *pattern, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!may_end(pattern, path))
		return false;

	if (strncmp(pattern, "./", 2) == 0)
		return fs_glob_match_whole(pattern + 2, path);
	if (!strchr(pattern, '/') && slash)
		path = slash + 1;
	return fs_glob_match_whole(pattern, path);
}
