/*
 * The daemon's inside: clients on one side, workers on the other, requests and
 * updates relayed between them.  daemon/ makes one and runs the loop.
 *
 * It reads no manifest, holds no key and runs no agent: what a session may do
 * is settled in its worker.  Nothing here blocks but the list of sessions.
 */
#pragma once

#include <uv.h>

#include "base/cleanup.h"

struct err;
struct server;

/* Durations in milliseconds; 0 for idle_exit: never. */
struct server_setup {
	uv_loop_t *loop;
	int listen_fd;          /* listening; the server's from now on, also on failure */
	unsigned int linger;    /* a worker without work lives so long */
	unsigned int idle_exit; /* without clients and workers the daemon ends after this */
	void (*on_client)(void); /* before one is let in; may be NULL */
	unsigned int ask_wait;  /* a question nobody is there to answer is refused after this */
};

#define SERVER_CANCEL_WAIT 80 /* from a cancel to its answer, whatever the worker does */
#define SERVER_KILL_WAIT 2000 /* from a cancel to SIGKILL */

int server_new(const struct server_setup *setup, struct server **ret_server, struct err *err);

/* Cancels what runs, ends the workers and closes every handle; uv_run()
 * returns when that is done. */
void server_stop(struct server *server);

/* After uv_run(). */
void server_free(struct server *server);
DEFINE_CLEANUP(struct server, server_free)
