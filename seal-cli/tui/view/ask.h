/*
 * The permission prompt: the whole subject, where it would run, each part that
 * is not granted and why, the line that would be written, and the four choices.
 * Made from a session/request_permission; knows no terminal and writes nothing.
 *
 * Keys: 1 to 4, or Up/Down and Enter, choose. Left broadens, Right narrows the
 * pattern, Home broadest, End narrowest, Tab back to the recommended one; with
 * several parts, Ctrl+N and Ctrl+P move between them. PageUp/PageDown scroll.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

#include "base/cleanup.h"
#include "seal-cli/tui/keys.h"
#include "seal-cli/tui/screen.h"

struct ask_view;
struct buf;

/* The line of seal.toml for a choice that lasts. */
typedef void ask_line_fn(const char *verb, const char *pattern, bool allow, bool prompt,
			 struct buf *ret_text);

/* `params` of the request; copied.  NULL when memory ran out. */
struct ask_view *ask_view_new(yyjson_val *params, ask_line_fn *line);
void ask_view_free(struct ask_view *view);
DEFINE_CLEANUP(struct ask_view, ask_view_free)

/* The chosen option's id once there is one, else NULL. */
const char *ask_view_key(struct ask_view *view, const struct key *key);

/* Held: it has just appeared, so that keys are not meant for it yet; it says so. */
void ask_view_hold(struct ask_view *view, bool is_held);

/* One line: what is asked; for a notification. */
const char *ask_view_title(const struct ask_view *view);

/* The whole question in lines, for a terminal without a live region. */
void ask_view_tell(const struct ask_view *view, struct buf *ret_text);

/* Draws into the frame that was begun, in at most `rows` rows. */
void ask_view_draw(struct ask_view *view, struct screen *screen, size_t rows);

/* What an answer that lasts would write: one entry a part that is not granted. */
struct ask_entry {
	const char *verb;	/* "read" "write" "delete" "run" "connect" */
	const char *pattern;
	bool is_granted;	/* by a rule with prompt = true: "Allow" writes nothing new */
};
size_t ask_view_entries(const struct ask_view *view, const struct ask_entry **ret_entries);

/* The project's root, and whether this is a question of the agent, not of the gate. */
const char *ask_view_root(const struct ask_view *view);
bool ask_view_is_question(const struct ask_view *view);
