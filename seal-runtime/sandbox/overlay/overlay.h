/*
 * Private to sandbox/: the overlay around one command, from its folders to what
 * becomes of them.  The mount itself is made by seal-init (init/overlay.h) and
 * goes with the command's processes.
 *
 * The project is untouched until the command has ended; then its changes are put
 * there one by one, but for names that tools of the person run or obey, and for
 * files that somebody else changed meanwhile.  Those go to the quarantine.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "sandbox/overlay/record.h"
#include "sandbox/run/launch.h"

struct err;
struct sandbox;
struct sandbox_outcome;
struct scan;
struct undo_view;

struct overlay {
	struct undo_store store;
	struct undo_record record;
	int project;
	char upper[PATH_MAX], work[PATH_MAX], config[PATH_MAX];
	struct timespec started;
	struct launch_overlay launch;
	struct buf note; /* what the person and the model are told, lines in brackets */
};
#define OVERLAY_NONE                                                                               \
	((struct overlay){ .store = UNDO_STORE_NONE, .record = UNDO_RECORD_NONE, .project = -1 })
void overlay_fini(struct overlay *overlay);
static inline void overlay_finip(struct overlay *overlay)
{
	overlay_fini(overlay);
}

/* Tries: false, and why not, where this machine or this project cannot have one. */
bool overlay_works(const struct sandbox *sandbox, char *ret_why, size_t size);

/* `ret_overlay` must not move: it is pointed into. */
int overlay_begin(const struct sandbox *sandbox, struct str command, struct overlay *ret_overlay,
                  struct err *err);

/* The command is over.  With `dry_run` it is shown and thrown away. */
int overlay_end(struct sandbox *sandbox, struct overlay *overlay, const struct scan *before,
                const struct undo_view *dry_run, struct sandbox_outcome *outcome, struct err *err);
