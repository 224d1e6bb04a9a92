/*
 * The conversation on the screen: made from ACP session updates, drawn as lines.
 * What is finished is committed to the scrollback once and forgotten, except the
 * last tool call's body, which can be shown again whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "seal-cli/tui/screen.h"

#define TRANSCRIPT_BODY_ROWS 8	/* of a tool's output, before it is folded */

struct transcript;

struct transcript *transcript_new(void);
void transcript_free(struct transcript *transcript);
DEFINE_CLEANUP(struct transcript, transcript_free)

/* One `update` object of session/update; unknown kinds are ignored. */
void transcript_update(struct transcript *transcript, yyjson_val *update);

/* What the person sent, and notices of the client itself. */
void transcript_user(struct transcript *transcript, struct str text);
void transcript_notice(struct transcript *transcript, struct str text, bool is_error);

/* The turn ended: nothing is live any more. */
void transcript_settle(struct transcript *transcript);

/* Finished lines to the scrollback. */
void transcript_commit(struct transcript *transcript, struct screen *screen);
/* The last `rows` rows of what is still live, within the frame that was begun. */
void transcript_draw(const struct transcript *transcript, struct screen *screen, size_t rows);

/* The last finished tool call, with its whole body, to the scrollback. */
void transcript_unfold(struct transcript *transcript, struct screen *screen);
