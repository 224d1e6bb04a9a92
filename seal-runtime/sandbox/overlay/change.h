/*
 * Private to overlay/: what a command did, read from the upper folder of its
 * overlay and compared with the project beneath.  Changes nothing.
 *
 * In the upper folder the kernel writes a device 0:0 for what was removed, and
 * an attribute on a folder that hides the one beneath; everything else is there
 * as the command left it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "sandbox/overlay/state.h"

struct err;
struct scan;

#define CHANGES_MAX       (1u << 20)
#define CHANGES_DEPTH_MAX 200

enum change_kind { CHANGE_MADE = '+', CHANGE_REMOVED = '-', CHANGE_EDITED = '~' };

struct change {
	char kind;
	char *path; /* below the project */
	struct state before, after;
};

/* What is not put into the project. */
struct withheld {
	char *path;
	const char *why;
	bool in_upper; /* something of the command's lies there */
};

struct changes {
	struct change *items; /* a folder before what is in it */
	size_t n;
	struct withheld *withheld;
	size_t n_withheld;
	size_t n_links_broken, n_sockets;
};

void changes_fini(struct changes *changes);
static inline void changes_finip(struct changes *changes)
{
	changes_fini(changes);
}

struct changes_input {
	int upper, project;             /* descriptors of the two folders */
	const char *root;               /* path of the project */
	const struct scan *before;      /* what was protected */
	const struct timespec *started; /* whatever changed since is somebody else's */
};
int changes_collect(const struct changes_input *input, struct changes *ret_changes,
                    struct err *err);

/* For reading a journal: takes `path`. */
int changes_add(struct changes *changes, const struct change *change, struct err *err);
