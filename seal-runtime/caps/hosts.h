/*
 * Hosts: reading what a guest or a rule wrote, comparing the two, and saying
 * what kind of address a name led to.
 *
 * One strict parser serves both sides, so that a rule and a target which mean
 * the same host have the same bytes, and what two parsers would read
 * differently is no host at all.  For caps itself and for the proxy of the
 * sandbox.  It never looks anything up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct sockaddr;

#define CAPS_HOST_MAX 253

/* Zero is the only kind that may be reached without being written in a rule. */
enum caps_address {
	CAPS_ADDRESS_PUBLIC,
	CAPS_ADDRESS_LOOPBACK,
	CAPS_ADDRESS_PRIVATE,    /* RFC 1918, fc00::/7 */
	CAPS_ADDRESS_LINK_LOCAL, /* 169.254/16, fe80::/10 */
	CAPS_ADDRESS_SHARED,     /* 100.64/10, carrier NAT */
	CAPS_ADDRESS_MULTICAST,
	CAPS_ADDRESS_RESERVED,  /* unspecified, broadcast, documentation, 240/4 */
	CAPS_ADDRESS_BENCHMARK, /* 198.18/15 */
	CAPS_ADDRESS_METADATA,  /* where clouds hand out credentials */
	CAPS_ADDRESS_EMBEDDED, /* an IPv4 address in IPv6: mapped, compatible, NAT64, 6to4, Teredo */
};

struct caps_host {
	char name[CAPS_HOST_MAX + 1]; /* A-labels in lower case, or the canonical address */
	size_t len;
	unsigned int port;
	bool is_address;
	enum caps_address kind; /* of an address; a name like localhost counts as one */
};

/* "https://host[:port]/...", "http://..." or "host:port".  ERR_INPUT says why not. */
int caps_host_parse(struct str target, struct caps_host *ret_host, struct err *err);

/* By family and bytes; anything but IPv4 and IPv6 is reserved. */
enum caps_address caps_address_kind(const struct sockaddr *address);
const char *caps_address_name(enum caps_address kind);

/*
 * A compiled list of rules: "name", "*.suffix", an address, each with an
 * optional ":port".  ERR_INPUT names the first rule that is none of these.
 */
struct caps_hosts;
int caps_hosts_new(const struct str *rules, size_t n_rules, struct caps_hosts **ret_hosts,
                   struct err *err);
void caps_hosts_free(struct caps_hosts *hosts);
DEFINE_CLEANUP(struct caps_hosts, caps_hosts_free)

#define CAPS_HOSTS_NONE ((size_t)-1)

/*
 * The most specific rule that allows this host and port, as an index into
 * `rules`; a rule without a port means 80 and 443.  An address that is not
 * public is only ever matched by a rule which spells it.
 */
size_t caps_hosts_allow(const struct caps_hosts *hosts, const struct caps_host *host);

/* The first rule that denies it; without a port a rule denies every port. */
size_t caps_hosts_deny(const struct caps_hosts *hosts, const struct caps_host *host);
