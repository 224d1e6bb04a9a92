/*
 * What is known about programs: wrappers, guards, who reads files, how deep a
 * useful pattern goes.  Private to caps/; the tables are programs.def and
 * guards.def.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* The last component: patterns and tables speak of programs by name. */
struct str program_name(struct str word);

bool program_is_privileged(struct str word);	/* sudo, doas, ... */

/* Would a rule of these words grant any Python code at all? */
bool program_is_any_python(const struct str *words, size_t n_words);
