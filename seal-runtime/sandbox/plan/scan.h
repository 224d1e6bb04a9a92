/*
 * Private to sandbox/: what a project holds that the sandbox must treat apart.
 * A walk by descriptor that follows no link, so that a planted one can send
 * neither a mask nor a bind elsewhere.  Reads names and git configurations;
 * writes nothing.  guard.c compares two scans.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/cleanup.h"

struct err;
struct manifest;
struct manifest_paths;

#define SCAN_ENTRIES_MAX 8192
#define SCAN_DEPTH_MAX   64
#define SCAN_CONFIG_MAX  (256 * 1024)

enum scan_kind {
	SCAN_PIN,     /* a folder above one of the others: must not be renamed */
	SCAN_PROTECT, /* read-only */
	SCAN_MASK,    /* not readable at all */
};

struct scan_entry {
	char *path; /* absolute */
	enum scan_kind kind;
	bool is_folder;
};

/* A git repository within the project that is not the project's own. */
struct scan_repository {
	char *path; /* of its git folder */
	struct buf config;
	bool has_config;
	uint64_t hooks; /* changes when the hooks do */
};

struct scan {
	char *root;
	struct scan_entry *entries;
	size_t n_entries;
	struct scan_repository *repositories;
	size_t n_repositories;
	size_t n_walked;
};

void scan_fini(struct scan *scan);
static inline void scan_finip(struct scan *scan)
{
	scan_fini(scan);
}

/* Adds what lies under the real path `root` to an empty or filled scan. */
int scan_project(const char *root, const struct manifest *manifest, struct scan *scan,
                 struct err *err);

/* Does a deny rule of the manifest name this path within the project? */
bool scan_is_denied(const struct manifest_paths *rules, const char *relative);

/* Has the scan an entry of this path, whatever its kind? */
bool scan_has(const struct scan *scan, const char *path);

/* The kind of one file of a walk, seen by what scan_walk() calls. */
struct scan_seen {
	int folder; /* descriptor of the folder that holds it */
	const char *name, *path;
	unsigned char type; /* DT_DIR ... */
	unsigned int depth;
	bool in_vendor;
};
/* < 0 ends the walk, 1 leaves the folder out. */
typedef int (*scan_fn)(void *ctx, const struct scan_seen *seen, struct err *err);

/* Every file under root, vendor folders included when `deep`; never into a .git. */
int scan_walk(const char *root, bool deep, scan_fn fn, void *ctx, struct err *err);

/* The repositories of submodules under <git>/modules: `fn` sees what scan_walk()
 * would show it there, but for what lies inside each repository.  `git` is the
 * path of the project's own git folder; none there is no error. */
int scan_modules(const char *git, scan_fn fn, void *ctx, struct err *err);

/* What names a repository's hooks and their bytes; 0 when there are none.
 * Samples do not count: git does not run them. */
uint64_t scan_hooks(int folder, const char *git);

/* <folder>/<git>/config; false when there is none. */
bool scan_config(int folder, const char *git, struct buf *ret_config);

/* A folder with HEAD and objects in it is a repository to git, whatever its name. */
bool scan_is_bare(const struct scan_seen *seen);
