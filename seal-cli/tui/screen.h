/*
 * The picture.  Finished lines go into the terminal's own scrollback by plain
 * newlines; below them stands a live region that is redrawn by difference,
 * inside synchronized output.  Pure: bytes go to a buffer, the caller writes.
 *
 *   screen_commit(s, line);                   a finished line, any length
 *   screen_begin(s); screen_row(s, line); ... screen_cursor(s, row, column);
 *   screen_end(s);                            the frame's bytes are in screen_out(s)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "seal-cli/tui/text.h"

struct screen;
struct links;

struct screen *screen_new(size_t columns, size_t rows, enum theme theme);
void screen_free(struct screen *screen);
DEFINE_CLEANUP(struct screen, screen_free)

size_t screen_columns(const struct screen *screen);
size_t screen_rows(const struct screen *screen);

/* Another look; the next frame repaints. */
void screen_set_theme(struct screen *screen, enum theme theme);
/* The addresses of cells; borrowed, NULL for none. */
void screen_set_links(struct screen *screen, const struct links *links);

/* For the alternate screen, which has no scrollback: finished lines are kept
 * here, the frame fills the terminal, and screen_scroll() moves over them
 * (positive: back in time; 0: to the newest).  False when memory ran out. */
bool screen_keep_lines(struct screen *screen);
void screen_scroll(struct screen *screen, long rows);
bool screen_is_scrolled(const struct screen *screen);

/* The terminal changed size: the next frame repaints the live region. */
void screen_resize(struct screen *screen, size_t columns, size_t rows);

/* Everything drawn is forgotten: the next frame starts from an empty screen. */
void screen_redraw(struct screen *screen);

void screen_commit(struct screen *screen, const struct line *line);

void screen_begin(struct screen *screen);
/* Adds `line`, wrapped, to the live region; returns the rows it took. */
size_t screen_row(struct screen *screen, const struct line *line);
/* The same, its first `rows` rows at most. */
size_t screen_row_within(struct screen *screen, const struct line *line, size_t rows);
/* Where the cursor stands, in rows and columns of the live region. */
void screen_cursor(struct screen *screen, size_t row, size_t column);
/* Rows of the live region so far. */
size_t screen_live(const struct screen *screen);
void screen_end(struct screen *screen);

/* Leaves the cursor on a fresh line below the live region, which is erased
 * when `erase`. */
void screen_leave(struct screen *screen, bool erase);

/* The bytes to write; clear with buf_clear() once written. */
struct buf *screen_out(struct screen *screen);
