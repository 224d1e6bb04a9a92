/* Private to sandbox/net/: what its threads share. */
#pragma once

#include <pthread.h>

#include "base/buf.h"
#include "base/str.h"
#include "sandbox/net/listen.h"
#include "sandbox/net/net.h"
#include "sandbox/sandbox.h"

enum door {
	DOOR_PROXY, /* HTTP and SOCKS5 */
	DOOR_DNS,
	DOOR_NAME,       /* 127.77.x.y stands for a granted name */
	DOOR_HOST_PORT,  /* a port of this machine */
	DOOR_DEV_SERVER, /* listens on this machine; leads inside */
};

#define NET_DOORS_MAX 512

struct net_denial {
	char target[300], why[100];
};

/*
 * `lock` guards everything below it.  The memory belongs to all threads; the
 * last one frees it.  `hosts` is the caller's and may be called only under the
 * lock and before `stopped`.
 */
struct net {
	struct net_setup setup;
	struct buf hosts_text;
	struct listener listeners[NET_DOORS_MAX];
	enum door doors[NET_DOORS_MAX];
	unsigned int n_listeners, n_inside; /* the first n_inside are in the namespace */
	uint16_t ports[64];                 /* that any rule names */
	size_t n_ports;
	int netns, stop_fd, door_fd;
	pthread_t acceptor;
	bool started;

	pthread_mutex_t lock;
	unsigned int n_owners;
	unsigned int n_connections;
	bool stopped;
	char **names; /* of 127.77.x.y, by index */
	size_t n_names;
	struct net_denial denials[NET_DENIALS_MAX];
	size_t n_denials;
};

/* May the command reach it?  Fills the canonical name; writes a denial if not. */
bool net_may_connect(struct net *net, struct str host, unsigned int port,
                     char ret_name[SANDBOX_HOST_MAX]);
bool net_may_dial(struct net *net, const char *name, const struct sockaddr *address);
void net_deny(struct net *net, struct str host, unsigned int port, const char *why);

/* The name behind 127.77.x.y (host order); false when it is nobody's. */
bool net_name_of(struct net *net, uint32_t address, char ret_name[SANDBOX_HOST_MAX]);

/* One accepted connection, on a thread of its own.  Owns client. */
void serve_connection(struct net *net, int client, enum door door, uint16_t port);

void net_release(struct net *net);
