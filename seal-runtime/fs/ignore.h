/*
 * Private to fs/: what .gitignore files say about a path.  Rules are kept in
 * the order in which git reads them; the last that matches decides.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ignore_rule;

struct ignore {
	struct ignore_rule *rules;
	size_t n, size;
};

void ignore_finip(struct ignore *ignore);

/* Reads <dir>/.gitignore if there is one; `prefix` is the folder relative to
 * the top, "" or "a/b".  What cannot be read says nothing. */
void ignore_load(struct ignore *ignore, int dir, const char *prefix);

/* Forgets what was loaded after there were `n` rules. */
void ignore_cut(struct ignore *ignore, size_t n);

/* `path` is relative to the top. */
bool ignore_has(const struct ignore *ignore, const char *path, bool is_folder);
