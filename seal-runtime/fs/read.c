#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "fs/fs.h"
#include "fs/fs_private.h"

#define PROBE_LEN 8192 /* a NUL this early makes a file binary, as for git */

/* One read for a file of the size that it said; 1: it is not at its end. */
static int read_sized(int fd, size_t size, struct buf *ret_bytes)
{
	char *at = buf_reserve(ret_bytes, size + 1);
	ssize_t n;

	if (!at) {
		errno = ENOMEM;
		return -1;
	}
	n = read(fd, at, size + 1);
	if (n < 0)
		return errno == EINTR ? 1 : -1;
	ret_bytes->len += (size_t)n;
	ret_bytes->data[ret_bytes->len] = '\0';
	return (size_t)n != size;
}

int fs_load(const struct grant_file *grant, size_t max, struct buf *ret_bytes, struct err *err)
{
	struct stat st;
	cleanup_close int fd = fs_open_object(grant, &st, err);
	int r;

	if (fd < 0)
		return fd;
	/* Size first: a sparse file of a terabyte costs no read. */
	if (st.st_size > (off_t)max)
		return err_set(err, ERR_LIMIT, "%s is %lld bytes, more than %zu", grant->path,
			       (long long)st.st_size, max);
	r = read_sized(fd, (size_t)st.st_size, ret_bytes);
	/* It grew or shrank meanwhile: until the end, whatever its size was. */
	if (r > 0)
		r = fd_read_all(fd, max, ret_bytes, err);
	else if (r < 0)
		r = err_sys(err, "read");
	return r < 0 ? err_wrap(err, "%s", grant->path) : 0;
}

bool fs_is_binary(struct str bytes)
{
	return str_chr(str_head(bytes, PROBE_LEN), '\0') != STR_NONE;
}

/* Four lanes of eight bytes; the multiplier is the golden ratio, odd. */
#define GOLDEN 0x9e3779b97f4a7c15u
#define LANES  4

static uint64_t mix(uint64_t digest, uint64_t word)
{
	digest = (digest ^ word) * GOLDEN;
	return digest ^ digest >> 29;
}

uint64_t fs_digest_bytes(struct str bytes)
{
	uint64_t lane[LANES] = { bytes.len, 1, 2, 3 }, word[LANES], digest = GOLDEN;
	size_t at = 0;

	for (; at + sizeof(word) <= bytes.len; at += sizeof(word)) {
		memcpy(word, bytes.data + at, sizeof(word));
		for (size_t i = 0; i < LANES; i++)
			lane[i] = mix(lane[i], word[i]);
	}
	memset(word, 0, sizeof(word));
	if (at < bytes.len)
		memcpy(word, bytes.data + at, bytes.len - at);
	for (size_t i = 0; i < LANES; i++)
		digest = mix(digest, mix(lane[i], word[i]));
	return digest;
}

