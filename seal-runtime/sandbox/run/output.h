/*
 * Private to sandbox/: where a command's output goes.  The head is kept up to a
 * limit, the whole is spilled to a file once it is longer, and whoever watches
 * gets it as it comes.  By hand it is passed on to two descriptors instead, up
 * to a limit; what comes later is counted and dropped, so that a command never
 * blocks on us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

struct output {
	/* Set by the maker. */
	size_t max;            /* bytes kept */
	const char *spill_dir; /* NULL: no spill */
	uint64_t spill_max;    /* then `flooded` */
	void (*watch)(void *ctx, struct str bytes);
	void *ctx;
	int fds[2];      /* by hand: standard output and error; else -1 */
	uint64_t fd_max; /* bytes passed to each */

	/* Read when it is over. */
	struct buf kept;
	char *spilled_to;
	bool truncated, flooded;
	uint64_t total[2], dropped;

	int spill_fd;
};

#define OUTPUT_INIT ((struct output){ .fds = { -1, -1 }, .spill_fd = -1 })

/* Some bytes of stream 0 (output) or 1 (error). */
int output_add(struct output *output, int stream, struct str bytes, struct err *err);

/* Cuts what was kept at a character's end and closes the spill. */
void output_end(struct output *output);
void output_fini(struct output *output);
