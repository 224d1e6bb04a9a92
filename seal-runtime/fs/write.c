#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/tmp.h"
#include "fs/fs.h"
#include "fs/fs_private.h"

/* The folders that are missing, one by one: what is made here is opened here,
 * so nothing that somebody put there meanwhile is entered. */
static int make_folders(int parent, const char *name, const char **ret_leaf, struct err *err)
{
	cleanup_close int dir = parent < 0 ? -1 : fcntl(parent, F_DUPFD_CLOEXEC, 0);
	struct str rest = str_of(name), part;
	const char *slash;

	if (dir < 0)
		return err_sys(err, "its folder");
	while ((slash = strchr(rest.data, '/')) && str_split(&rest, '/', &part)) {
		cleanup_free char *folder = str_dup(part);
		int next;

		if (!folder)
			return err_nomem(err);
		if (mkdirat(dir, folder, 0777) < 0)
			return err_sys(err, "make folder %s", folder);
		next = openat(dir, folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return err_sys(err, "open folder %s", folder);
		closep(&dir);
		dir = next;
	}
	*ret_leaf = rest.data;
	return take_fd(dir);
}

static void sync_folder(int dir)
{
	cleanup_close int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Some file systems cannot sync a folder; the rename stands anyway. */
	if (fd >= 0)
		(void)fsync(fd);
}

static int put_in_place(struct tmp *tmp, const char *leaf, bool creates, struct err *err)
{
	unsigned int flags = creates ? RENAME_NOREPLACE : 0;
	int r = renameat2(tmp->dir, tmp->name, tmp->dir, leaf, flags);

	/* A file system without NOREPLACE: fs_recheck() has just looked. */
	if (r < 0 && errno == EINVAL && creates)
		r = renameat(tmp->dir, tmp->name, tmp->dir, leaf);
	if (r < 0)
		return err_sys(err, "rename into place");
	tmp->name[0] = '\0';
	sync_folder(tmp->dir);
	return 0;
}

/* Mode and owner of what is replaced; never a set-id bit. */
static int keep_facts(const struct grant_file *grant, int fd, struct err *err)
{
	struct stat st;

	if (grant->object < 0)
		return 0;
	if (fstat(grant->object, &st) < 0)
		return err_sys(err, "look at it");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "it is no regular file");
	if (faccessat(grant->parent, grant->name, W_OK, AT_EACCESS) < 0)
		return err_sys(err, "it is read-only");
	if (fchown(fd, st.st_uid, st.st_gid) < 0 && errno != EPERM)
		return err_sys(err, "keep its owner");
	return fchmod(fd, st.st_mode & 0777) < 0 ? err_sys(err, "keep its mode") : 0;
}

static int replace(const struct grant_file *grant, struct str bytes, struct err *err)
{
	const char *leaf = grant->name;
	cleanup_close int dir = make_folders(grant->parent, grant->name, &leaf, err);
	cleanup_with(tmp_drop) struct tmp tmp = { .dir = dir, .fd = -1 };
	int r;

	if (dir < 0)
		return dir;
	r = tmp_open(&tmp, 0666, err);
	if (r < 0)
		return r;
	r = keep_facts(grant, tmp.fd, err);
	if (r < 0)
		return r;
	r = fd_write_all(tmp.fd, bytes, err);
	if (r < 0)
		return r;
	if (fsync(tmp.fd) < 0)
		return err_sys(err, "fsync");
	if (leaf == grant->name) {
		r = fs_recheck(grant, err);
		if (r < 0)
			return r;
	}
	return put_in_place(&tmp, leaf, grant->object < 0, err);
}

/* The old text for the diff: empty when there is none or it is no text. */
static int load_old(const struct grant_file *grant, struct buf *ret_old, struct err *err)
{
	int r;

	if (grant->object < 0)
		return 0;
	r = fs_load(grant, FS_SCAN_MAX, ret_old, err);
	if (r == ERR_LIMIT) {
		buf_clear(ret_old);
		return 0;
	}
	return r;
}

int fs_put(const struct grant_file *grant, struct str old_bytes, struct str bytes,
	   struct fs_written *ret_written, struct err *err)
{
	int r = replace(grant, bytes, err);

	if (r < 0)
		return err_wrap(err, "write %s", grant->path);
	ret_written->created = grant->object < 0;
	ret_written->bytes = bytes.len;
	ret_written->digest = fs_digest_bytes(bytes);
	fs_diff(old_bytes, bytes, grant->shown ? grant->shown : grant->path, &ret_written->diff);
	return 0;
}

/* A byte-order mark is not shown to a reader, so a writer cannot know of it:
 * it stays. */
static bool lost_bom(struct str old_bytes, struct str text)
{
	return str_starts(old_bytes, STR(FS_BOM)) && !str_starts(text, STR(FS_BOM));
}

int fs_write(const struct grant_file *grant, struct str text, struct fs_written *ret_written,
	     struct err *err)
{
	cleanup_buf struct buf old = BUF_INIT;
	cleanup_buf struct buf full = BUF_INIT;
	int r = load_old(grant, &old, err);

	if (r < 0)
		return err_wrap(err, "write %s", grant->path);
	if (!lost_bom(buf_str(&old), text))
		return fs_put(grant, buf_str(&old), text, ret_written, err);
	buf_adds(&full, FS_BOM);
	buf_add(&full, text);
	r = buf_check(&full, grant->path, err);
	return r < 0 ? r : fs_put(grant, buf_str(&old), buf_str(&full), ret_written, err);
}

int fs_write_preview(const struct grant_file *grant, struct str text, struct buf *ret_diff,
		     struct err *err)
{
	cleanup_buf struct buf old = BUF_INIT;
	int r = load_old(grant, &old, err);

	if (r < 0)
		return r;
	fs_diff(buf_str(&old), text, grant->shown ? grant->shown : grant->path, ret_diff);
	return buf_check(ret_diff, "the diff", err);
}
