/*
 * The conversation on the screen: made from ACP session updates, drawn as lines.
 * What is finished is handed out once, as soon as its look cannot change any
 * more, and forgotten, except a few folded pieces that can be shown again whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "seal-cli/tui/screen.h"
#include "seal-cli/tui/view/markdown.h"

#define TRANSCRIPT_TAIL_MAX   ((size_t)256 << 10) /* of a running command's output */
#define TRANSCRIPT_FOLDED_MAX 32

struct transcript;

/* `links` may be NULL. */
struct transcript *transcript_new(struct links *links);
void transcript_free(struct transcript *transcript);
DEFINE_CLEANUP(struct transcript, transcript_free)

/* One `update` object of session/update; unknown kinds are ignored. */
void transcript_update(struct transcript *transcript, yyjson_val *update);

/* What the person sent, and notices of the client itself. */
void transcript_user(struct transcript *transcript, struct str text);
void transcript_notice(struct transcript *transcript, struct str text, bool is_error);

/* The turn ended: nothing is live any more. */
void transcript_settle(struct transcript *transcript);

/* Finished lines, each once: to `each`, or to the scrollback. */
void transcript_write(struct transcript *transcript, size_t columns, markdown_fn *each, void *ctx);
void transcript_commit(struct transcript *transcript, struct screen *screen);
/* The last `rows` rows of what is still live, within the frame that was begun. */
void transcript_draw(const struct transcript *transcript, struct screen *screen, size_t rows);

/* A folded piece, whole, to the scrollback: the last one, and with each further
 * call the one before.  False when there is none. */
bool transcript_unfold(struct transcript *transcript, struct screen *screen);