uint64_t fs_digest_stat(const struct stat *st)
{
	uint64_t facts[] = { (uint64_t)st->st_size, (uint64_t)st->st_ino, (uint64_t)st->st_dev,
			     (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec };

	return fs_digest_bytes((struct str){ (const char *)facts, sizeof(facts) });
}

int fs_digest(const struct grant_file *grant, uint64_t *ret_digest, struct err *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	struct stat st;
	int r;

	if (grant->object >= 0 && fstat(grant->object, &st) == 0 && st.st_size > (off_t)FS_SCAN_MAX) {
		*ret_digest = fs_digest_stat(&st);
		return 0;
	}
	r = fs_load(grant, FS_SCAN_MAX, &bytes, err);
	if (r < 0)
		return r;
	*ret_digest = fs_digest_bytes(buf_str(&bytes));
	return 0;
}

static void add_base64(struct buf *out, struct str bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = (const unsigned char *)bytes.data;

	for (size_t at = 0; at < bytes.len; at += 3) {
		size_t left = bytes.len - at;
		uint32_t word = (uint32_t)in[at] << 16;

		word |= left > 1 ? (uint32_t)in[at + 1] << 8 : 0;
		word |= left > 2 ? in[at + 2] : 0;
		buf_addc(out, digits[word >> 18]);
		buf_addc(out, digits[word >> 12 & 63]);
		buf_addc(out, left > 1 ? digits[word >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? digits[word & 63] : '=');
	}
}

static uint32_t count_lines(struct str text)
{
	const char *at = text.data, *end = text.data + text.len;
	uint32_t n = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		n++;
		at++;
	}
	/* A last line without an end is one all the same. */
	return n + (text.len && end[-1] != '\n');
}

/* The lines [offset, offset + limit), with the newlines that are there. */
static struct str slice(struct str text, uint32_t offset, uint32_t limit)
{
	struct str rest = text, line;
	size_t start;

	for (uint32_t i = 1; i < offset; i++)
		if (!str_line(&rest, &line))
			break;
	start = text.len - rest.len;
	if (limit == 0)
		return str_from(text, start);
	for (uint32_t i = 0; i < limit; i++)
		if (!str_line(&rest, &line))
			break;
	return (struct str){ text.data + start, text.len - rest.len - start };
}

static int take_text(struct str text, uint32_t offset, uint32_t limit, size_t max_bytes,
		     struct fs_content *ret_content)
{
	struct str part = slice(text, offset, limit);

	if (part.len > max_bytes)
		return -1;
	ret_content->total_lines = count_lines(text);
	ret_content->first_line = offset ? offset : 1;
	buf_add(&ret_content->text, part);
	return 0;
}

/* By its first bytes; the name may say anything.  NULL: no image that models
 * look at. */
static const char *image_type(struct str bytes)
{
	if (str_starts(bytes, STR("\x89PNG\r\n\x1a\n")))
		return "image/png";
	if (str_starts(bytes, STR("\xff\xd8\xff")))
		return "image/jpeg";
	if (str_starts(bytes, STR("GIF87a")) || str_starts(bytes, STR("GIF89a")))
		return "image/gif";
	if (str_starts(bytes, STR("RIFF")) && str_starts(str_from(bytes, 8), STR("WEBP")))
		return "image/webp";
	return NULL;
}

static bool is_image(const struct grant_file *grant)
{
	struct err ignored;
	struct stat st;
	char head[16];
	cleanup_close int fd = fs_open_object(grant, &st, &ignored);
	ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof(head));

	return n > 0 && image_type((struct str){ head, (size_t)n });
}

/* Of what cannot be loaded whole: an image, or some lines of a huge file. */
static int too_large(const struct grant_file *grant, bool ranged, struct err *err)
{
	if (is_image(grant))
		return err_wrap(err, "an image may have %zu bytes; make it smaller with a command",
				FS_IMAGE_MAX);
	return err_wrap(err, ranged ? "use grep to find the part that matters" :
				      "read it in parts with offset and limit, or use grep");
}

static bool is_huge(const struct grant_file *grant)
{
	struct stat st;

	return grant->object >= 0 && fstat(grant->object, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size > (off_t)FS_SCAN_MAX;
}

static int load(const struct grant_file *grant, bool ranged, size_t max_bytes, struct buf *ret_bytes,
		struct err *err)
{
	int r = fs_load(grant, ranged ? FS_SCAN_MAX : max_bytes, ret_bytes, err);

	if (r == ERR_LIMIT && !ranged && max_bytes < FS_IMAGE_MAX && is_image(grant))
		r = fs_load(grant, FS_IMAGE_MAX, ret_bytes, err);
	return r == ERR_LIMIT ? too_large(grant, ranged, err) : r;
}

int fs_read(const struct grant_file *grant, uint32_t offset, uint32_t limit, size_t max_bytes,
	    struct fs_content *ret_content, struct err *err)
{
	bool ranged = offset > 1 || limit;
	cleanup_buf struct buf bytes = BUF_INIT;
	struct fs_content content = { .encoding = "utf-8" };
	struct str text;
	int r;

	if (ranged && is_huge(grant))
		return fs_read_range(grant, offset, limit, max_bytes, ret_content, err);
	r = load(grant, ranged, max_bytes, &bytes, err);
	if (r < 0)
		return r;
	text = buf_str(&bytes);
	content.digest = fs_digest_bytes(text);
	if (fs_is_binary(text) || !utf8_valid(text)) {
		if (ranged)
			return err_set(err, ERR_INPUT, "%s is binary: it has no lines to choose from",
				       grant->path);
		content.encoding = image_type(text) ? image_type(text) : "binary";
		content.base64 = true;
		content.first_line = 1;
		add_base64(&content.text, text);
	} else {
		if (str_starts(text, STR(FS_BOM))) {
			content.encoding = "utf-8-bom";
			text = str_from(text, sizeof(FS_BOM) - 1);
		}
		r = take_text(text, offset, limit, max_bytes, &content);
		if (r < 0)
			return err_set(err, ERR_LIMIT,
				       "these lines of %s are more than %zu bytes; ask for fewer (limit)",
				       grant->path, max_bytes);
	}
	r = buf_check(&content.text, grant->path, err);
	if (r < 0) {
		buf_fini(&content.text);
		return r;
	}
	*ret_content = content;
	return 0;
}
