/*
 * Which manifest rules a session: the project's, or the one that a fork was made
 * with.  That stands in the session's folder, with the signature of the person who
 * made the fork, and is held to it each time: whoever else writes there changes
 * nothing.
 */
#include "session/state.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "crypto/sig.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"

static int open_folder(const char *path, int *ret_fd, struct err *err)
{
	*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return *ret_fd < 0 ? err_sys(err, "open %s", path) : 0;
}

int session_keep_manifest(const struct session *session, struct str text, struct str signature,
			  struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_close int dir = -1;

	if (manifest_parse(text, MANIFEST_NAME, &manifest, err) < 0 ||
	    manifest_trust_signed(manifest, session->meta.root, signature, err) < 0 ||
	    open_folder(session->dir, &dir, err) < 0 ||
	    fd_replace_file(dir, MANIFEST_SIG_NAME, signature, 0600, err) < 0)
		return err->code;
	return fd_replace_file(dir, MANIFEST_NAME, text, 0600, err);
}

static int load_own(const struct session *session, struct manifest **ret_manifest, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf signature = BUF_INIT;
	cleanup_close int dir = -1;

	if (manifest_load(session->dir, &manifest, err) < 0 || open_folder(session->dir, &dir, err) < 0 ||
	    fd_read_file(dir, MANIFEST_SIG_NAME, CRYPTO_SIG_MAX, &signature, err) < 0 ||
	    manifest_trust_signed(manifest, session->meta.root, buf_str(&signature), err) < 0)
		return err_wrap(err, "the manifest that this session was forked with");
	*ret_manifest = take_ptr(manifest);
	return 0;
}

int session_load_manifest(const struct session *session, struct manifest **ret_manifest,
			  struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_close int dir = -1;

	if (open_folder(session->dir, &dir, err) < 0)
		return err->code;
	if (faccessat(dir, MANIFEST_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return load_own(session, ret_manifest, err);
	if (manifest_load(session->meta.root, &manifest, err) < 0 ||
	    manifest_trust(manifest, session->meta.root, err) < 0)
		return err->code;
	*ret_manifest = take_ptr(manifest);
	return 0;
}
