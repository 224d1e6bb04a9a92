#include "base/str.h"

#include <stdlib.h>

size_t str_find(struct str hay, struct str needle, size_t from)
{
	const char *hit;

	if (from > hay.len)
		return STR_NONE;
	if (needle.len == 0)
		return from;
	/* Linear whatever the needle is. */
	hit = memmem(hay.data + from, hay.len - from, needle.data, needle.len);
	return hit ? (size_t)(hit - hay.data) : STR_NONE;
}

size_t str_chr(struct str hay, char byte)
{
	const char *hit = hay.len ? memchr(hay.data, byte, hay.len) : NULL;

	return hit ? (size_t)(hit - hay.data) : STR_NONE;
}

bool str_split(struct str *rest, char sep, struct str *ret_piece)
{
	size_t at;

	if (!rest->data || rest->len == 0)
		return false;
	at = str_chr(*rest, sep);
	if (at == STR_NONE)
		at = rest->len;
	*ret_piece = str_head(*rest, at);
	*rest = str_from(*rest, at + 1);
	return true;
}

bool str_line(struct str *rest, struct str *ret_line)
{
	return str_split(rest, '\n', ret_line);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str a)
{
	while (a.len && is_blank(a.data[0]))
		a = str_from(a, 1);
	while (a.len && is_blank(a.data[a.len - 1]))
		a.len--;
	return a;
}

char *str_dup(struct str a)
{
	char *copy = malloc(a.len + 1);

	if (!copy)
		return NULL;
	if (a.len)
		memcpy(copy, a.data, a.len);
	copy[a.len] = '\0';
	return copy;
}
