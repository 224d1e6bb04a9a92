/*
 * Private to launch*.c: the options of bwrap, and the descriptors they name.
 * launch_weak.c stands in for launch_options.c in a test build that shows what
 * the tests say when there is no sandbox.
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"

struct err;
struct launch_input;

struct launch_args {
	struct buf text; /* NUL-ended words */
	int *fds;        /* owned */
	size_t n_fds;
	struct buf again; /* what has to be opened again beneath an overlay: its records */
};

void launch_args_finip(struct launch_args *args);

/* Owns fd from here on. */
int launch_keep(struct launch_args *args, int fd, struct err *err);
void launch_put(struct launch_args *args, const char *word);

/* A file of these bytes that has no name; the descriptor or < 0. */
int launch_memory_file(struct str bytes, struct err *err);

int launch_options(const struct launch_input *input, struct launch_args *args, struct err *err);

/* What seal-init is told, but for cgroups. */
struct str launch_policy(const struct launch_input *input);
