/*
 * What is known about programs: which run others, which read files, how deep a
 * useful pattern goes.  Private to caps/; the tables are programs.def and
 * wrappers.def.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum program_trait {
	LAUNCHER = 1,
	REMOTE = 2,
	READER = 4,
	FIRST = 8,
	PLAIN = 16,
};

struct program {
	const char *name;
	unsigned int depth, traits;
};

/* The row, or NULL. */
const struct program *program_find(struct str name);

struct wrapper {
	const char *name, *flags, *valued, *longs;
	size_t operands; /* words before the command, as timeout's duration */
};
const struct wrapper *wrapper_find(struct str name);

/* The last component: patterns and tables speak of programs by name. */
struct str program_name(struct str word);

/* "git" for /usr/bin/git: the folders of the system, which nobody but root writes. */
struct str program_bare(struct str word);

bool program_is_privileged(struct str word); /* sudo, doas, ... */

/* python, python3.12, pypy3 */
bool program_is_python(struct str name);

/* Would a rule of these words grant any Python code at all? */
bool program_is_any_python(const struct str *words, size_t n_words);

/* Is `text` one of the words of a list separated by `separator`? */
bool program_in_list(struct str text, const char *list, char separator);
