/*
 * What past sessions asked of their manifest, put to another one.
 *
 * Decisions only: nothing is run, no file is looked at, a name leads where it
 * says.  Called by `seal manifest suggest` and `seal manifest test`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "caps/caps.h"
#include "seal-cli/audit/story.h"

struct err;
struct manifest;

#define PAST_QUESTIONS_MAX 100000

struct past_question {
	const struct story_call *call;
	size_t session; /* index of the story */
	struct caps_question question;
	/* A file that a search showed: no question of its own then, but without
	 * the right to read it the search would show something else. */
	bool is_shown;
	bool ran; /* allowed by a rule or a person; else refused */
};

struct past {
	struct story *stories;
	size_t n_stories;
	struct past_question *questions;
	size_t n_questions;
	struct arena arena;
};

/* `dirs` are folders of sessions. */
int past_read(char *const *dirs, size_t n_dirs, struct past *ret_past, struct err *err);
void past_fini(struct past *past);
static inline void past_finip(struct past *past)
{
	past_fini(past);
}
#define cleanup_past cleanup_with(past_fini)

/* A manifest, compiled once for the root of each session. */
struct past_rules {
	struct caps **caps;
	size_t n;
};
int past_compile(const struct past *past, const struct manifest *manifest,
                 struct past_rules *ret_rules, struct err *err);
void past_rules_fini(struct past_rules *rules);
static inline void past_rules_finip(struct past_rules *rules)
{
	past_rules_fini(rules);
}
#define cleanup_past_rules cleanup_with(past_rules_fini)

/* The answer is the caller's: caps_answer_fini(). */
struct caps_answer past_check(const struct past *past, const struct past_rules *rules,
                              size_t index);

/* What the log says: the decision, before a person was asked. */
enum caps_verdict past_verdict(const struct past_question *question);
