/*
 * The composer: text of several lines with readline's keys, a kill ring of one,
 * history, and large pastes as chips that are sent whole.  Knows no terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "seal-cli/tui/keys.h"
#include "seal-cli/tui/text.h"

#define EDIT_TEXT_MAX	 (32u << 20)
#define EDIT_CHIPS_MAX	 64
#define EDIT_HISTORY_MAX 1000
#define EDIT_PASTE_LINES 6	/* a longer paste becomes a chip */
#define EDIT_PASTE_BYTES 1000

struct edit;

struct edit *edit_new(void);
void edit_free(struct edit *edit);
DEFINE_CLEANUP(struct edit, edit_free)

enum edit_outcome { EDIT_IGNORED, EDIT_CHANGED, EDIT_SUBMIT };

enum edit_outcome edit_key(struct edit *edit, const struct key *key);

/* vim's keys from now on. */
void edit_use_vim(struct edit *edit);
/* Letters are commands now, not text. */
bool edit_is_normal(const struct edit *edit);
/* Esc: from inserting to commands; false when it means something else. */
bool edit_escape(struct edit *edit);

/* What would be sent: chips expanded. */
void edit_text(const struct edit *edit, struct buf *ret_text);
bool edit_is_empty(const struct edit *edit);
void edit_set(struct edit *edit, struct str text);
/* After it was sent: nothing can be taken back. */
void edit_clear(struct edit *edit);
/* What Esc does: the text goes, Ctrl+Y and Ctrl+_ bring it back. */
void edit_wipe(struct edit *edit);

/* The text before the cursor back to the last blank: what Tab completes. */
struct str edit_word(const struct edit *edit);
/* The cursor is in the first word of the text. */
bool edit_is_command(const struct edit *edit);
/* Replaces that word. */
void edit_replace_word(struct edit *edit, struct str with);

/* Adds to the history (not twice in a row); the newest match before `from`, or
 * NULL: entries are numbered from 0, the oldest. */
void edit_remember(struct edit *edit, struct str text);
void edit_show(struct edit *edit, size_t at);	/* entry `at`; beyond the last: the draft */
const char *edit_search(const struct edit *edit, struct str needle, size_t *from);
size_t edit_history(const struct edit *edit);

/*
 * The rows as drawn: each text line with `prompt` (or blanks of its width) in
 * front, to be wrapped at `columns`.  `each` gets them in order; the cursor's
 * row and column count wrapped rows.
 */
typedef void edit_row_fn(void *ctx, const struct line *line);
void edit_draw(const struct edit *edit, const char *prompt, struct style style, edit_row_fn *each,
	       void *ctx);
void edit_cursor(const struct edit *edit, const char *prompt, size_t columns, size_t *ret_row,
		 size_t *ret_column);
