/*
 * The socket of the daemon: one daemon a user, whoever is first.  Private to
 * daemon/.
 */
#pragma once

struct err;

/*
 * Takes the lock that lives as long as *ret_lock_fd, replaces a socket that a
 * dead daemon left, and listens (0600).  ERR_INPUT when another daemon holds
 * the lock.
 */
int place_take(int *ret_lock_fd, int *ret_listen_fd, struct err *err);

/* Removes the socket; the lock ends with the process. */
void place_leave(void);
