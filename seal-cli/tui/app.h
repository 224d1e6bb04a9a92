/*
 * The terminal interface: a client of the protocol.  Keys, updates and answers
 * go in, frames come out; one poll loop, no timer while nothing happens.
 */
#pragma once

#include <stdbool.h>

struct err;
struct rpc_client;

/* What the interface asks of the program around it. */
struct app_hooks {
	/* Writes and signs a choice that lasts, before it is answered. */
	int (*remember)(const char *root, bool allow, const char *verb, const char *pattern,
			bool prompt, struct err *err);
};

struct app_setup {
	struct rpc_client *client;	/* initialized */
	const char *cwd;
	const char *session;	/* to resume, or NULL for a new one */
	const struct app_hooks *hooks;
	bool alternate;	/* alternate screen instead of the terminal's scrollback */
};

/* Until the person quits.  < 0: the terminal or the daemon failed. */
int app_run(const struct app_setup *setup, struct err *err);
