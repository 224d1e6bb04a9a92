/* A line asked of the person at the terminal. Private to `seal embark`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The answer, or `preset` for an empty one (may be NULL).  NULL when the
 * terminal is gone or the person left with Ctrl+D.  The caller frees. */
char *ask_line(const char *question, const char *preset);

/* Not shown while it is typed; wipe it. */
char *ask_secret(const char *question);

/* 1 to `n`; 0 when the person left. */
size_t ask_number(const char *question, size_t n, size_t preset);

bool ask_yes(const char *question);
