/*
 * Lines of a file that is too large to be taken whole: it is read through once,
 * a block at a time, and only the lines asked for are kept.
 */
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/utf8.h"
#include "fs/fs.h"
#include "fs/fs_private.h"

#define BLOCK ((size_t)256 << 10)

struct range {
	uint64_t line;	      /* that the next byte belongs to, from 1 */
	uint64_t first, last; /* wanted */
	size_t max;
	bool is_over; /* more was asked for than may be given */
	bool ends_in_line_end;
	struct buf *out;
};

static void take_block(struct range *range, struct str block)
{
	range->ends_in_line_end = block.data[block.len - 1] == '\n';
	while (block.len) {
		size_t at = str_chr(block, '\n');
		struct str part = str_head(block, at == STR_NONE ? block.len : at + 1);

		if (range->line >= range->first && range->line <= range->last) {
			range->is_over |= range->out->len + part.len > range->max;
			if (!range->is_over)
				buf_add(range->out, part);
		}
		range->line += at != STR_NONE;
		block = str_from(block, part.len);
	}
}

static int read_through(int fd, struct range *range, const char *path, struct err *err)
{
	cleanup_free char *block = malloc(BLOCK);
	ssize_t n;

	if (!block)
		return err_nomem(err);
	while (!range->is_over) {
		n = read(fd, block, BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "%s", path);
		if (n == 0)
			return 0;
		if (range->line == 1 && range->out->len == 0 &&
		    fs_is_binary((struct str){ block, (size_t)n }))
			return err_set(err, ERR_INPUT,
				       "%s is binary: it has no lines to choose from", path);
		take_block(range, (struct str){ block, (size_t)n });
	}
	return 0;
}

int fs_read_range(const struct grant_file *grant, uint32_t offset, uint32_t limit, size_t max_bytes,
		  struct fs_content *ret_content, struct err *err)
{
	struct fs_content content = { .encoding = "utf-8", .first_line = offset ? offset : 1 };
	struct range range = { .line = 1, .first = content.first_line, .max = max_bytes,
			       .last = limit ? (uint64_t)content.first_line + limit - 1 : UINT64_MAX,
			       .out = &content.text };
	struct stat st;
	cleanup_close int fd = fs_open_object(grant, &st, err);
	int r = fd < 0 ? fd : read_through(fd, &range, grant->path, err);

	if (r >= 0 && range.is_over)
		r = err_set(err, ERR_LIMIT,
			    "these lines of %s are more than %zu bytes; ask for fewer (limit)",
			    grant->path, max_bytes);
	if (r >= 0 && !utf8_valid(buf_str(&content.text)))
		r = err_set(err, ERR_INPUT, "these lines of %s are no UTF-8 text", grant->path);
	if (r >= 0)
		r = buf_check(&content.text, grant->path, err);
	if (r < 0) {
		buf_fini(&content.text);
		return r;
	}
	range.line -= range.ends_in_line_end;
	content.total_lines = range.line > UINT32_MAX ? UINT32_MAX : (uint32_t)range.line;
	content.digest = fs_digest_stat(&st);
	*ret_content = content;
	return 0;
}
