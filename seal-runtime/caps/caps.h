/*
 * Capabilities: may this session do this one thing?
 *
 * A verified manifest is compiled once, at session start, into a `struct caps`
 * that never changes.  Each call is put to it as a question.  The answer is a
 * value and cannot fail: to refuse is what this module is for (out of memory
 * answers CAPS_DENY).
 *
 * Pure: asks nobody, logs nothing, reads no clock, writes nothing.  The one
 * look at the disk is the identity of a command word that holds a slash
 * (permission.md 4.2 step 9), through the callback in the context.  The gate
 * calls it, and the client's `seal check`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"

struct buf;
struct err;
struct manifest;
struct caps;

enum caps_verb {
	CAPS_READ,
	CAPS_WRITE,
	CAPS_DELETE,
	CAPS_RUN,
	CAPS_CONNECT,
	CAPS_FREE, /* needs no permission: model, storage, console */
};

enum caps_verdict {
	CAPS_DENY = 0, /* what a zeroed answer means */
	CAPS_ASK,
	CAPS_ALLOW,
};

/* What the rules are compiled against. */
struct caps_context {
	const char *root; /* real path of the project */
	const char *home; /* real path of $HOME, for ~/ in rules; may be "" */
	bool explain;     /* fill in runners_up; costs a second look at the rules */
	bool ignore_case; /* the project's file system folds case */
	/* Environment a command gets, NAME=VALUE, NULL-terminated; may be NULL. */
	const char *const *environment;
	/*
	 * Where an absolute name in normal form really leads (symbolic links
	 * resolved; the last components may be missing); written to `ret_path`,
	 * false when that cannot be said.  For the folder of a `cd` and the file
	 * of a redirect.  NULL: names lead where they say.
	 */
	bool (*resolve)(void *ctx, const char *path, char *ret_path, size_t size);
	void *resolve_ctx;
};

struct caps_question {
	enum caps_verb verb;
	/*
	 * READ WRITE DELETE: the path as the model gave it.
	 * RUN: the script.  CONNECT: a URL or host:port.
	 */
	struct str subject;
	/* READ WRITE DELETE: the absolute canonical path that fs_pin() found. */
	struct str canonical;
	struct str cwd;  /* RUN: absolute canonical working directory */
	bool is_regular; /* files: exists and is a regular file */
	bool exists;
	unsigned int links; /* files: st_nlink */
};

/* One step of the scale a person may move the written pattern along. */
struct caps_step {
	struct str pattern; /* what would be written to seal.toml */
	bool recommended;
};

/* One simple command of a script (or the one path, the one host). */
struct caps_part {
	enum caps_verb verb; /* a redirect target is a READ or WRITE part */
	struct str text;     /* as shown to a person */
	enum caps_verdict verdict;
	struct str rule;         /* the manifest text that decided; "" = none spoke */
	unsigned int line;       /* its line in seal.toml, 0 = built in or none */
	struct str reason;       /* a short sentence: why not silent */
	struct str runners_up;   /* allow rules that match and lost, one a line; see explain */
	struct caps_step *steps; /* broadest to exact; none for an allowed part */
	size_t n_steps;
	bool only_once; /* "Allow always" is not offered */
};

struct caps_answer {
	enum caps_verdict verdict;
	struct str rule; /* of the part that decided */
	unsigned int line;
	struct str reason; /* for the model: why, and what to do instead */
	struct caps_part *parts;
	size_t n_parts;
	/* RUN and ALLOW: the checked tree, re-emitted with every literal word
	 * quoted.  This is what runs. */
	struct str script;
	void *store; /* owns all of the above */
};

/* On success *ret_caps is the caller's; the manifest must outlive it. */
int caps_compile(const struct manifest *manifest, const struct caps_context *context,
                 struct caps **ret_caps, struct err *err);
/*
 * As caps_compile(), but a rule that it would refuse is left out, as if it were
 * not in the file, and named in *ret_left_out (a line each): for judging rules
 * one by one, never for a session.
 */
int caps_compile_lenient(const struct manifest *manifest, const struct caps_context *context,
                         struct caps **ret_caps, struct buf *ret_left_out, struct err *err);
void caps_free(struct caps *caps);
DEFINE_CLEANUP(struct caps, caps_free)

/* The answer is the caller's: caps_answer_fini(). */
struct caps_answer caps_check(const struct caps *caps, const struct caps_question *question);
void caps_answer_fini(struct caps_answer *answer);
static inline void caps_answer_finip(struct caps_answer *answer)
{
	caps_answer_fini(answer);
}
#define cleanup_caps_answer cleanup_with(caps_answer_fini)

/*
 * A person's answer for the rest of this session: `pattern` (one of the steps)
 * now counts as an allow or a deny entry.  Not written anywhere by this.
 */
int caps_remember(struct caps *caps, enum caps_verb verb, struct str pattern, bool allow,
                  struct err *err);

/*
 * May a command whose words are `argv` reach host:port?  Used by the sandbox's
 * proxy; never asks.  `domains` lists what the command's grant names.
 */
struct caps_hosts; /* a compiled list, see caps/hosts.h */
