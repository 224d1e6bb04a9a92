/*
 * Files, for the agent's file tools.  Two halves: fs_pin() resolves a name once
 * and holds the object; everything else takes a grant made from a pin and never
 * resolves a name again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "caps/grant.h"

struct err;

/* The folders that may be named: the root first, then additional directories. */
struct fs_roots;
int fs_roots_new(const char *root, const char *const *additional, struct fs_roots **ret_roots,
		 struct err *err);
void fs_roots_free(struct fs_roots *roots);
DEFINE_CLEANUP(struct fs_roots, fs_roots_free)

enum fs_intent { FS_READ, FS_WRITE, FS_DELETE };

/* A resolved name: what a question is asked about, and what a grant is made of. */
struct fs_pin {
	int object;	/* O_PATH; -1 when it does not exist (writes only) */
	int parent;	/* O_PATH|O_DIRECTORY; -1 for FS_READ, as there is no name */
	/* Last component; for a file to be made in folders that are missing
	 * too: what has to be made beneath parent, "new/sub/file". */
	char *name;
	char *path;	/* canonical absolute path */
	bool outside;	/* not beneath any root: resolved only to be shown */
	bool is_regular, is_directory;
	unsigned int links;
	off_t size;
	mode_t mode;
};
#define FS_PIN_NONE ((struct fs_pin){ .object = -1, .parent = -1 })
void fs_pin_fini(struct fs_pin *pin);
static inline void fs_pin_finip(struct fs_pin *pin)
{
	fs_pin_fini(pin);
}

/*
 * Resolves `path` (relative to the root, or absolute) with openat2 beneath the
 * roots; magic links refused; a link's target must lie beneath a root.  For
 * FS_WRITE the object may be absent; FS_DELETE does not follow a final link.
 * ERR_INPUT: the name cannot be one (NUL, too long, empty); the text says it.
 */
int fs_pin(const struct fs_roots *roots, struct str path, enum fs_intent intent,
	   struct fs_pin *ret_pin, struct err *err);

/* The name as words only, absolute, against the first root; for messages about
 * what could not be pinned.  NULL when out of memory. */
char *fs_lexical(const struct fs_roots *roots, struct str path);

/* The deepest root that holds the canonical path: its descriptor (borrowed) and
 * the rest of the path; false when none does. */
bool fs_root_of(const struct fs_roots *roots, const char *path, int *ret_fd, const char **ret_rest);

/* What a file's bytes were: equal means unchanged.  No protection against
 * somebody who wants two files to look alike. */
int fs_digest(const struct grant_file *grant, uint64_t *ret_digest, struct err *err);

struct fs_content {
	struct buf text;	/* UTF-8; base64 when `base64` */
	uint32_t total_lines, first_line;
	const char *encoding;	/* "utf-8", "utf-8-bom", "binary", or "image/png" and such */
	bool base64;
	uint64_t digest;	/* of the whole file, as fs_digest() */
};

/* Lines from `offset` (1-based, 0 = start), at most `limit` (0 = all).  Over
 * `max_bytes` without a range: ERR_LIMIT with what to do instead.  An image has
 * a limit of its own. */
int fs_read(const struct grant_file *grant, uint32_t offset, uint32_t limit, size_t max_bytes,
	    struct fs_content *ret_content, struct err *err);

struct fs_written {
	bool created;
	uint64_t bytes;
	struct buf diff;	/* unified, bounded */
	uint64_t digest;	/* of what is there now */
};

/* Atomic replace in the pinned folder; keeps the file's mode. */
int fs_write(const struct grant_file *grant, struct str text, struct fs_written *ret_written,
	     struct err *err);

/* The diff that fs_write() would give, without writing: for the prompt. */
int fs_write_preview(const struct grant_file *grant, struct str text, struct buf *ret_diff,
		     struct err *err);

struct fs_edit {
	struct str old_text, new_text;
	bool replace_all;
};

/* All or none.  ERR_INPUT says which edit does not match, or matches n times,
 * and shows the closest lines. */
int fs_edit(const struct grant_file *grant, const struct fs_edit *edits, size_t n_edits,
	    struct fs_written *ret_written, struct err *err);

/* The text after the edits and the diff, without writing: for the prompt. */
int fs_edit_preview(const struct grant_file *grant, const struct fs_edit *edits, size_t n_edits,
		    struct buf *ret_diff, struct err *err);

int fs_delete(const struct grant_file *grant, struct err *err);

/* One entry of a walk; return false to stop. */
struct fs_entry {
	const char *path;	/* relative to the walk's root folder */
	char kind;		/* 'f' 'd' 'l' 'o' */
	int folder;		/* that holds it, open; for the call */
	const char *name;	/* the last component of the path */
};
typedef bool fs_entry_fn(void *ctx, const struct fs_entry *entry);
/* Of a file, now; 0 when it is gone. */
uint64_t fs_entry_size(const struct fs_entry *entry);
/* Bounded walk in name order, links not followed; `enter` (may be NULL) says
 * whether to go into a folder. */
int fs_list(const struct grant_file *grant, bool recursive, fs_entry_fn *each, fs_entry_fn *enter,
	    void *ctx, struct err *err);

/* The same walk, leaving out .git and what the .gitignore files say, those of
 * the folders from `top` down to the walk's own included. */
struct fs_walk {
	bool recursive;
	int top;		/* where the .gitignore files begin; -1: none is read */
	const char *start;	/* the walk's folder relative to top; "" = top */
	fs_entry_fn *each, *enter;
	void *ctx;
};
int fs_walk(const struct grant_file *grant, const struct fs_walk *walk, struct err *err);

/* `*` and `?` stay within a component, `**` is any number of components,
 * [..] sets, {a,b} choices; a pattern without a slash is about the last
 * component, wherever ("./" before it: only in the top folder).  Gives up
 * (false) on patterns that take too long. */
bool fs_glob_match(const char *pattern, const char *path);

/* A search for lines. */
struct fs_search {
	struct str pattern;	/* PCRE2 */
	const char *only_files;	/* glob, or NULL */
	uint32_t context_lines;
	bool ignore_case;
	int top;		/* as in struct fs_walk */
	const char *start;
	/* May this file be read?  And may this folder be entered? */
	fs_entry_fn *readable, *enter;
	/* A line found; false stops the search. */
	bool (*line)(void *ctx, const char *path, uint32_t number, struct str text,
		     bool is_context);
	void *ctx;
	int cancel_fd;		/* readable: ERR_CANCELLED; -1: never */
};

/* Of one file or of a folder; binary files are left out.
 * ERR_INPUT: the pattern cannot be compiled, or takes too long to match. */
int fs_search(const struct grant_file *grant, const struct fs_search *search, struct err *err);

/* Unified diff of two texts, appended; cut at a limit with a note. */
void fs_diff(struct str old_text, struct str new_text, const char *path, struct buf *ret_diff);
