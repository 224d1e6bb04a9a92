#include "seal-cli/audit/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

#define BLOCK    512u
#define FILE_MAX ((size_t)1 << 30)

/* The fields of a header of POSIX's ustar that matter here. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], rest[247];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

static const char *const files[] = { "meta.json", "events.jsonl", "head", "receipt.sig" };

static unsigned int sum_of(const struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned int sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= offsetof(struct header, sum) && i < offsetof(struct header, type)
		               ? ' '
		               : bytes[i];
	return sum;
}

/* ---- writing ---- */

static void put_file(struct buf *tar, const char *name, struct str bytes)
{
	struct header header = { .type = '0' };

	(void)snprintf(header.name, sizeof(header.name), "%s", name);
	(void)snprintf(header.mode, sizeof(header.mode), "%07o", 0600);
	(void)snprintf(header.uid, sizeof(header.uid), "%07o", 0);
	(void)snprintf(header.gid, sizeof(header.gid), "%07o", 0);
	(void)snprintf(header.size, sizeof(header.size), "%011llo", (unsigned long long)bytes.len);
	(void)snprintf(header.mtime, sizeof(header.mtime), "%011o", 0);
	memcpy(header.magic, "ustar", 6);
	memcpy(header.version, "00", 2);
	(void)snprintf(header.sum, sizeof(header.sum), "%06o", sum_of(&header));
	header.sum[7] = ' ';
	buf_add(tar, (struct str){ (const char *)&header, sizeof(header) });
	buf_add(tar, bytes);
	while (!tar->failed && tar->len % BLOCK)
		buf_addc(tar, '\0');
}

static int add_file(struct buf *tar, int dir, const char *name, const char *as, struct err *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;

	if (fd_read_file(dir, name, FILE_MAX, &bytes, err) < 0)
		return err->code;
	put_file(tar, as, buf_str(&bytes));
	return buf_check(tar, "the bundle", err);
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_plain(const struct dirent *entry)
{
	return !strchr(entry->d_name, '.');
}

/* In the order of names, so that the same log is the same bundle. */
static int each_name(int dir, int (*add)(void *ctx, int dir, const char *name, struct err *err),
                     void *ctx, struct err *err)
{
	struct dirent **names = NULL;
	int n = scandirat(dir, ".", &names, is_plain, compare), r = 0;

	if (n < 0)
		return err_sys(err, "read a folder of blobs");
	for (int i = 0; i < n; i++) {
		if (r >= 0)
			r = add(ctx, dir, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return r;
}

struct writing {
	struct buf *tar;
	const char *id, *folder;
};

static int add_blob(void *ctx, int dir, const char *name, struct err *err)
{
	struct writing *writing = ctx;
	char as[128];

	(void)snprintf(as, sizeof(as), "%s/blobs/%s/%s", writing->id, writing->folder, name);
	return add_file(writing->tar, dir, name, as, err);
}

static int add_folder(void *ctx, int dir, const char *name, struct err *err)
{
	struct writing *writing = ctx;
	cleanup_close int folder =
		openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder < 0)
		return err_sys(err, "open blobs/%s", name);
	writing->folder = name;
	return each_name(folder, add_blob, writing, err);
}

int bundle_write(const char *dir, const char *id, struct buf *ret_tar, struct err *err)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int blobs =
		fd < 0 ? -1 : openat(fd, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct writing writing = { .tar = ret_tar, .id = id };
	char as[128];

	if (blobs < 0)
		return err_sys(err, "open %s", dir);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (faccessat(fd, files[i], F_OK, 0) < 0)
			continue;
		(void)snprintf(as, sizeof(as), "%s/%s", id, files[i]);
		if (add_file(ret_tar, fd, files[i], as, err) < 0)
			return err->code;
	}
	if (each_name(blobs, add_folder, &writing, err) < 0)
		return err->code;
	for (size_t i = 0; i < 2 * BLOCK; i++)
		buf_addc(ret_tar, '\0');
	return buf_check(ret_tar, "the bundle", err);
}

/* ---- reading ---- */

static bool is_made_of(struct str text, size_t len, const char *letters)
{
	if (text.len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!text.data[i] || !strchr(letters, text.data[i]))
			return false;
	return true;
}

static bool read_octal(const char *field, size_t len, size_t *ret_value)
{
	size_t value = 0, i = 0;

	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		value = value * 8 + (size_t)(field[i] - '0');
	*ret_value = value;
	return i > 0 && (i == len || field[i] == '\0' || field[i] == ' ');
}

/* Behind "<id>/": one of a log's files, or a blob.  Nothing else is a name. */
static bool is_of_a_log(struct str name)
{
	struct str blobs = STR("blobs/");

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (str_is(name, files[i]))
			return true;
	return str_starts(name, blobs) && name.len == blobs.len + 65 &&
	       name.data[blobs.len + 2] == '/' &&
	       is_made_of(str_head(str_from(name, blobs.len), 2), 2, "0123456789abcdef") &&
	       is_made_of(str_from(name, blobs.len + 3), 62, "0123456789abcdef");
}

static int take_name(struct str name, char ret_id[BUNDLE_ID_LEN + 1], struct str *ret_rest,
                     struct err *err)
{
	struct str id = str_head(name, BUNDLE_ID_LEN);

	*ret_rest = str_from(name, BUNDLE_ID_LEN + 1);
	if (!is_made_of(id, BUNDLE_ID_LEN, "0123456789abcdefghjkmnpqrstvwxyz") ||
	    name.len <= BUNDLE_ID_LEN || name.data[BUNDLE_ID_LEN] != '/' ||
	    !is_of_a_log(*ret_rest) || (ret_id[0] && !str_is(id, ret_id)))
		return err_set(err, ERR_INPUT,
		               "it holds something that is not of one session's log");
	memcpy(ret_id, id.data, BUNDLE_ID_LEN);
	ret_id[BUNDLE_ID_LEN] = '\0';
	return 0;
}

int bundle_read(struct str tar, bundle_put_fn *put, void *ctx, char ret_id[BUNDLE_ID_LEN + 1],
                struct err *err)
{
	ret_id[0] = '\0';
	while (tar.len >= BLOCK && tar.data[0]) {
		struct header header;
		struct str rest;
		size_t size, sum;

		memcpy(&header, tar.data, BLOCK);
		tar = str_from(tar, BLOCK);
		if (memcmp(header.magic, "ustar", 5) != 0 ||
		    !read_octal(header.sum, sizeof(header.sum), &sum) || sum != sum_of(&header) ||
		    !read_octal(header.size, sizeof(header.size), &size) || size > tar.len)
			return err_set(err, ERR_INPUT,
			               "it is no bundle of `seal sessions export`, or is cut off");
		if (header.type == '5')
			continue;
		if (header.type != '0' && header.type != '\0')
			return err_set(err, ERR_INPUT, "it holds something that is no plain file");
		if (take_name(
			    (struct str){ header.name, strnlen(header.name, sizeof(header.name)) },
			    ret_id, &rest, err) < 0 ||
		    put(ctx, rest, str_head(tar, size), err) < 0)
			return err->code;
		tar = str_from(tar, (size + BLOCK - 1) / BLOCK * BLOCK);
	}
	/* The end of a tar is an empty block. */
	if (tar.len < BLOCK)
		return err_set(err, ERR_INPUT,
		               "it is no bundle of `seal sessions export`, or is cut off");
	return ret_id[0] ? 0 : err_set(err, ERR_INPUT, "it is no bundle of `seal sessions export`");
}
