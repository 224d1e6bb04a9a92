/*
 * Private to overlay/: which names a command may not put into the project: those
 * that a tool of the person runs or obeys.  What of them exists already was
 * mounted read-only; this is about what is new.
 */
#pragma once

#include <stdbool.h>

struct scan;

/* A folder of the overlay: the command's half and the project's. */
struct place {
	int upper, project; /* descriptors; project -1: no such folder */
	const char *root;
	const struct scan *before;
	const char *path; /* below the project, "" = the project */
	bool in_vendor, in_git, is_git, is_hooks;
	unsigned int depth;
};

/* NULL: it may; else why not. */
const char *refuse_why(const struct place *place, const char *name, bool is_folder);

/* What is known of a folder within `place` before it is looked into. */
struct place refuse_enter(const struct place *place, const char *name, int upper, int project);
