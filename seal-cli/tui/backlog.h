/*
 * Lines that left the live region, kept for a screen that must scroll by itself
 * (the alternate screen has no scrollback).  The oldest go when there are
 * BACKLOG_MAX.  Private to the screen.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "seal-cli/tui/text.h"

#define BACKLOG_MAX 10000

struct backlog;

struct backlog *backlog_new(void);
void backlog_free(struct backlog *backlog);
DEFINE_CLEANUP(struct backlog, backlog_free)

/* Copies the line. */
void backlog_add(struct backlog *backlog, const struct line *line);

/*
 * The `rows` rows that end `skip` rows above the newest, wrapped at `columns`,
 * each given to `put` with its place (0 is the topmost).  Returns how many rows
 * could still be skipped above these.
 */
typedef void backlog_put_fn(void *ctx, size_t row, size_t indent, const struct cell *cells,
			    size_t n);
size_t backlog_show(const struct backlog *backlog, size_t columns, size_t rows, size_t skip,
		    backlog_put_fn *put, void *ctx);
