/* Private to overlay/: the changes of a command as a view of them. */
#pragma once

#include "sandbox/undo.h"

struct changes;

/* Descriptors of folders.  `before` holds what was there by number, or is -1: it
 * is still in `project`. */
struct show_folders {
	int project, before, after;
};
void show_record(const struct show_folders *folders, const struct changes *changes,
                 const struct undo_view *view);
