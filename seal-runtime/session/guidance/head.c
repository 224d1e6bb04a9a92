#include "session/guidance/guidance.h"

#include <string.h>

/* The lines of the head; false: the text has none. */
static bool split(struct str text, struct str *ret_head, struct str *ret_body)
{
	struct str rest = text, line;
	const char *start;

	if (!str_line(&rest, &line) || !str_is(str_trim(line), "---"))
		return false;
	start = rest.data;
	while (str_line(&rest, &line)) {
		if (!str_is(str_trim(line), "---"))
			continue;
		*ret_head = (struct str){ start, (size_t)(line.data - start) };
		*ret_body = rest;
		return true;
	}
	return false;
}

static struct str unquoted(struct str value)
{
	value = str_trim(value);
	if (value.len >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
	    value.data[value.len - 1] == value.data[0])
		return str_head(str_from(value, 1), value.len - 2);
	return value;
}

struct str guidance_head(struct str text, const char *name)
{
	struct str head, body, line;
	size_t len = strlen(name);

	if (!split(text, &head, &body))
		return STR("");
	while (str_line(&head, &line))
		if (str_starts(line, (struct str){ name, len }) && line.len > len &&
		    line.data[len] == ':')
			return unquoted(str_from(line, len + 1));
	return STR("");
}

struct str guidance_body(struct str text)
{
	struct str head, body;

	return split(text, &head, &body) ? body : text;
}
