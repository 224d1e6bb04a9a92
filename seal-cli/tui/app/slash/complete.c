/* Completion of paths below a folder. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "seal-cli/tui/app/state.h"

#define SHOWN_MAX 40

static void close_dirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

void complete_common(struct buf *common, struct str word, bool is_first)
{
	size_t n = 0;

	if (is_first) {
		buf_add(common, word);
		return;
	}
	while (n < common->len && n < word.len && common->data[n] == word.data[n])
		n++;
	common->len = n;
	common->data[n] = '\0';
}

void complete_path(const char *cwd, struct str prefix, struct buf *ret, struct buf *ret_common)
{
	size_t slash = prefix.len, shown = 0;
	cleanup_buf struct buf folder = BUF_INIT;
	struct dirent *entry;
	struct str leaf;

	while (slash && prefix.data[slash - 1] != '/')
		slash--;
	leaf = str_from(prefix, slash);
	if (prefix.len == 0 || prefix.data[0] != '/') {
		buf_adds(&folder, cwd);
		buf_addc(&folder, '/');
	}
	buf_add(&folder, str_head(prefix, slash));
	__attribute__((cleanup(close_dirp))) DIR *dir = opendir(folder.data ? folder.data : ".");
	while (dir && (entry = readdir(dir))) {
		cleanup_buf struct buf word = BUF_INIT;

		if (!str_starts(str_of(entry->d_name), leaf) || (entry->d_name[0] == '.' && leaf.len == 0))
			continue;
		buf_add(&word, str_head(prefix, slash));
		buf_adds(&word, entry->d_name);
		buf_adds(&word, entry->d_type == DT_DIR ? "/" : "");
		complete_common(ret_common, buf_str(&word), shown == 0);
		if (shown++ < SHOWN_MAX) {
			buf_adds(ret, entry->d_name);
			buf_addc(ret, '\n');
		}
	}
}
