#include "audit/tail.h"

#include <errno.h>
#include <unistd.h>

#include "audit/format.h"
#include "base/err.h"
#include "base/json.h"

/* A read at a place, whole. */
static int read_at(int fd, off_t at, char *bytes, size_t len, struct err *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, bytes + done, len - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read the log");
		if (n == 0)
			return err_set(err, ERR_INPUT, "the log became shorter while it was read");
		done += (size_t)n;
	}
	return 0;
}

#define BLOCK 4096

int tail_end(int fd, off_t size, off_t *ret_end, struct err *err)
{
	char block[BLOCK];

	while (size > 0) {
		size_t len = size < BLOCK ? (size_t)size : BLOCK;
		const char *line;

		if (read_at(fd, size - (off_t)len, block, len, err) < 0)
			return err->code;
		line = memrchr(block, '\n', len);
		if (line) {
			*ret_end = size - (off_t)len + (line - block) + 1;
			return 0;
		}
		size -= (off_t)len;
	}
	*ret_end = 0;
	return 0;
}

int tail_bytes(int fd, off_t at, off_t end, struct buf *ret_bytes, struct err *err)
{
	size_t len = (size_t)(end - at);
	char *bytes = buf_reserve(ret_bytes, len);

	if (!bytes)
		return buf_check(ret_bytes, "the log", err);
	if (read_at(fd, at, bytes, len, err) < 0)
		return err->code;
	ret_bytes->len += len;
	ret_bytes->data[ret_bytes->len] = '\0';
	return 0;
}

int tail_read(int fd, off_t end, size_t size, struct buf *ret_text, bool *ret_is_whole,
	      struct err *err)
{
	size_t len = (size_t)end < size ? (size_t)end : size, first;

	*ret_is_whole = len == (size_t)end;
	buf_clear(ret_text);
	if (tail_bytes(fd, end - (off_t)len, end, ret_text, err) < 0)
		return err->code;
	if (*ret_is_whole)
		return 0;
	first = str_chr(buf_str(ret_text), '\n');
	buf_consume(ret_text, first == STR_NONE ? len : first + 1);
	return 0;
}

bool tail_place(struct str line, uint64_t *ret_seq, char ret_prev[HASH_HEX])
{
	cleanup_json yyjson_doc *doc = json_read(line, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct str prev = yyjson_is_obj(root) ? json_str(root, "prev") : STR("");
	yyjson_val *seq = yyjson_is_obj(root) ? yyjson_obj_get(root, "seq") : NULL;

	if (!yyjson_is_uint(seq) || prev.len != HASH_HEX - 1)
		return false;
	*ret_seq = yyjson_get_uint(seq);
	memcpy(ret_prev, prev.data, prev.len);
	ret_prev[prev.len] = '\0';
	return true;
}
