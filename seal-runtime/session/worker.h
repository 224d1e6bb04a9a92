/*
 * The process of one active session: it holds the agent component, the gate
 * and the log, and answers the daemon's requests one after the other.
 *
 * seald's mode `worker` calls session_worker_run(); nobody else.  It never
 * listens, and it exits when the daemon closes its end.
 *
 * Requests: _seal/start (first), session/prompt, _seal/history.  It sends
 * session/update and session/request_permission.
 */
#pragma once

/* Returns the exit code. */
int session_worker_run(int fd);
