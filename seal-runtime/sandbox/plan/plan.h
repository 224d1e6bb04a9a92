/*
 * Private to sandbox/: manifest + command + machine -> what exactly is done.
 *
 * Pure: everything it must know of the disk is in the facts or asked through
 * `look`; it opens nothing and makes nothing.  run.c carries a plan out,
 * `seal sandbox plan` prints one, test_plan.c holds the rules as rows.
 *
 * What a command sees: the base view of [sandbox.os] command_fs, read-only;
 * a /tmp, /var/tmp and home of its own; the project, writable but for protected
 * names, what deny rules name, and secrets; and outside the project the folders
 * that read, write and delete rules name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "caps/grant.h"

struct err;
struct manifest;
struct scan;

enum plan_kind {
	PLAN_SYSTEM, /* of the host, read-only; a folder no guest can change */
	PLAN_LINK,   /* a symbolic link, as the host has it */
	PLAN_PROC,
	PLAN_DEV,
	PLAN_TMPFS,
	PLAN_FOLDER, /* an empty folder to mount on */
	PLAN_SEAL,   /* makes a mount read-only from here on */
	PLAN_READ,
	PLAN_WRITE,
	PLAN_PIN, /* the folder mounted on itself: it cannot be renamed */
	PLAN_PROTECT,
	PLAN_MASK,
};

struct plan_step {
	enum plan_kind kind;
	char *source;               /* host path, or a link's text */
	char *target;               /* path inside */
	unsigned int mode, size_mb; /* tmpfs */
	bool is_folder;
	char why[48]; /* for people */
};

enum plan_look { PLAN_NOTHING, PLAN_IS_FOLDER, PLAN_IS_FILE, PLAN_IS_OTHER };

#define PLAN_LINKS_MAX 8
#define PLAN_AGENT     "/run/seal/ssh-agent" /* inside: the person's ssh agent */

struct plan_facts {
	unsigned int uid, gid; /* of the caller */
	const char *home;      /* real path of the person's home; "" = none */
	struct {
		const char *path, *text; /* text NULL: a folder, no link */
	} links[PLAN_LINKS_MAX];         /* /bin, /lib64 ...: as the host spells them */
	const char *etc;                 /* the prepared /etc */
	const char *init;                /* seal-init */
	const char *mask_file, *mask_folder;
	const char *shell; /* bash or sh; inside */
	bool is_bash;
	const char *const *environment; /* of the person, NAME=VALUE, NULL-ended */
	/* What lies at an absolute path; its real path when it is something. */
	enum plan_look (*look)(void *ctx, const char *path, char *ret_real);
	void *ctx;
};

struct plan_input {
	const struct manifest *manifest;
	const char *root; /* real path of the project */
	const struct grant_command *grant;
	const struct scan *scan;
	const struct plan_facts *facts;
	/* NAME=VALUE more, NULL-ended: env files, the proxy's address; may be NULL. */
	const char *const *extra_environment;
};

struct plan {
	struct plan_step *steps;
	size_t n_steps;
	char **environment; /* NULL-ended */
	size_t n_environment;
	char **command; /* NULL-ended */
	size_t n_command;
	char *cwd;
	struct buf policy;     /* seal-init's configuration, see init/init.h */
	struct buf notes;      /* lines: grants that could not be carried out, and why */
	unsigned int uid, gid; /* inside */
};

/* The word that plan_print() has for it. */
const char *plan_word(enum plan_kind kind);

int plan_make(const struct plan_input *input, struct plan *ret_plan, struct err *err);
void plan_fini(struct plan *plan);
static inline void plan_finip(struct plan *plan)
{
	plan_fini(plan);
}

/* For a person: one line a step. */
void plan_print(const struct plan *plan, struct buf *out);

/* Is the path writable inside? */
bool plan_is_writable(const struct plan *plan, const char *path);
/* The last step that decides about the path, or NULL. */
const struct plan_step *plan_step_of(const struct plan *plan, const char *path);

/* Private to plan*.c. */
int plan_add(struct plan *plan, enum plan_kind kind, const char *source, const char *target,
             struct err *err);
int plan_list_add(char ***list, size_t *n, char *text, struct err *err);
int plan_set(struct plan *plan, const char *variable, struct err *err);
/* The person's value of a variable that the command was granted; NULL: none. */
const char *plan_granted(const struct plan_input *input, const char *name);
int plan_environment(const struct plan_input *input, struct plan *plan, struct err *err);
int plan_policy(const struct plan_input *input, struct plan *plan, struct err *err);
int plan_grants(const struct plan_input *input, struct plan *plan, struct err *err);
bool path_covers(const char *folder, const char *path);
