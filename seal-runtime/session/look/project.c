#include "session/look/look.h"

#include <limits.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "gate/by_hand.h"
#include "manifest/approve.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"
#include "session/state.h"

static int read_cwd(yyjson_val *params, char ret_path[PATH_MAX], struct err *err)
{
	cleanup_free char *cwd = str_dup(json_str(params, "cwd"));

	if (!cwd)
		return err_nomem(err);
	if (cwd[0] != '/')
		return err_set(err, ERR_INPUT, "\"%.200s\" is no absolute path", cwd);
	return realpath(cwd, ret_path) ? 0 : err_sys(err, "the folder %.200s", cwd);
}

/* The project that holds the folder; without a manifest the folder itself. */
static int find_root(yyjson_val *params, char **ret_root, struct err *err)
{
	char path[PATH_MAX];
	struct err ignored;

	if (read_cwd(params, path, err) < 0)
		return err->code;
	if (manifest_find_root(path, ret_root, &ignored) >= 0)
		return 0;
	*ret_root = str_dup(str_of(path));
	return *ret_root ? 0 : err_nomem(err);
}

static int read_count(yyjson_val *params, unsigned int *ret_count, struct err *err)
{
	int64_t count = json_int(params, "count", 1);

	if (count < 1 || count > LOOK_COUNT_MAX)
		return err_set(err, ERR_INPUT, "\"count\" is a number of commands from 1 to %d",
			       LOOK_COUNT_MAX);
	*ret_count = (unsigned int)count;
	return 0;
}

static int put_text(struct buf *ret_json, const struct buf *text, int64_t kept, struct err *err)
{
	struct json w = json_to(ret_json);

	json_object(&w);
	json_kv(&w, "text", buf_str(text));
	if (kept >= 0)
		json_kv_int(&w, "kept", kept);
	json_end(&w);
	return buf_check(ret_json, "the answer", err);
}

int look_undo(struct session *session, yyjson_val *params, struct buf *ret_json,
	      const char **ret_fault, struct err *err)
{
	cleanup_free char *root = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	unsigned int count = 1, kept = 0;

	(void)session;
	*ret_fault = FAULT_SYSTEM;
	if (read_count(params, &count, err) < 0 || find_root(params, &root, err) < 0 ||
	    by_hand_undo(root, count, &text, &kept, err) < 0)
		return err->code;
	return put_text(ret_json, &text, kept, err);
}

int look_undo_list(struct session *session, yyjson_val *params, struct buf *ret_json,
		   const char **ret_fault, struct err *err)
{
	cleanup_free char *root = NULL;
	cleanup_buf struct buf text = BUF_INIT;

	(void)session;
	*ret_fault = FAULT_SYSTEM;
	if (find_root(params, &root, err) < 0 || by_hand_undo_list(root, &text, err) < 0)
		return err->code;
	return put_text(ret_json, &text, -1, err);
}

int look_diff(struct session *session, yyjson_val *params, struct buf *ret_json,
	      const char **ret_fault, struct err *err)
{
	cleanup_free char *root = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	unsigned int count = 1;

	(void)session;
	*ret_fault = FAULT_SYSTEM;
	if (read_count(params, &count, err) < 0 || find_root(params, &root, err) < 0 ||
	    by_hand_diff(root, count, &text, err) < 0)
		return err->code;
	return put_text(ret_json, &text, -1, err);
}

static int put_manifest(const struct manifest *manifest, const char *root, struct json *w,
			struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT, approval = BUF_INIT;
	struct err why;
	bool is_approved = manifest_trust(manifest, root, &why) >= 0;
	char hash[65];

	if (manifest_canonical_hash(manifest, root, hash, err) < 0 ||
	    approve_describe(manifest, root, APPROVE_HERE, &text, err) < 0)
		return err->code;
	buf_addf(&approval, APPROVE_HASH_PREFIX "%s", hash);
	json_kv(w, "root", str_of(root));
	json_kv(w, "hash", buf_str(&approval));
	json_kv_bool(w, "isApproved", is_approved);
	if (!is_approved)
		json_kv(w, "reason", str_of(why.text));
	json_kv(w, "text", buf_str(&text));
	return 0;
}

int look_manifest(struct session *session, yyjson_val *params, struct buf *ret_json,
		  const char **ret_fault, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_free char *root = NULL;
	struct json w = json_to(ret_json);
	char cwd[PATH_MAX];

	(void)session;
	*ret_fault = FAULT_MANIFEST;
	if (read_cwd(params, cwd, err) < 0 || manifest_find_root(cwd, &root, err) < 0 ||
	    manifest_load(root, &manifest, err) < 0)
		return err->code;
	json_object(&w);
	if (put_manifest(manifest, root, &w, err) < 0)
		return err->code;
	json_end(&w);
	return buf_check(ret_json, "the answer", err);
}
