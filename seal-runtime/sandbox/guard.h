/*
 * Private to sandbox/: what a command left behind that a tool of the person
 * would run or obey.  Files that exist are mounted read-only while a command
 * runs; these are the ones that did not exist, and repositories within the
 * project, which must stay removable.  They are moved out of the project, and a
 * changed git configuration is put back.
 */
#pragma once

#include <time.h>

struct err;
struct sandbox;
struct sandbox_outcome;
struct scan;

/* Call before the command starts. */
void guard_begin(struct timespec *ret_started);

/* Each finding becomes a denial of the outcome. */
int guard_after(struct sandbox *sandbox, const struct scan *before, const struct timespec *started,
                struct sandbox_outcome *outcome, struct err *err);

/* Moves the file or folder at `path` out of anybody's way; what is said is about
 * `shown`, where the command put it. */
int guard_quarantine(const struct sandbox *sandbox, const char *path, const char *shown,
                     const char *why, struct sandbox_outcome *outcome, struct err *err);
