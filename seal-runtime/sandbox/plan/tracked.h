/*
 * Private to sandbox/: is a file that looks like a secret one that git has
 * anyway, byte for byte (a fixture)?  Hiding it would hide nothing, and a mount
 * over it makes `git status`, checkout and the tests that read it fail.
 *
 * The index is a file that commands can write, so its word counts for nothing:
 * the entry's hash must be that of the content, which a command that never saw
 * the content cannot know.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define TRACKED_INDEX_MAX (64 * 1024 * 1024)
#define TRACKED_FILE_MAX  (1024 * 1024)
#define TRACKED_HASH      20

/* <root>/.git/index; empty when there is none. */
void tracked_load(const char *root, struct buf *ret_index);

/* `path` relative to the root; `name` the same file within `folder`. */
bool tracked_is(struct str index, const char *path, int folder, const char *name);

/* The hash that an index has for a path; false when it has none or is broken. */
bool tracked_find(struct str index, const char *path, uint8_t ret_hash[TRACKED_HASH]);

/* Git's name for a file of this content. */
void tracked_hash(struct str content, uint8_t ret_hash[TRACKED_HASH]);
