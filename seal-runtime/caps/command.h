/* One command in its normal form, between command.c, guards.c and readers.c.  Private to caps/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "caps/ruling.h"
#include "caps/shell/shell.h"

struct command_rule;

struct call {
	struct shell *shell;
	const struct field *argv; /* argv[0] is the bare name of a program */
	size_t n;
	const struct command_rule *rule; /* the one that matched, or NULL */
};

/* Could the argument begin with a dash when it is there? */
bool field_may_be_option(const struct field *field);

/* Does the rule's pattern hold this word, or "word=..."? */
bool call_names(const struct call *call, struct str word);

/* Is the folder within the project, its additional directories or the rule's own? */
bool command_is_in_scope(const struct shell *shell, const struct command_rule *rule,
                         struct str folder);

/* guards.c: options that execute, write or leave the project. */
struct ruling guards_check(const struct call *call);

/* readers.c: files that the command names, against the rules for files. */
struct ruling readers_check(const struct call *call);

static inline struct ruling ruling_fine(void)
{
	return (struct ruling){ CAPS_ALLOW, { "", 0 }, 0, "", false, false };
}

static inline struct ruling ruling_ask(const char *reason)
{
	return (struct ruling){ CAPS_ASK, { "", 0 }, 0, reason, true, false };
}
