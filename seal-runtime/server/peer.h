/*
 * One end of a stream on the loop: lines in, lines out.  Private to server/.
 * Clients and workers are both peers.
 */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "rpc/frame.h"

struct err;
struct peer;

struct peer_kind {
	void (*line)(struct peer *peer, struct str line);
	/* No more lines will come: the other end closed, or `why` it was closed
	 * from here.  Called at most once, and not after peer_close(). */
	void (*gone)(struct peer *peer, const char *why);
	/* The handle is closed and the memory around it may go. */
	void (*closed)(struct peer *peer);
};

struct peer {
	uv_pipe_t pipe;
	struct frame frame;
	const struct peer_kind *kind;
	bool is_closing, is_gone;
};

/* A peer that reads slower than this many bytes behind is closed. */
#define PEER_QUEUE_MAX ((size_t)256 << 20)

int peer_init(struct peer *peer, uv_loop_t *loop, const struct peer_kind *kind, struct err *err);

/* Once the pipe is connected. */
int peer_start(struct peer *peer, struct err *err);

/* Writes the lines and empties the buffer. */
void peer_send(struct peer *peer, struct buf *lines);

/* No more is read; the other end sees the end after what was sent. */
void peer_finish(struct peer *peer);

void peer_close(struct peer *peer);
