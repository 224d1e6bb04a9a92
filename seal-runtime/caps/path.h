/* Names of files: normal form, globs, and the answer to a file question.  Private to caps/. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "caps/caps.h"

struct caps;
struct ruling;

/*
 * Absolute, without ".", "..", doubled or final slashes, read from the text
 * alone.  Relative names start at `base`; "~/" is `home` when that is not empty.
 */
struct str path_normal(struct arena *arena, struct str base, struct str home, struct str name);

/* Is `path` the folder `dir` or beneath it?  Both in normal form. */
bool path_is_beneath(struct str path, struct str dir);

/* `*` `?` and sets stay within a segment, `**` is any number of whole segments. */
bool path_glob(struct str pattern, struct str path, bool ignore_case);

/* One segment. */
bool path_glob_segment(struct str pattern, struct str name, bool ignore_case);

/* Could one name match both?  Says yes when in doubt. */
bool path_globs_meet(struct str a, struct str b);

/* The characters of a literal name as a glob that matches only it. */
struct str path_literal(struct arena *arena, struct str name);

bool path_has_wildcard(struct str text);

/* A whole file question, as in permission.md 4.9. */
struct ruling path_check(const struct caps *caps, struct arena *arena,
                         const struct caps_question *question);

/*
 * The rules alone, for one name in normal form: what a command's redirect or
 * operand comes to.  Deny rules, protected names, allow rules.
 */
struct ruling path_judge(const struct caps *caps, enum caps_verb verb, struct str path);

/* Has it a component that something runs or loads later? */
bool path_is_protected(struct str path);

/* Does a deny rule of this verb hold for the name? NULL: none. */
const struct path_rule *path_denied(const struct caps *caps, enum caps_verb verb, struct str path);
