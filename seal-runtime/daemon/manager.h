/*
 * What systemd and seald say to each other, without its library: a listening
 * socket that is inherited (socket activation), and the news that seald is ready
 * or ends (Type=notify).  Private to daemon/.
 *
 * Without systemd both do nothing.
 */
#pragma once

struct err;

/* The inherited socket, or -1 when there is none.  ERR_INPUT: it is no listening
 * Unix socket, or there are several.  The variables are gone afterwards, so that
 * no process below takes them for its own. */
int manager_take_socket(int *ret_fd, struct err *err);

/* "READY=1", "STOPPING=1". */
void manager_tell(const char *state);
