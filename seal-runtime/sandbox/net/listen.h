/*
 * Private to sandbox/net/: sockets in a network namespace that this process is
 * not in.  A child that shares memory and descriptors enters the user namespace
 * that owns it (ours, so with every capability), then it, and makes them.
 */
#pragma once

#include <stdint.h>

struct err;

struct listener {
	int type;         /* SOCK_STREAM or SOCK_DGRAM */
	uint32_t address; /* host order */
	uint16_t port;
	int fd; /* out; -1 at first */
};

/* Binds (and listens on) each; the descriptors are the caller's. */
int listen_inside(int netns, struct listener *listeners, unsigned int n, struct err *err);

/* A connection to 127.0.0.1:port inside; the descriptor, or < 0. */
int connect_inside(int netns, uint16_t port, struct err *err);
