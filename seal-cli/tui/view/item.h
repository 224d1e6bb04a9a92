/* One piece of the conversation and how it is drawn.  Private to view/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "seal-cli/tui/links.h"
#include "seal-cli/tui/view/markdown.h"
#include "seal-cli/tui/view/result.h"

enum item_kind { ITEM_TEXT, ITEM_THOUGHT, ITEM_TOOL, ITEM_USER, ITEM_NOTICE, ITEM_WARNING, ITEM_ERROR };

struct item {
	enum item_kind kind;
	bool done;
	bool failed;	/* tools */
	bool began;	/* part of the text is committed */
	bool joined;	/* ... and what follows goes on without a gap */
	struct buf text;	/* text, or the tool's title */
	char *id, *call_kind;	/* tools */
	struct result result;
	struct item *next;
};

struct item *item_new(enum item_kind kind);
void item_free(struct item *item);

/* How it is drawn: `whole` shows what is folded otherwise. */
struct item_look {
	size_t columns;
	bool whole;
	struct links *links;	/* or NULL */
};

/* The item with `text` in place of its own (a part of it). */
void item_draw(const struct item *item, struct str text, const struct item_look *look,
	       markdown_fn *each, void *ctx);

/* Something of it is not shown unless `whole`. */
bool item_is_folded(const struct item *item);

/* A tool call of one line: the next one follows without a gap. */
bool item_is_short(const struct item *item);
