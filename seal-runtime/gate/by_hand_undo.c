/* `seal undo`, `seal diff`, and what a dry run shows. */
#include "gate/by_hand.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "fs/fs.h"
#include "sandbox/undo.h"

#define SHOWN_MAX ((size_t)1 << 20) /* bytes of a file that are compared as text */

/*
 * Where seal keeps nothing of this person yet, a command by hand leaves the home
 * as it was: its overlay lies in the runtime folder then.
 */
int by_hand_undo_folder(char **ret_folder, struct err *err)
{
	const char *given = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	cleanup_free char *runtime = NULL;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/.local/state/seal", home ? home : "");
	if ((given && given[0] == '/') || access(path, F_OK) == 0) {
		*ret_folder = NULL;
		return 0;
	}
	if (by_hand_runtime(&runtime, err) < 0)
		return err->code;
	(void)snprintf(path, sizeof(path), "%s/undo", runtime);
	*ret_folder = strdup(path);
	return *ret_folder ? 0 : err_nomem(err);
}

/* Too large, or no text: then it is only named. */
static bool read_text(int fd, struct buf *ret_text)
{
	struct err ignored;

	if (fd < 0)
		return true;
	return fd_read_all(fd, SHOWN_MAX, ret_text, &ignored) >= 0 &&
	       utf8_valid(buf_str(ret_text)) && str_chr(buf_str(ret_text), '\0') == STR_NONE;
}

static void show_change(void *ctx, const struct undo_change *change)
{
	static const char *const words[] = { ['+'] = "made", ['-'] = "removed", ['~'] = "edited" };
	cleanup_buf struct buf before = BUF_INIT, after = BUF_INIT;
	struct buf *text = ctx;

	buf_addf(text, "%s %s%s\n", words[(unsigned char)change->kind], change->path,
	         change->changed_since ? "  (changed since)" : "");
	if (change->before < 0 && change->after < 0)
		return;
	if (read_text(change->before, &before) && read_text(change->after, &after))
		fs_diff(buf_str(&before), buf_str(&after), change->path, text);
}

struct undo_view by_hand_view(struct buf *text)
{
	return (struct undo_view){ show_change, text };
}

int by_hand_diff(const char *root, unsigned int n, struct buf *ret_text, struct err *err)
{
	cleanup_free char *command = NULL;
	cleanup_buf struct buf changes = BUF_INIT;
	struct undo_view view = by_hand_view(&changes);
	cleanup_free char *folder = NULL;

	if (by_hand_undo_folder(&folder, err) < 0)
		return err->code;
	if (undo_show(folder, root, n, &view, &command, err) < 0)
		return err->code;
	if (!command)
		return err_set(err, ERR_INPUT,
		               "no command %u back left changes here; only those of "
		               "[sandbox.os] workspace = \"overlay\" are kept apart (`seal undo "
		               "--list`)",
		               n);
	buf_addf(ret_text, "%s\n", command);
	buf_add(ret_text, buf_str(&changes));
	return buf_check(ret_text, "the changes", err);
}

int by_hand_undo(const char *root, unsigned int n, struct buf *ret_text, unsigned int *ret_kept,
                 struct err *err)
{
	__attribute__((cleanup(undo_result_finip))) struct undo_result result = { 0 };
	cleanup_free char *folder = NULL;

	if (by_hand_undo_folder(&folder, err) < 0)
		return err->code;
	if (undo_last(folder, root, n, &result, err) < 0)
		return err->code;
	*ret_kept = result.n_kept;
	buf_add(ret_text, buf_str(&result.report));
	if (result.n_commands == 0)
		buf_adds(ret_text, "nothing to undo: commands are kept apart only with "
		                   "[sandbox.os] workspace = \"overlay\"\n");
	else
		buf_addf(ret_text, "%u command%s undone, %u restored, %u kept\n", result.n_commands,
		         result.n_commands == 1 ? "" : "s", result.n_restored, result.n_kept);
	return buf_check(ret_text, "the report", err);
}

int by_hand_undo_list(const char *root, struct buf *ret_text, struct err *err)
{
	cleanup_free char *folder = NULL;

	if (by_hand_undo_folder(&folder, err) < 0)
		return err->code;
	return undo_list(folder, root, ret_text, err);
}
