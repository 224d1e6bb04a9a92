/* One question being answered.  Private to caps/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "caps/caps.h"
#include "caps/ruling.h"

/* A list that grows in an arena. */
struct parts {
	struct caps_part *items;
	size_t n, room;
};

struct check {
	const struct caps *caps;
	struct arena *arena;
	struct parts parts;
	struct str script; /* RUN: re-emitted, when everything in it can be */
	void *tree;        /* TSTree, deleted by caps_check() whatever happens */
};

/* Adds a part; the caller fills in its steps. */
struct caps_part *check_add(struct check *check, enum caps_verb verb, struct str text,
                            struct ruling ruling);

/* check.c calls it for CAPS_RUN: fills the parts and the script. */
void shell_check(struct check *check, struct str script, struct str cwd);

/* scale.c: from broadest to exact, for a part that asks. */
void scale_command(struct check *check, struct caps_part *part, const struct str *words,
                   size_t n_words, bool is_whole);
void scale_path(struct check *check, struct caps_part *part, struct str path);
void scale_host(struct check *check, struct caps_part *part, struct str target);
