/*
 * A unified diff as lines: numbers of the lines, what goes and what comes in
 * their colours.  Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "seal-cli/tui/view/markdown.h"

/* The text is a unified diff, by its first lines. */
bool diff_is(struct str text);

void diff_draw(struct str text, markdown_fn *each, void *ctx);

/* "+2 -1", of the lines that come and go. */
struct buf;
void diff_count(struct str text, struct buf *ret);
