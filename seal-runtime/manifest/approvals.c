#include "manifest/approvals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "crypto/sig.h"
#include "manifest/manifest.h"

/* The text, escaped at its worst, and the rest. */
#define RECORD_MAX (6 * MANIFEST_SIZE_MAX + 65536)

static int folder_path(struct buf *ret_path, struct err *err)
{
	cleanup_free char *state = NULL;
	int r = dirs_get(DIRS_STATE, &state, err);

	if (r < 0)
		return r;
	buf_addf(ret_path, "%s/approvals", state);
	r = buf_check(ret_path, "the path", err);
	return r < 0 ? r : fd_make_dirs(ret_path->data, err);
}

static int file_path(const char *root, const char *suffix, struct buf *ret_path, struct err *err)
{
	char real[PATH_MAX], hash[HASH_HEX];
	int r;

	if (!realpath(root, real))
		return err_sys(err, "%s", root);
	r = folder_path(ret_path, err);
	if (r < 0)
		return r;
	hash_hex(str_of(real), hash);
	buf_addf(ret_path, "/%s%s", hash, suffix);
	return buf_check(ret_path, "the path", err);
}

void approval_fini(struct approval *approval)
{
	buf_fini(&approval->signature);
	buf_fini(&approval->text);
	buf_fini(&approval->root);
	buf_fini(&approval->path);
}

/* A record that cannot be read costs the diff, never the approval's check. */
static void read_record(const char *path, struct approval *approval)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	struct err unread;

	if (fd_read_file(AT_FDCWD, path, RECORD_MAX, &bytes, &unread) < 0)
		return;
	doc = json_read(buf_str(&bytes), NULL, NULL);
	if (!doc)
		return;
	buf_add(&approval->root, json_str(yyjson_doc_get_root(doc), "root"));
	buf_add(&approval->text, json_str(yyjson_doc_get_root(doc), "text"));
}

int approval_load(const char *root, struct approval *ret_approval, struct err *err)
{
	cleanup_buf struct buf record = BUF_INIT;
	int r;

	*ret_approval = (struct approval){0};
	r = file_path(root, ".sig", &ret_approval->path, err);
	if (r == 0)
		r = file_path(root, ".json", &record, err);
	if (r < 0)
		return r;
	if (access(ret_approval->path.data, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = fd_read_file(AT_FDCWD, ret_approval->path.data, CRYPTO_SIG_MAX,
			 &ret_approval->signature, err);
	if (r < 0)
		return r;
	ret_approval->is_there = true;
	read_record(record.data, ret_approval);
	return 0;
}

int approval_save(const char *root, struct str text, struct str signature, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT, record_path = BUF_INIT, record = BUF_INIT;
	struct json json = json_to(&record);
	char real[PATH_MAX];
	int r;

	if (!realpath(root, real))
		return err_sys(err, "%s", root);
	json_object(&json);
	json_kv(&json, "root", str_of(real));
	json_kv(&json, "text", text);
	json_end(&json);
	buf_addc(&record, '\n');
	r = buf_check(&record, "the approval", err);
	if (r == 0)
		r = file_path(root, ".json", &record_path, err);
	if (r == 0)
		r = file_path(root, ".sig", &path, err);
	if (r == 0)
		r = fd_replace_path(record_path.data, buf_str(&record), 0600, err);
	if (r == 0)
		r = fd_replace_path(path.data, signature, 0600, err);
	return r;
}

int approval_lock(int *ret_fd, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_close int fd = -1;
	int r = folder_path(&path, err);

	if (r < 0)
		return r;
	buf_adds(&path, "/lock");
	r = buf_check(&path, "the path", err);
	if (r < 0)
		return r;
	fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, "open %s", path.data);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(err, "lock %s", path.data);
	*ret_fd = take_fd(fd);
	return 0;
}
