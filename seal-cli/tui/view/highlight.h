/*
 * Source code -> coloured cells, line by line: comments, strings, numbers and
 * keywords, by a small table of languages.  Wrong about corners, never about
 * what the text is.  Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "seal-cli/tui/text.h"

struct language;

struct highlight {
	const struct language *language;	/* NULL: one colour */
	bool in_comment;	/* of several lines */
};

/* By the word behind a code fence. */
void highlight_begin(struct highlight *highlight, struct str name);

void highlight_line(struct highlight *highlight, struct str text, struct line *ret_line);
