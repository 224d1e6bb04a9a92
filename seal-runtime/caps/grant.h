/*
 * A grant: permission for one operation on one thing, already checked.
 *
 * Executors take a grant where they would otherwise take a path, a command or a
 * host, so a caller that skipped the check has nothing to pass.  Only gate/
 * makes one; that no other folder does is checked by tools/check-style.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Files.  `object` is what was checked; the name is never resolved again. */
struct grant_file {
	int object;       /* O_PATH descriptor of the file or folder; -1: does not exist yet */
	int parent;       /* O_PATH|O_DIRECTORY descriptor of its folder            */
	const char *name; /* last component within parent                    */
	const char *path; /* canonical path, for messages                     */
	const char *shown; /* how a diff names it: below the root, else path */
};

/* Commands. */
struct grant_command {
	struct str script;           /* what runs: re-emitted when silently allowed      */
	const char *cwd;             /* canonical                                        */
	const char *const *domains;  /* hosts the command may reach, NULL-ended  */
	const char *const *env_vars; /* variables it may see, NULL-ended         */
};

/* Hosts. */
struct grant_host {
	const char *host; /* canonical A-label or address */
	unsigned int port;
};
