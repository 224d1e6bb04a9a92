/*
 * Markdown -> styled lines, as models write it (GitHub's tables, task lists and
 * strike-through; raw HTML is text).  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "seal-cli/tui/text.h"

typedef void markdown_fn(void *ctx, const struct line *line);

/* Each line is unwrapped, with its indent in front; `columns` bounds tables.
 * `links` keeps the addresses (or NULL). */
struct links;
void markdown_draw(struct str text, size_t columns, struct links *links, markdown_fn *each, void *ctx);

/*
 * How much of a text that still grows is finished: what is before that never
 * changes its look, however the text goes on.  False when nothing is.
 */
struct markdown_part {
	size_t len;
	bool ends_block;	/* an empty line belongs behind it */
};

struct buf;
/* `ret_reopen` gets what must stand in front of the rest (the line that opened
 * the code the text was cut in). */
bool markdown_settled(struct str text, struct markdown_part *ret_part, struct buf *ret_reopen);
