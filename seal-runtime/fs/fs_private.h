/* Private to fs/: what its files share. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "fs/fs.h"

struct err;

#define FS_SCAN_MAX ((size_t)64 << 20) /* a file larger than this is never taken whole */
#define FS_IMAGE_MAX ((size_t)3750000) /* what providers take of an image */
#define FS_DIFF_MAX ((size_t)64 << 10) /* bytes of a diff */

/* Opens the granted object itself for reading; a regular file or ERR_INPUT. */
int fs_open_object(const struct grant_file *grant, struct stat *ret_st, struct err *err);

/* The whole granted file; ERR_LIMIT beyond `max`. */
int fs_load(const struct grant_file *grant, size_t max, struct buf *ret_bytes, struct err *err);

/* fs_read() of some lines of a file larger than FS_SCAN_MAX. */
int fs_read_range(const struct grant_file *grant, uint32_t offset, uint32_t limit, size_t max_bytes,
		  struct fs_content *ret_content, struct err *err);

/* Instead of a digest of the bytes, where there are too many: of size, place and
 * time of the last change. */
uint64_t fs_digest_stat(const struct stat *st);

/* The longest text that is in every match of the pattern, for certain; 0: none
 * is known.  Without NUL at its end. */
#define LITERAL_MAX 64
size_t fs_literal(struct str pattern, char ret_text[LITERAL_MAX]);

/* Does the name in the pinned folder still lead to the checked object (or to
 * nothing, when nothing was checked), and is the folder where it was? */
int fs_recheck(const struct grant_file *grant, struct err *err);

/* Replaces the file by `bytes` and says what changed. */
int fs_put(const struct grant_file *grant, struct str old_bytes, struct str bytes,
	   struct fs_written *ret_written, struct err *err);

/* The pure half of fs_edit(). */
int fs_edit_text(struct str text, const struct fs_edit *edits, size_t n_edits,
		 struct buf *ret_text, struct err *err);

/* fs_glob_match() without the rule for patterns that have no slash. */
bool fs_glob_match_whole(const char *pattern, const char *path);

#define FS_BOM "\xef\xbb\xbf"

bool fs_is_binary(struct str bytes);
uint64_t fs_digest_bytes(struct str bytes);
