/*
 * The terminal itself: raw mode and modes of the keyboard, restored on every way
 * out, fatal signals and stops included; its size; whole writes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

/* Raw mode on stdin/stdout.  `alternate`: the alternate screen. */
int term_open(bool alternate, struct err *err);
/* Safe to call twice; async-signal-safe. */
void term_close(void);
/* Stops this process as Ctrl+Z would, and comes back in raw mode. */
void term_suspend(void);

/* $VISUAL, $EDITOR or vi on the file; false when it could not be run. */
bool term_edit(const char *path);

void term_size(size_t *ret_columns, size_t *ret_rows);
/* Whole; false when the terminal is gone. */
bool term_write(struct str bytes);

/* Readable when the size changed or a signal to end came; see term_event(). */
int term_event_fd(void);
enum term_event { TERM_NOTHING, TERM_RESIZED, TERM_END, TERM_RESUMED };
enum term_event term_event(void);
