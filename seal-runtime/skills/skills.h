/*
 * The skills that a project brings along, and which of them the person has
 * approved: `.seal/skills/NAME/SKILL.md` and `.agents/skills/NAME/SKILL.md`.
 * Used by session/ and seal-cli.
 *
 * An approval is about exactly these bytes under this name at this root; one
 * byte more and the skill is not approved.  It makes a text known to the agent
 * and grants nothing.  No link is followed.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct err;

struct skill {
	const char *name;
	struct str text; /* the whole file */
	bool is_approved;
};

/* In name order; of two with one name, that of .seal. */
typedef void skills_each_fn(void *ctx, const struct skill *skill);
void skills_each(const char *root, skills_each_fn *each, void *ctx);

/* From now on, or no longer.  ERR_INPUT: the project has no such skill. */
int skills_approve(const char *root, const char *name, bool is_approved, struct err *err);
