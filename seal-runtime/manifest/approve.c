#include "manifest/approve.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/key.h"
#include "crypto/sig.h"
#include "crypto/signer.h"
#include "crypto/signers.h"
#include "manifest/approvals.h"
#include "manifest/diff.h"
#include "manifest/edit.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"
#include "manifest/words.h"

static const char *root_for(const char *root, enum approve_for target)
{
	return target == APPROVE_TEAM ? MANIFEST_ANY_ROOT : root;
}

/* The approved text, if the approval holds for it: a forged one shows no false diff. */
static int approved_text(const char *root, struct buf *ret_text, struct err *err)
{
	cleanup_approval struct approval approval = {0};
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf bytes = BUF_INIT;
	struct crypto_key key;
	struct err unusable;
	int r = approval_load(root, &approval, err);

	if (r < 0)
		return r;
	if (!approval.text.len ||
	    manifest_parse(buf_str(&approval.text), MANIFEST_NAME, &manifest, &unusable) < 0 ||
	    manifest_canonical(manifest, root, &bytes, &unusable) < 0 ||
	    crypto_sig_verify(buf_str(&approval.signature), buf_str(&bytes), CRYPTO_FOR_MANIFEST,
			      &key, &unusable) < 0 ||
	    crypto_trusted(&key, CRYPTO_FOR_MANIFEST, &unusable) < 0)
		return 0;
	buf_add(ret_text, buf_str(&approval.text));
	return buf_check(ret_text, "the approved text", err);
}

int approve_diff(const struct manifest *manifest, const char *root, struct buf *ret_text,
		 struct err *err)
{
	cleanup_buf struct buf before = BUF_INIT, lines = BUF_INIT;
	int r = approved_text(root, &before, err);

	if (r < 0)
		return r;
	if (before.len)
		diff_lines(buf_str(&before), manifest->text, &lines);
	words_add_plain(ret_text, buf_str(&lines));
	return lines.failed ? err_nomem(err) : buf_check(ret_text, "the difference", err);
}

int approve_describe(const struct manifest *manifest, const char *root, enum approve_for target,
		     struct buf *ret_text, struct err *err)
{
	cleanup_buf struct buf changes = BUF_INIT;
	char hash[HASH_HEX];
	int r = manifest_canonical_hash(manifest, root_for(root, target), hash, err);

	if (r == 0)
		r = approve_diff(manifest, root, &changes, err);
	if (r < 0)
		return r;
	buf_adds(ret_text, target == APPROVE_TEAM ? "For every folder: " : "");
	words_add_plain(ret_text, str_of(root));
	buf_adds(ret_text, "/" MANIFEST_NAME "\n\n");
	words_describe(manifest, ret_text);
	if (changes.len)
		buf_addf(ret_text, "\nChanged since it was last approved\n%s", changes.data);
	buf_addf(ret_text, "\nHash " APPROVE_HASH_PREFIX "%s\n", hash);
	return buf_check(ret_text, "the text", err);
}

void approve_warnings(const struct manifest *manifest, struct buf *ret_text)
{
	words_warn(manifest, ret_text);
}

static int ask(struct str text, struct err *err)
{
	char answer[16] = "";

	(void)fprintf(stderr, "%.*s\nMay an agent do this? [y/N] ", STR_ARG(text));
	(void)fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		answer[0] = '\0';
	if (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0 ||
	    strcmp(answer, "Y\n") == 0)
		return 0;
	return err_set(err, ERR_CANCELLED, "not approved; nothing was signed");
}

/* The person has said yes, in one of the two ways. */
static int consent(const struct manifest *manifest, const char *root, enum approve_for target,
		   const char *hash, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	const struct str prefix = STR(APPROVE_HASH_PREFIX);
	char is[HASH_HEX];
	int r = manifest_canonical_hash(manifest, root_for(root, target), is, err);

	if (r < 0)
		return r;
	if (hash && strcmp(hash + (str_starts(str_of(hash), prefix) ? prefix.len : 0), is) == 0)
		return 0;
	if (hash)
		return err_set(err, ERR_INPUT,
			       "the hash of %s/%s is " APPROVE_HASH_PREFIX
			       "%s, not %s: look at what changed (`seal manifest show`), "
			       "then approve that",
			       root, MANIFEST_NAME, is, hash);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return err_set(
		    err, ERR_INPUT,
		    "no terminal to ask at; look at `seal manifest show`, then approve with "
		    "--approve " APPROVE_HASH_PREFIX "%s",
		    is);
	r = approve_describe(manifest, root, target, &text, err);
	return r < 0 ? r : ask(buf_str(&text), err);
}

static int sign(const struct manifest *manifest, const char *root, struct buf *ret_signature,
		struct err *err)
{
	cleanup_with(crypto_signer_free) struct crypto_signer *signer = NULL;
	cleanup_buf struct buf bytes = BUF_INIT;
	int r = manifest_canonical(manifest, root, &bytes, err);

	if (r == 0)
		r = crypto_signer_open(&signer, err);
	if (r == 0)
		r = crypto_sig_make(signer, buf_str(&bytes), CRYPTO_FOR_MANIFEST, ret_signature,
				    err);
	/* Signing with a key that is not trusted would look done and be refused. */
	if (r == 0)
		r = crypto_trusted(crypto_signer_key(signer), CRYPTO_FOR_MANIFEST, err);
	return r;
}

static int save_team(const char *root, struct str signature, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	int r;

	buf_addf(&path, "%s/" MANIFEST_SIG_NAME, root);
	r = buf_check(&path, "the path", err);
	return r < 0 ? r : fd_replace_path(path.data, signature, 0644, err);
}

