/*
 * One web page.  An executor: it takes the host that was checked and connects
 * to nothing else; no redirect is followed, so that each is checked again.
 * Never sends a cookie, a key or a referrer.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/str.h"
#include "caps/grant.h"

struct err;

struct net_fetch {
	struct grant_host grant;
	struct str url;		/* of that host and port */
	size_t max_bytes;	/* of the body; more is cut off */
	unsigned int timeout_s;
	int cancel_fd;		/* readable: ERR_CANCELLED; -1: never */
	/* May this address, that the name led to, be connected to? */
	bool (*may_connect)(void *ctx, const struct sockaddr *address);
	void *ctx;
};

struct net_page {
	unsigned int status;
	char *content_type;	/* may be "" */
	char *redirect;		/* where a 3xx points, absolute; NULL when it does not */
	struct buf body;
	bool truncated;
};
void net_page_fini(struct net_page *page);
static inline void net_page_finip(struct net_page *page)
{
	net_page_fini(page);
}

/* ERR_GONE: no answer came; the text says why. */
int net_fetch(const struct net_fetch *fetch, struct net_page *ret_page, struct err *err);

/* The readable text of an HTML page, appended: no tags, scripts or styles; links
 * keep their address.  For reading, never for showing in a browser. */
void net_html_text(struct str html, struct buf *ret_text);
