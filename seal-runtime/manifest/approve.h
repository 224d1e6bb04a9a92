/*
 * Approving a manifest: showing what it grants, asking, and signing.
 *
 * Who may call what signs: seal-cli, on behalf of the person at it.  The daemon
 * never does, and nothing that the agent can reach does.  What only describes is
 * also for session/look.
 */
#pragma once

#include "base/str.h"

struct buf;
struct err;
struct manifest;
struct manifest_edit;

/* How the hash is written for people; it may be left off where one is taken. */
#define APPROVE_HASH_PREFIX "blake2b:"

enum approve_for {
	APPROVE_HERE, /* the person's own, for this folder */
	APPROVE_TEAM, /* seal.toml.sig, valid in any folder for who trusts the key */
};

/*
 * What the manifest grants in words, what changed since the last approval that
 * holds, and the hash that approves it.
 */
int approve_describe(const struct manifest *manifest, const char *root, enum approve_for target,
		     struct buf *ret_text, struct err *err);

/* Its lines of warning, for where it is approved by hash and not shown; may be empty. */
void approve_warnings(const struct manifest *manifest, struct buf *ret_text);

/* The lines that changed since then; empty when nothing did, or nothing was approved. */
int approve_diff(const struct manifest *manifest, const char *root, struct buf *ret_text,
		 struct err *err);

/*
 * Signs <root>/seal.toml.  With `hash` (of manifest_canonical_hash()) only if it
 * is that one; without, shows it and asks y or N at the terminal, and where
 * there is none refuses, naming the hash.  ERR_CANCELLED when the answer is no.
 */
int approve_manifest(const char *root, const char *hash, struct err *err);
int approve_manifest_team(const char *root, const char *hash, struct err *err);

/*
 * A manifest for one session of the project, which is not written anywhere: asks as
 * above and gives the signature, of what manifest_trust_signed() takes.  Nothing is
 * asked where it is the project's approved one, or that with another model.  `path`:
 * of the file, or NULL for the project's; `model`: or NULL.
 */
struct approve_once {
	const char *root, *path, *model, *hash;
};
int approve_once(const struct approve_once *what, struct buf *ret_text, struct buf *ret_signature,
		 struct err *err);

/*
 * A permission prompt's answer: adds the rule and signs again.  Only when the
 * file is validly approved as it stands; else its reason, and nothing is
 * written.  Two at once both end up in the file.
 */
int approve_edit(const char *root, const struct manifest_edit *edit, struct err *err);

/* The same for a word of [model]: another model, another effort. */
int approve_model(const char *root, const char *key, struct str value, struct err *err);
