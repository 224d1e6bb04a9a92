#include "manifest/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/utf8.h"
#include "crypto/key.h"
#include "crypto/sig.h"
#include "crypto/signers.h"
#include "manifest/approvals.h"
#include "manifest/manifest.h"
#include "manifest/store.h"

#define CANONICAL_VERSION 1

#define SIGN_REMEDY "look at it with `seal manifest show`, approve it with `seal manifest sign`"

int manifest_canonical(const struct manifest *manifest, const char *root, struct buf *ret_bytes,
		       struct err *err)
{
	const struct manifest_store *store = manifest->store;
	struct json json = json_to(ret_bytes);
	char path[PATH_MAX] = MANIFEST_ANY_ROOT;

	if (strcmp(root, MANIFEST_ANY_ROOT) != 0 && !realpath(root, path))
		return err_sys(err, "%s", root);
	/* Two paths that are no text would look the same in JSON. */
	if (!utf8_valid(str_of(path)))
		return err_set(err, ERR_INPUT, "the folder's path is not UTF-8; rename the folder");
	json_object(&json);
	json_kv_int(&json, "seal-manifest", CANONICAL_VERSION);
	json_kv(&json, "root", str_of(path));
	json_kv_raw(&json, "values", buf_str(&store->values));
	json_end(&json);
	buf_addc(ret_bytes, '\n');
	return buf_check(ret_bytes, "the manifest", err);
}

int manifest_canonical_hash(const struct manifest *manifest, const char *root, char ret_hex[65],
			    struct err *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	int r = manifest_canonical(manifest, root, &bytes, err);

	if (r == 0)
		hash_hex(buf_str(&bytes), ret_hex);
	return r;
}

enum answer { COVERED, ABSENT };

/* Does the signature cover the manifest at this root?  Says nothing of trust. */
static int covers(struct str signature, const struct manifest *manifest, const char *root,
		  struct crypto_key *ret_key, struct err *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	int r = manifest_canonical(manifest, root, &bytes, err);

	if (r < 0)
		return r;
	return crypto_sig_verify(signature, buf_str(&bytes), CRYPTO_FOR_MANIFEST, ret_key, err);
}

static bool covers_text(const struct approval *approval, const char *root)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	struct crypto_key key;
	struct err err;

	return approval->text.len &&
	       manifest_parse(buf_str(&approval->text), MANIFEST_NAME, &manifest, &err) == 0 &&
	       covers(buf_str(&approval->signature), manifest, root, &key, &err) == 0;
}

/* The approval does not cover the manifest: which of the reasons is it? */
static int explain(const struct approval *approval, const char *root, struct err *err)
{
	char real[PATH_MAX] = "";

	if (err->code != ERR_INPUT || !realpath(root, real))
		return err->code;
	if (approval->root.len && !str_is(buf_str(&approval->root), real))
		return err_set(
		    err, ERR_INPUT, "%s/%s is not signed: %s is an approval for %.*s; " SIGN_REMEDY,
		    root, MANIFEST_NAME, approval->path.data, STR_ARG(buf_str(&approval->root)));
	if (covers_text(approval, root))
		return err_set(err, ERR_INPUT,
			       "%s/%s was changed since you approved it; `seal manifest diff` "
			       "shows how, `seal "
			       "manifest sign` approves it",
			       root, MANIFEST_NAME);
	return err_wrap(err, "%s/%s: the approval %s does not hold (" SIGN_REMEDY ")", root,
			MANIFEST_NAME, approval->path.data);
}

static int check_trusted(const struct crypto_key *key, const char *root, struct err *err)
{
	int r = crypto_trusted(key, CRYPTO_FOR_MANIFEST, err);

	if (r == ERR_INPUT)
		return err_wrap(
		    err,
		    "%s/%s is signed, but the key is not trusted (`seal keys trust KEY` trusts it)",
		    root, MANIFEST_NAME);
	return r;
}

/* COVERED, ABSENT, or the reason. */
static int check_own(const struct manifest *manifest, const char *root, struct err *err)
{
	cleanup_approval struct approval approval = {0};
	struct crypto_key key;
	int r = approval_load(root, &approval, err);

	if (r < 0)
		return r;
	if (!approval.is_there)
		return ABSENT;
	r = covers(buf_str(&approval.signature), manifest, root, &key, err);
	if (r < 0)
		return explain(&approval, root, err);
	return check_trusted(&key, root, err);
}

static int check_team(const struct manifest *manifest, const char *root, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT, signature = BUF_INIT;
	struct crypto_key key;
	int r;

	buf_addf(&path, "%s/%s", root, MANIFEST_SIG_NAME);
	r = buf_check(&path, "the path", err);
	if (r < 0)
		return r;
	if (access(path.data, F_OK) < 0 && errno == ENOENT)
		return ABSENT;
	r = fd_read_file(AT_FDCWD, path.data, CRYPTO_SIG_MAX, &signature, err);
	if (r == 0)
		r = covers(buf_str(&signature), manifest, MANIFEST_ANY_ROOT, &key, err);
	if (r == ERR_INPUT || r == ERR_LIMIT)
		return err_wrap(err, "%s does not cover this %s (" SIGN_REMEDY ")", path.data,
				MANIFEST_NAME);
	return r < 0 ? r : check_trusted(&key, root, err);
}

int manifest_trust_signed(const struct manifest *manifest, const char *root, struct str signature,
			  struct err *err)
{
	struct crypto_key key;

	if (covers(signature, manifest, root, &key, err) < 0)
		return err->code;
	return check_trusted(&key, root, err);
}

int manifest_trust(const struct manifest *manifest, const char *root, struct err *err)
{
	struct err own_err, team_err;
	int own = check_own(manifest, root, &own_err), team;

	if (own == COVERED)
		return 0;
	team = check_team(manifest, root, &team_err);
	if (team == COVERED)
		return 0;
	if (own == ABSENT && team == ABSENT)
		return err_set(err, ERR_INPUT, "%s/%s is not signed; " SIGN_REMEDY, root,
			       MANIFEST_NAME);
	*err = own == ABSENT ? team_err : own_err;
	return err->code;
}
