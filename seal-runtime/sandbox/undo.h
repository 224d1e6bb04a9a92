/*
 * What commands did to a project in overlays (`workspace = "overlay"`): listed,
 * shown and undone.  For the person; nothing that a guest can call leads here.
 * `folder` is where the overlays lie; NULL: <state>/undo.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct err;

/* One name that a command made, removed or edited. */
struct undo_change {
	char kind;        /* '+', '-', '~' */
	const char *path; /* below the project */
	/* Descriptors to read a file or a link's text from; -1: there is none, or it
	 * is neither. */
	int before, after;
	bool changed_since; /* by somebody else: `after` is not what the command left */
};
struct undo_view {
	void (*each)(void *ctx, const struct undo_change *change);
	void *ctx;
};

/* The `n`-th last command that can be undone (1 = the last): what it did.
 * *ret_command is freed by the caller; NULL when there are not that many. */
int undo_show(const char *folder, const char *root, unsigned int n, const struct undo_view *view,
              char **ret_command, struct err *err);

struct undo_result {
	unsigned int n_commands, n_restored, n_kept;
	struct buf report; /* a line for each command and each file that was kept */
};
static inline void undo_result_finip(struct undo_result *result)
{
	buf_fini(&result->report);
}

/* Takes back what the last `n` commands did, newest first.  A file that is not
 * as the command left it stays as it is and is reported. */
int undo_last(const char *folder, const char *root, unsigned int n, struct undo_result *ret_result,
              struct err *err);

/* One line for each command that can be undone, newest first. */
int undo_list(const char *folder, const char *root, struct buf *ret_text, struct err *err);
