/*
 * What this machine can do for the sandbox, found by trying.  Versions and
 * texts of errors decide nothing but which remedy is named.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf;
struct err;

enum probe_state { PROBE_FAILED, PROBE_WARNING, PROBE_GOOD };

struct probe_line {
	const char *name;
	enum probe_state state;
	char found[256];
	const char *remedy; /* "" when there is nothing to do */
};

#define PROBE_LINES_MAX 20

/* Well under a second.  Lines filled; the sandbox works unless one FAILED. */
size_t probe_all(struct probe_line lines[PROBE_LINES_MAX]);

/* The one thing to look at before each session: is bwrap there. */
int probe_quick(struct err *err);

/* What to do about this message of bwrap or seal-init. */
const char *probe_remedy(struct str message);

/* Runs a program in the plainest of environments, a few seconds at most; its exit
 * code (-1: could not) and what it printed. */
int probe_try(char *const argv[], struct buf *out);
