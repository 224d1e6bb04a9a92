/*
 * Private to sandbox/: is this name a secret, a control file, a vendor folder?
 * Over the table names.def.  Also the path globs of the manifest's deny rules.
 * Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

bool name_is_secret(const char *name);
bool name_is_control(const char *name);
bool name_is_vendor(const char *name);

/* NULL-ended lists of the table. */
extern const char *const names_git[];
extern const char *const names_places[];

/* Does this git configuration make git run a program or read elsewhere? */
bool names_git_is_dangerous(struct str config);

/*
 * `*` and `?` within a segment, `**` any number of whole segments, `[..]` sets;
 * everything else is literal.  Both relative, without leading slash.
 */
bool glob_matches(const char *glob, const char *path);

/* Bytes of `glob` before the first segment with a wildcard, without the slash. */
size_t glob_literal_len(const char *glob);
