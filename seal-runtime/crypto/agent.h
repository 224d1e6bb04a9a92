/*
 * Private to crypto/ and the key commands: the ssh-agent behind SSH_AUTH_SOCK.
 * It lists its public keys and signs; secrets stay with it.
 */
#pragma once

#include <stddef.h>

#include "crypto/key.h"

struct buf;
struct err;

#define AGENT_KEYS_MAX 64

/* A connection; to be closed.  The remedy is in the error when there is no agent. */
int agent_connect(int *ret_fd, struct err *err);

/* Up to AGENT_KEYS_MAX keys; certificates are left out. */
int agent_list(int fd, struct crypto_key *keys, size_t *ret_n, struct err *err);

/* May wait for the person (a hardware key, `ssh-add -c`). */
int agent_sign(int fd, const struct crypto_key *key, struct str data, struct buf *ret_signature,
	       struct err *err);
