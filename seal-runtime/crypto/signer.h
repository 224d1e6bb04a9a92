/*
 * The person's signing key: seal's own Ed25519 key in a file, made at first
 * use, or a key of the ssh-agent.
 *
 * Only seal-cli (and for receipts the daemon) opens one.  The secret never
 * leaves this folder: callers hand in bytes and get a signature.
 *
 *   $XDG_CONFIG_HOME/seal/keys/seal_ed25519      OpenSSH private key, 0600
 *   $XDG_CONFIG_HOME/seal/keys/seal_ed25519.pub  its public half
 *   $XDG_CONFIG_HOME/seal/keys/receipt           signs receipts of logs, nothing else
 *   $XDG_CONFIG_HOME/seal/keys/use               the choice of `seal keys use`:
 *                                                "file", or "agent" and a public key
 *
 * SEAL_KEY_BACKEND=file|agent goes before that choice.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/str.h"

struct buf;
struct crypto_key;
struct crypto_signer;
struct err;

/* As chosen; makes seal's own key, and trusts it, when that is what is missing. */
int crypto_signer_open(struct crypto_signer **ret_signer, struct err *err);
/* The key that signs receipts, made at first use: never the person's own, so that
 * a session which signs its log can approve nothing. */
int crypto_signer_open_receipt(struct crypto_signer **ret_signer, struct err *err);
/* Is there a key, or a choice, so that opening makes nothing new? */
bool crypto_signer_exists(void);
void crypto_signer_free(struct crypto_signer *signer);
DEFINE_CLEANUP(struct crypto_signer, crypto_signer_free)

const struct crypto_key *crypto_signer_key(const struct crypto_signer *signer);
bool crypto_signer_is_agent(const struct crypto_signer *signer);

/* An SSH signature of the data: type, then bytes. */
int crypto_signer_sign(struct crypto_signer *signer, struct str data, struct buf *ret_signature,
		       struct err *err);

/* Makes seal's own key; ERR_INPUT when there is one. *ret_path is its file, to be freed. */
int crypto_signer_make(char **ret_path, struct err *err);

/* What crypto_signer_open() opens from now on; NULL: seal's own key. */
int crypto_signer_choose(const struct crypto_key *agent_key, struct err *err);
