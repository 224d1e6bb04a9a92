/*
 * Private to overlay/: where the overlays of a project's commands lie, one
 * folder a command, numbered.
 *
 *   FOLDER/HASH/                of the project's path; `root` holds the path
 *     000012/                   a command
 *       lock                    held while the command runs
 *       command                 what was run
 *       upper/ work/ mount      the overlay; gone when it was committed
 *       journal before/         what it changed, and what was there; see journal.h
 *       undone                  it was undone, but for what somebody changed since
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

#define RECORDS_MAX 64 /* of one project; older ones go */

struct undo_store {
	char *path, *root;
	int folder, lock;
};
#define UNDO_STORE_NONE ((struct undo_store){ .folder = -1, .lock = -1 })
void undo_store_fini(struct undo_store *store);
static inline void undo_store_finip(struct undo_store *store)
{
	undo_store_fini(store);
}

/* `folder` NULL: <state>/undo.  Makes it when `make`; else `ret_store` is left as
 * none when there is none. */
int undo_store_open(const char *folder, const char *root, bool make, struct undo_store *ret_store,
                    struct err *err);

/* One at a time puts something into the project or takes it out. */
int undo_store_lock(struct undo_store *store, struct err *err);
void undo_store_unlock(struct undo_store *store);

struct undo_record {
	unsigned int number;
	char *path;
	int folder, lock;
};
#define UNDO_RECORD_NONE ((struct undo_record){ .folder = -1, .lock = -1 })
void undo_record_fini(struct undo_record *record);
static inline void undo_record_finip(struct undo_record *record)
{
	undo_record_fini(record);
}

/* The next number, locked.  Also removes what killed commands left, and old records. */
int undo_record_new(struct undo_store *store, struct str command, struct undo_record *ret_record,
                    struct err *err);

/* The numbers of what can be undone, newest first; at most `max`. */
size_t undo_records_list(const struct undo_store *store, unsigned int *ret_numbers, size_t max);
int undo_record_open(const struct undo_store *store, unsigned int number,
                     struct undo_record *ret_record, struct err *err);

/* Removes the overlay's folders; with everything else when not `keep`. */
void undo_record_clear(const struct undo_store *store, struct undo_record *record, bool keep);

/* It counts as undone from now on. */
int undo_record_mark_undone(struct undo_record *record, struct err *err);
