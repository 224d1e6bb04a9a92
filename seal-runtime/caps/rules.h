/*
 * The compiled rules.  Private to caps/.
 *
 * Everything here is made by compile.c, once, from a manifest that outlives it,
 * and is only read afterwards; caps_remember() appends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "caps/caps.h"
#include "manifest/manifest.h"

struct caps_hosts;
struct TSParser;

enum rule_tail {
	RULE_EXACT, /* "git status": exactly these words */
	RULE_ANY,   /* "cargo test:*": these words, then anything */
	RULE_MORE,  /* "npm run *": these words and at least one more */
};

struct command_rule {
	struct str text; /* as written */
	struct str *words;
	size_t n_words;
	enum rule_tail tail;
	bool prompt;
	unsigned int line;
	/* The folders in which it applies, as globs of absolute paths; NULL: the
	 * project and its additional directories. */
	struct str *scopes;
	size_t n_scopes;
	const struct manifest_list *env_vars;
	/* Deny rules: only takes these hosts away and blocks nothing. */
	bool hosts_only;
};

struct command_rules {
	struct command_rule *items;
	size_t n, room;
};

struct path_rule {
	struct str pattern; /* glob of an absolute path in normal form */
	struct str text;    /* as written, path and file glob joined */
	unsigned int line;
	bool prompt;
	unsigned int segments, chars; /* specificity, in this order */
	size_t literal;               /* bytes of the pattern before its first wildcard */
};

struct path_rules {
	struct path_rule *items;
	size_t n, room;
};

struct host_list {
	struct str *texts;
	unsigned int *lines;
	size_t n, room;
	struct caps_hosts *hosts;
};

#define N_FILE_VERBS 3 /* CAPS_READ, CAPS_WRITE, CAPS_DELETE */

struct caps {
	struct arena arena;
	const struct manifest *manifest;
	struct caps_context context;
	struct str root, home; /* normal form, no slash at the end */
	struct str *dirs;      /* additional directories, normal form */
	size_t n_dirs;
	struct command_rules allow_commands, deny_commands;
	struct path_rules allow_paths[N_FILE_VERBS], deny_paths[N_FILE_VERBS];
	struct host_list allow_hosts, deny_hosts;
	struct host_list deny_command_hosts;
	/* Made once because making one costs as much as a parse; has no state
	 * that outlives a check. */
	struct TSParser *parser;
};

/* compile.c: splits a pattern into words; NULL, or why it is none. */
const char *rules_read_command(struct arena *arena, struct str text, struct command_rule *rule);
/* compile.c: adds path x file to the rules; `file` may be empty. */
void rules_add_path(struct caps *caps, struct path_rules *rules, struct str path, struct str file,
                    const struct path_rule *like);
