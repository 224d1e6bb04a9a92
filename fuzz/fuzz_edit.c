/*
 * Texts and edits that a model made up.  An edit that is carried out leaves no
 * trace of what it replaced once, a diff ends, a glob answers.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "fs/fs_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct str take(struct str *rest)
{
	struct str piece = { "", 0 };

	(void)str_split(rest, '\xff', &piece);
	return piece;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct str rest = { (const char *)bytes, size };
	bool all = size && bytes[0] & 1;
	struct str text = take(&rest), old_text = take(&rest), new_text = take(&rest);
	struct fs_edit edit = { old_text, new_text, all };
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_buf struct buf diff = BUF_INIT;
	cleanup_free char *pattern = str_dup(old_text);
	cleanup_free char *path = str_dup(new_text);
	struct err err;

	if (fs_edit_text(text, &edit, 1, &out, &err) == 0) {
		if (str_eq(buf_str(&out), text))
			abort(); /* an edit that changes nothing is refused */
		fs_diff(text, buf_str(&out), "/f", &diff);
		if (diff.len == 0)
			abort(); /* what changed is shown */
	}
	buf_clear(&diff);
	fs_diff(text, new_text, "/f", &diff);
	if (diff.len > FS_DIFF_MAX + 4096)
		abort();
	(void)fs_glob_match(pattern, path);
	return 0;
}
