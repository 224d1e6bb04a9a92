/*
 * How a turn is ended from outside.  Private to session/.
 *
 * The daemon sends SIGUSR1 with the number of the turn it means (sigqueue), so
 * that a cancel that crosses the turn's end does not end the next one.  The
 * handler makes `fd` readable, at which whatever blocks (model, command,
 * question) returns; a guest that then goes on computing is interrupted after
 * CANCEL_GRACE_MS.  SIGTERM, which also comes when the daemon dies, cancels
 * whatever runs and makes the worker leave; after CANCEL_LEAVE_MS it is ended
 * where it stands.
 */
#pragma once

#include <stdbool.h>

struct err;
struct host;

#define CANCEL_GRACE_MS 250
#define CANCEL_LEAVE_MS 2000

/* Handlers, timer, eventfd.  Once in a process. */
int cancel_setup(int *ret_fd, struct err *err);

/* Which host the handler interrupts; NULL: none. */
void cancel_set_host(struct host *host);

/* The turn `number` runs until cancel_turn_end(). */
void cancel_turn_begin(int number);
void cancel_turn_end(void);

bool cancel_is_wanted(void);
bool cancel_is_leaving(void);
