/*
 * One simple command on its way through wrappers to what it runs.  Private to
 * caps/: command.c leads, wrappers.c and builtins.c know the special forms.
 */
#pragma once

#include "caps/command.h"

struct wrapper;

struct judging {
	struct shell *shell;
	struct node *node;
	struct field *argv;
	size_t n;
	/* NAME=VALUE words of env, besides the node's own assignments. */
	struct str *names;
	size_t n_names;
	unsigned int depth;
	bool is_keyword; /* `time` as the shell's own word */
	bool is_wrapped; /* not run by the shell itself: no builtins */
	/* The words that a rule would be written about: the first program's. */
	struct fields *told;
};

/* command.c: the whole command, whatever form it has. */
struct ruling command_judge(struct judging *j);
/* What a program runs may stand anywhere in its arguments: deny rules only. */
struct ruling command_denied_within(struct shell *shell, const struct field *argv, size_t n);
/* The variables set for it, against those its rule names. */
struct ruling command_variables(const struct judging *j, const struct command_rule *rule);

/* wrappers.c.  Asks because of the form; denies inside it hold all the same. */
struct ruling wrapper_ask(const struct judging *j, const char *reason);
struct ruling wrapper_judge(struct judging *j, const struct wrapper *wrapper);
struct ruling wrapper_judge_env(struct judging *j);
struct ruling wrapper_judge_xargs(struct judging *j);
/* find's own grant is needed too; this is what it executes. */
struct ruling wrapper_judge_find(struct judging *j);
bool wrapper_is_shell(struct str name);
/* `sh -c TEXT`: the text is read like the script itself, and emitted like it. */
bool wrapper_judge_inline(struct judging *j, struct ruling *ret_ruling);

/* builtins.c: false when the name is none of the shell's own. */
bool builtin_judge(struct judging *j, struct ruling *ret_ruling);
