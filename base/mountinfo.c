#include "base/mountinfo.h"

#include <limits.h>
#include <string.h>

/* Blank, tab, newline and backslash stand there as \ooo. */
static void unescape(struct str field, char *ret_path, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < field.len && n + 1 < size; i++) {
		if (field.data[i] == '\\' && i + 3 < field.len) {
			ret_path[n++] =
				(char)((field.data[i + 1] - '0') * 64 +
			               (field.data[i + 2] - '0') * 8 + (field.data[i + 3] - '0'));
			i += 3;
		} else {
			ret_path[n++] = field.data[i];
		}
	}
	ret_path[n] = '\0';
}

bool mountinfo_next(struct str *rest, char *ret_path, size_t size)
{
	struct str line, field = { "", 0 };

	if (!str_line(rest, &line))
		return false;
	for (int i = 0; i < 5; i++)
		if (!str_split(&line, ' ', &field))
			field = (struct str){ "", 0 };
	unescape(field, ret_path, size);
	return true;
}

bool mountinfo_has(struct str text, const char *path)
{
	char one[PATH_MAX];

	while (mountinfo_next(&text, one, sizeof(one)))
		if (strcmp(one, path) == 0)
			return true;
	return false;
}
