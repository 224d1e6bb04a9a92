/*
 * What `seal acp` does in the daemon's place, because it needs the person's key:
 * approving a seal.toml (_seal/approve), and another model for a session
 * (session/set_config_option), which is a word of seal.toml.
 *
 * Called by cmd_acp.c with each line it passes on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

#define ACP_SESSIONS_MAX 64 /* of one editor whose project is remembered */

struct acp_signing {
	struct {
		char *id, *root;
	} sessions[ACP_SESSIONS_MAX];
	size_t n; /* ever; the oldest is forgotten */
};
void acp_signing_fini(struct acp_signing *signing);

/* A line of the daemon: which project a session is in. */
void acp_learn(struct acp_signing *signing, struct str line);

/* A line of the editor.  true: it is answered, with the line `ret_reply`, and not
 * to be passed on. */
bool acp_sign(struct acp_signing *signing, struct str line, struct buf *ret_reply);
