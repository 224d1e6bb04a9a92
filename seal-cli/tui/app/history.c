#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "seal-cli/tui/app/state.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)	/* beyond, the older half goes */
#define ENTRY_MAX      ((size_t)64 << 10)	/* a longer message is not kept */

/* A line a message, each a JSON string. */
static bool history_path(struct buf *path)
{
	cleanup_free char *folder = NULL;
	struct err err;

	if (dirs_get(DIRS_STATE, &folder, &err) < 0)
		return false;
	buf_addf(path, "%s/history", folder);
	return !path->failed;
}

static void shorten(const char *path, struct str all)
{
	struct str rest = str_from(all, all.len / 2), half;
	struct err err;

	(void)str_line(&rest, &half);	/* the rest of a line that was cut */
	(void)fd_replace_path(path, rest, 0600, &err);
}

void history_load(struct edit *edit)
{
	cleanup_buf struct buf path = BUF_INIT, all = BUF_INIT;
	struct str rest, line;
	struct err err;

	if (!history_path(&path) || fd_read_file(AT_FDCWD, path.data, 4 * FILE_MAX_BYTES, &all, &err) < 0)
		return;
	rest = buf_str(&all);
	while (str_line(&rest, &line)) {
		cleanup_json yyjson_doc *doc = json_read(line, NULL, NULL);

		edit_remember(edit, json_text(yyjson_doc_get_root(doc)));
	}
	if (all.len > FILE_MAX_BYTES)
		shorten(path.data, buf_str(&all));
}

void history_add(struct str text)
{
	cleanup_buf struct buf path = BUF_INIT, line = BUF_INIT;
	struct json w = json_to(&line);
	cleanup_close int fd = -1;
	struct err err;

	if (text.len > ENTRY_MAX || !history_path(&path))
		return;
	json_put(&w, text);
	buf_addc(&line, '\n');
	fd = open(path.data, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		(void)fd_write_all(fd, buf_str(&line), &err);
}
