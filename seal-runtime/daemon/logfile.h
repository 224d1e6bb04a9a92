/*
 * seald.log in the state folder, where a daemon that a client started has its
 * standard error.  Kept below a size: one file before it is kept, seald.log.1.
 */
#pragma once

#define LOGFILE_MAX (1 << 20)

/* Begins a new file when this one is large.  Cheap; does nothing where standard
 * error is another thing (a terminal, systemd's journal). */
void logfile_turn(void);
