/*
 * The worker's end of the pair to the daemon: JSON-RPC lines, as on the
 * client's socket.  Private to session/.
 *
 * The worker is straight-line code: it reads the next request when it has
 * nothing else to do, and in the middle of a turn only the answer to a question
 * that it asked.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"
#include "rpc/frame.h"
#include "rpc/message.h"

struct err;

/* The descriptor that the daemon hands to `seald worker`. */
#define LINK_FD 3

struct link {
	int fd;
	struct frame frame;
	uint64_t last_id; /* of a request of ours */
	struct buf held;  /* requests that came while an answer was awaited */
};

void link_init(struct link *link, int fd);
void link_fini(struct link *link);

/* Blocks.  1: a message; 0: the daemon closed its end or wants us gone. */
int link_next(struct link *link, struct message *ret_message, struct err *err);

/* Writes one or more whole lines. */
int link_send(struct link *link, const struct buf *lines, struct err *err);

/* Notice of ours: session/update and nothing else so far. */
void link_notice(struct link *link, const char *method, struct str params);

/*
 * Asks and waits for the answer.  1: *ret_message holds it; 0: the turn was
 * cancelled or the daemon went away, nobody answers.
 */
int link_ask(struct link *link, const char *method, struct str params, int cancel_fd,
	     struct message *ret_message, struct err *err);
