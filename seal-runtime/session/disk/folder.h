/*
 * A session on the disk: `<state>/sessions/<id>/`, 0700, with `meta.json` (which
 * project, what title, when), `lock`, and what audit/ and store/ keep there.
 *
 * The worker makes and writes it; the server lists and removes.  A session is
 * this folder: no process needs to live for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct err;

/* Ten characters of time, six of chance: names sort by age. */
#define FOLDER_ID_LEN   16
#define FOLDER_LIST_MAX 100000 /* sessions looked at */
#define FOLDER_TITLE_MAX 200
#define FOLDER_PAGE     100    /* sessions named in one answer */

int folder_new_id(char ret_id[FOLDER_ID_LEN + 1], struct err *err);

/* Only what folder_new_id() can have made; everything else never meets a path. */
bool folder_id_is_valid(struct str id);

struct folder_meta {
	char *root, *cwd, *title; /* owned */
	int64_t created, updated; /* seconds since 1970 */
};
void folder_meta_fini(struct folder_meta *meta);
static inline void folder_meta_finip(struct folder_meta *meta)
{
	folder_meta_fini(meta);
}
#define cleanup_folder_meta cleanup_with(folder_meta_fini)

/* Makes the folder; *ret_path is the caller's. */
int folder_make(const char *id, char **ret_path, struct err *err);

/* Path of one that is there; ERR_INPUT when it is not. */
int folder_find(const char *id, char **ret_path, struct err *err);

/*
 * One process writes a session at a time.  Waits up to FOLDER_LOCK_MS for the
 * one before, which may be on its way out.  The lock ends with *ret_fd.
 */
#define FOLDER_LOCK_MS 3000
int folder_lock(const char *path, int *ret_fd, struct err *err);

int folder_meta_read(const char *path, struct folder_meta *ret_meta, struct err *err);
int folder_meta_write(const char *path, const char *id, const struct folder_meta *meta,
		      struct err *err);

/* The answer of session/list: sessions of that folder or project (all when
 * `cwd` is empty), last used first, from `cursor` on. */
int folder_list(struct str cwd, struct str cursor, struct buf *ret_json, struct err *err);

/* The folder and everything in it. */
int folder_remove(const char *id, struct err *err);
