/*
 * A whole session out of its log: every turn, and every call with what was
 * decided, asked, answered and returned, as values side by side.
 *
 * For the commands that judge or draw a session as a whole (suggest, test,
 * report, export).  Verifies while it reads; a log that is not sound is an
 * error, never half a story.  Never writes, decides nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "seal-runtime/audit/read.h"

struct err;

#define STORY_SIZE_MAX  ((size_t)1 << 30)
#define STORY_CALLS_MAX 1000000
#define STORY_NO_TURN   ((size_t)-1)

struct story_call {
	uint64_t seq;
	int64_t begin, end; /* ms since 1970; end 0: a crash came before it */
	size_t turn;        /* STORY_NO_TURN: while the session started */
	struct str call, args, result, outcome;
	struct str verdict, rule, details; /* empty when nothing was to be decided */
	struct str answer;                 /* empty when nobody was asked */
	struct str refused;                /* a line for each thing the sandbox refused */
};

struct story_turn {
	uint64_t seq, fuel;
	int64_t begin, end;
	struct str message; /* what the person wrote */
	struct str outcome, result;
};

struct story {
	struct arena arena; /* owns every text below */
	struct audit_facts facts;
	struct str manifest; /* the text that ruled last */
	struct story_call *calls;
	struct story_turn *turns;
	size_t n_calls, n_turns;
	uint64_t n_records;
	int64_t begin, end;
	char head[65];
};

int story_read(const char *dir, struct story *ret_story, struct err *err);
void story_fini(struct story *story);
static inline void story_finip(struct story *story)
{
	story_fini(story);
}
#define cleanup_story cleanup_with(story_fini)
