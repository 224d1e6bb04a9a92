/*
 * A permission question of a session, as the client sees it, and the answer to
 * it.  `seal run`, `seal acp` and the terminal interface use it.
 *
 * The client is where seal.toml is edited and signed: an answer that lasts is
 * written before it is sent, so that the session finds it when it looks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/str.h"

struct err;

#define QUESTION_PARTS_MAX 64

enum question_choice {
	CHOICE_DENY = 0,
	CHOICE_ALLOW,
	CHOICE_ALLOW_ALWAYS,
	CHOICE_DENY_ALWAYS,
};

struct question_part {
	struct str verb; /* "read" "write" "delete" "run" "connect" */
	struct str text, reason, rule;
	yyjson_val *steps; /* broadest to exact */
	size_t n_steps;
	size_t step;     /* where the person is on the scale */
	bool is_allowed; /* nothing to decide about it */
	bool only_once;
};

/* Borrowed from the request's params. */
struct question {
	struct str root, call, subject, cwd, diff;
	struct question_part parts[QUESTION_PARTS_MAX];
	size_t n_parts;
	bool only_once; /* "Allow always" is not offered */
	bool is_plain;  /* a question of the agent, not about permission: options only */
	yyjson_val *options;
};

/* `params` of session/request_permission. */
void question_read(yyjson_val *params, struct question *ret_question);

/* Every part that asks has a rule that grants it with prompt = true. */
bool question_is_granted(const struct question *question);

/* The pattern at the part's step, or its text where there is no scale. */
struct str question_pattern(const struct question_part *part);

/* "allow_once" and so on; the choice of an option id. */
const char *question_option(enum question_choice choice);
enum question_choice question_choice_of(struct str option);

/*
 * Edits and signs seal.toml as the choice says (nothing for CHOICE_DENY).  What
 * would be written is shown to nobody here.
 */
int question_write(const struct question *question, enum question_choice choice, struct err *err);

/* One rule, written and signed: what the terminal interface does with a choice. */
int question_remember(const char *root, bool allow, const char *verb, const char *pattern,
		      bool prompt, struct err *err);

/* The line of seal.toml that the choice would write for this part. */
void question_line(const struct question_part *part, enum question_choice choice,
		   struct buf *ret_text);

/* The result to send. */
void question_answer(const struct question *question, enum question_choice choice,
		     struct buf *ret_json);
