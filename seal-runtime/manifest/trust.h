/*
 * May this manifest be used in this folder?  The one question between a
 * seal.toml on disk and a session; the answer is no unless a signature of a
 * trusted key covers exactly this canonical form at exactly this root.
 *
 * Signatures are SSHSIG, namespace "seal-manifest".  The person's own
 * signatures live outside the project, in `$XDG_STATE_HOME/seal/approvals/`
 * (one file a root, named by the hash of the root); a team's signature is
 * `seal.toml.sig` beside the manifest and counts when its key is trusted
 * (`seal keys trust`).  Only seal-cli makes signatures (manifest/approve.h).
 */
#pragma once

#include "base/str.h"

struct buf;
struct err;
struct manifest;

/*
 * 0 when the manifest is covered.  ERR_INPUT otherwise; the text says which of
 * unsigned, altered, wrong root, untrusted key, broken signature it is, and the
 * remedy (`seal manifest sign`, `seal keys trust`).
 */
int manifest_trust(const struct manifest *manifest, const char *root, struct err *err);

/* The same for a manifest that stands elsewhere, by the signature that comes with it:
 * of a trusted key, for this root. */
int manifest_trust_signed(const struct manifest *manifest, const char *root, struct str signature,
			  struct err *err);

/* As the root of a team's signature: any folder. */
#define MANIFEST_ANY_ROOT "*"
#define MANIFEST_SIG_NAME "seal.toml.sig"

/*
 * The bytes that are signed, one line of JSON:
 *   {"seal-manifest":1,"root":"/p","values":{"schema_version":1,...}}
 * `values` are the keys that the file sets, none that it leaves unset, in the
 * order of manifest.def; layout and comments are not in it.  `root` is the real
 * path of the folder, or MANIFEST_ANY_ROOT.
 */
int manifest_canonical(const struct manifest *manifest, const char *root, struct buf *ret_bytes,
		       struct err *err);

/* The canonical hash that approval is about: `sha...` text for `--approve`. */
int manifest_canonical_hash(const struct manifest *manifest, const char *root, char ret_hex[65],
			    struct err *err);
