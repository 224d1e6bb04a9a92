/* The permission question on a plain terminal.  `seal run` uses it. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "seal-cli/run/question.h"

/*
 * Shows the question and waits for a key: 1 to 4, arrows along the scale.
 * false: no answer, because the turn was cancelled or the daemon has something
 * to say; the caller looks what.
 */
bool ask_terminal(struct question *question, int daemon_fd, enum question_choice *ret_choice);

/* Async-signal-safe; for who ends the program in the middle of it. */
void ask_restore_terminal(void);
