/*
 * Private to sandbox/: the network of one command.
 *
 * The sandbox's network namespace has a loopback and nothing else.  Listeners
 * are made in it from outside, and served out here by threads that ask `hosts`
 * before they resolve or dial anything: one port that speaks HTTP and SOCKS5, a
 * name server that knows the granted names only, and for tools that ignore the
 * proxy variables an address of 127.77/16 for every granted name.  No process
 * and no socket file of the proxy is inside.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct err;
struct sandbox_hosts;
struct sandbox_outcome;

#define NET_PROXY_PORT      3128
#define NET_CONNECTIONS_MAX 256
#define NET_NAMES_MAX       4000
#define NET_DENIALS_MAX     64
#define NET_HEAD_MAX        32768

struct net;

struct net_setup {
	const struct sandbox_hosts *hosts; /* NULL: nothing may be reached */
	const char *const *domains;        /* the granted rules; may be NULL */
	const uint16_t *host_ports;        /* of this machine, that may be reached */
	size_t n_host_ports;
	const uint16_t *dev_server_ports; /* inside, to be shown on this machine */
	size_t n_dev_server_ports;
};

/* Gives names their addresses; makes nothing yet. */
int net_new(const struct net_setup *setup, struct net **ret_net, struct err *err);

/* Text of /etc/hosts; variables NAME=VALUE, NULL-ended. */
const char *net_hosts_text(const struct net *net);
const char *const *net_environment(void);

/* Makes the listeners in this namespace.  For run.c's `ready`. */
int net_start(void *net, int netns, struct err *err);

/* Readable once somebody is at a door; net_serve() then serves them all.  Most
 * commands never knock, so until then there is no thread. */
int net_door_fd(void *net);
void net_serve(void *net);

/* Ends serving; what was refused becomes denials of the outcome (may be NULL). */
void net_stop(struct net *net, struct sandbox_outcome *outcome);
/* Stops as well.  The memory goes with the last thread. */
void net_free(struct net *net);
DEFINE_CLEANUP(struct net, net_free)
