/*
 * A session's log as one file, a plain tar of its folder: what another machine
 * needs to show, verify, replay and fork it.  The agent's storage, the output of
 * commands and the lock are not in it.
 *
 * Reading takes a stranger's bytes: only the files of a log are given out, under
 * the names that a log has.
 */
#pragma once

#include "base/str.h"

struct buf;
struct err;

#define BUNDLE_ID_LEN 16

int bundle_write(const char *dir, const char *id, struct buf *ret_tar, struct err *err);

/* One file of it: "events.jsonl", "blobs/xx/...", with no other name than a log has. */
typedef int bundle_put_fn(void *ctx, struct str name, struct str bytes, struct err *err);

/* *ret_id is the session's. */
int bundle_read(struct str tar, bundle_put_fn *put, void *ctx, char ret_id[BUNDLE_ID_LEN + 1],
                struct err *err);