static int approve(const char *root, enum approve_for target, const char *hash, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf signature = BUF_INIT;
	cleanup_close int lock = -1;
	int r = manifest_load(root, &manifest, err);

	if (r == 0)
		r = consent(manifest, root, target, hash, err);
	if (r == 0)
		r = sign(manifest, root_for(root, target), &signature, err);
	if (r == 0)
		r = approval_lock(&lock, err);
	if (r < 0)
		return r;
	return target == APPROVE_TEAM
		   ? save_team(root, buf_str(&signature), err)
		   : approval_save(root, manifest->text, buf_str(&signature), err);
}

int approve_manifest(const char *root, const char *hash, struct err *err)
{
	return approve(root, APPROVE_HERE, hash, err);
}

int approve_manifest_team(const char *root, const char *hash, struct err *err)
{
	return approve(root, APPROVE_TEAM, hash, err);
}

static int replace_text(const char *root, struct str text, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	struct stat st;
	int r;

	buf_addf(&path, "%s/" MANIFEST_NAME, root);
	r = buf_check(&path, "the path", err);
	if (r < 0)
		return r;
	if (lstat(path.data, &st) < 0)
		return err_sys(err, "%s", path.data);
	return fd_replace_path(path.data, text, st.st_mode & 0777, err);
}

/* Signs before it writes: without the key nothing changes. */
static int write_edited(const char *root, struct str text, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf signature = BUF_INIT;
	int r = manifest_parse(text, MANIFEST_NAME, &manifest, err);

	if (r == 0)
		r = sign(manifest, root, &signature, err);
	if (r == 0)
		r = replace_text(root, text, err);
	if (r == 0)
		r = approval_save(root, text, buf_str(&signature), err);
	return r;
}

/* What is to change: a rule, or a word of [model]. */
struct change {
	const struct manifest_edit *rule;
	const char *key;
	struct str value;
};

static int change_text(struct str text, const struct change *change, struct buf *ret_text, struct err *err)
{
	return change->rule ? manifest_edit_add(text, change->rule, ret_text, err)
			    : manifest_edit_model(text, change->key, change->value, ret_text, err);
}

static int write_change(const char *root, const struct change *change, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_close int lock = -1;
	int r = approval_lock(&lock, err);

	if (r == 0)
		r = manifest_load(root, &manifest, err);
	if (r == 0)
		r = manifest_trust(manifest, root, err);
	if (r == 0)
		r = change_text(manifest->text, change, &text, err);
	if (r < 0)
		return r;
	if (str_eq(buf_str(&text), manifest->text))
		return 0;
	return write_edited(root, buf_str(&text), err);
}

int approve_edit(const char *root, const struct manifest_edit *edit, struct err *err)
{
	return write_change(root, &(struct change){ .rule = edit }, err);
}

int approve_model(const char *root, const char *key, struct str value, struct err *err)
{
	return write_change(root, &(struct change){ .key = key, .value = value }, err);
}

/* As consent(), about a file that is not the project's. */
static int consent_once(const struct manifest *manifest, const struct approve_once *what,
			struct err *err)
{
	const struct str prefix = STR(APPROVE_HASH_PREFIX);
	cleanup_buf struct buf text = BUF_INIT;
	const char *hash = what->hash;
	char is[HASH_HEX];

	if (manifest_canonical_hash(manifest, what->root, is, err) < 0)
		return err->code;
	if (hash && strcmp(hash + (str_starts(str_of(hash), prefix) ? prefix.len : 0), is) == 0)
		return 0;
	if (hash)
		return err_set(err, ERR_INPUT,
			       "the hash of %s is " APPROVE_HASH_PREFIX "%s, not %s: look at it, then "
			       "approve that", what->path, is, hash);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return err_set(err, ERR_INPUT,
			       "no terminal to ask at; look at %s, then approve it for this session "
			       "with --approve " APPROVE_HASH_PREFIX "%s", what->path, is);
	buf_addf(&text, "%s, for one session of ", what->path);
	words_add_plain(&text, str_of(what->root));
	buf_adds(&text, "\n\n");
	words_describe(manifest, &text);
	return text.failed ? err_nomem(err) : ask(buf_str(&text), err);
}

/* The file's text, and whether it is approved for the project as it stands. */
static int read_once(const struct approve_once *what, struct buf *ret_text, bool *ret_is_approved,
		     struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	struct err why;

	if (!what->path) {
		if (manifest_load(what->root, &manifest, err) < 0 ||
		    manifest_trust(manifest, what->root, err) < 0)
			return err->code;
		*ret_is_approved = true;
		buf_add(ret_text, manifest->text);
		return buf_check(ret_text, "the manifest", err);
	}
	if (fd_read_file(AT_FDCWD, what->path, MANIFEST_SIZE_MAX, &text, err) < 0 ||
	    manifest_parse(buf_str(&text), what->path, &manifest, err) < 0)
		return err->code;
	*ret_is_approved = manifest_trust(manifest, what->root, &why) >= 0;
	buf_add(ret_text, buf_str(&text));
	return buf_check(ret_text, "the manifest", err);
}

int approve_once(const struct approve_once *what, struct buf *ret_text, struct buf *ret_signature,
		 struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf base = BUF_INIT;
	bool is_approved;

	if (read_once(what, &base, &is_approved, err) < 0)
		return err->code;
	if (!what->model)
		buf_add(ret_text, buf_str(&base));
	else if (manifest_edit_model(buf_str(&base), "name", str_of(what->model), ret_text, err) < 0)
		return err->code;
	if (buf_check(ret_text, "the manifest", err) < 0 ||
	    manifest_parse(buf_str(ret_text), MANIFEST_NAME, &manifest, err) < 0 ||
	    (!is_approved && consent_once(manifest, what, err) < 0))
		return err->code;
	return sign(manifest, what->root, ret_signature, err);
}
