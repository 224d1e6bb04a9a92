/*
 * Markdown -> styled lines, as models write it (GitHub's tables, task lists and
 * strike-through; raw HTML is text).  Pure.
 */
#pragma once

#include <stddef.h>

#include "base/str.h"
#include "seal-cli/tui/text.h"

typedef void markdown_fn(void *ctx, const struct line *line);

/* Each line is unwrapped, with its indent in front; `columns` bounds tables. */
void markdown_draw(struct str text, size_t columns, markdown_fn *each, void *ctx);

/*
 * How much of a text that still grows is finished: everything up to the last
 * blank line outside a code fence.  What is before it never changes its look.
 */
size_t markdown_settled(struct str text);
