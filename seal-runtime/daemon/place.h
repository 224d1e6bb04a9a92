/*
 * The socket of the daemon: one daemon a user, whoever is first.  Private to
 * daemon/.
 */
#pragma once

struct err;

/*
 * Takes the lock that lives as long as *ret_lock_fd, replaces a socket that a
 * dead daemon left, and listens (0600).  A socket that systemd gave is in
 * *listen_fd and stays; -1 there: none was given.  ERR_INPUT when another daemon
 * holds the lock.
 */
int place_take(int *ret_lock_fd, int *listen_fd, struct err *err);

/* Removes the socket; the lock ends with the process. */
void place_leave(void);
