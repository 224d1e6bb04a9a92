/*
 * The terminal interface: a client of the protocol.  Keys, updates and answers
 * go in, frames come out; one poll loop, no timer while nothing happens.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct buf;
struct err;
struct rpc_client;

/* What the interface asks of the program around it. */
struct app_hooks {
	/* Writes and signs a choice that lasts, before it is answered. */
	int (*remember)(const char *root, bool allow, const char *verb, const char *pattern,
			bool prompt, struct err *err);
	/* The line that would write, for the person to see. */
	void (*line)(const char *verb, const char *pattern, bool allow, bool prompt,
		     struct buf *ret_text);
	/* What `seal ARGUMENTS` prints; the last argument is NULL. */
	int (*seal)(const char *const *arguments, struct buf *ret_output, struct err *err);
	bool (*has_command)(const char *name);
	/* Writes a word of [model] into seal.toml and signs. */
	int (*set_model)(const char *root, const char *key, struct str value, struct err *err);
	/* Names of models of a provider. */
	void (*each_model)(struct str provider, void (*each)(void *ctx, const char *name), void *ctx);
};

struct app_setup {
	struct rpc_client *client;	/* initialized */
	const char *cwd;
	const char *session;	/* to resume, or NULL for a new one */
	const struct app_hooks *hooks;
	const char *theme;	/* "dark", "light", "16", "mono", or NULL: by the terminal */
	bool vim;	/* vim's keys in the message, instead of readline's */
	bool alternate;	/* alternate screen instead of the terminal's scrollback */
};

/* Until the person quits.  < 0: the terminal or the daemon failed. */
int app_run(const struct app_setup *setup, struct err *err);

/* The same in plain lines, for screen readers and terminals that can no more:
 * nothing is drawn twice, the cursor never moves up. */
int app_run_plain(const struct app_setup *setup, struct err *err);
