#include "net/fetch.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

struct state {
	const struct net_fetch *fetch;
	struct net_page *page;
	bool refused, cancelled;
};

void net_page_fini(struct net_page *page)
{
	free(page->content_type);
	free(page->redirect);
	buf_fini(&page->body);
}

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct state *s = ctx;
	size_t len = size * n, room = s->fetch->max_bytes - s->page->body.len;

	buf_add(&s->page->body, (struct str){ bytes, len < room ? len : room });
	if (len <= room && !s->page->body.failed)
		return len;
	s->page->truncated = true;
	return 0;	/* ends the transfer: the rest is not wanted */
}

/* The address is judged where the connection is made: a name that leads
 * somewhere else at a second look-up gains nothing. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct state *s = ctx;

	if (purpose != CURLSOCKTYPE_IPCXN || !s->fetch->may_connect(s->fetch->ctx, &address->addr)) {
		s->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int watch(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	struct state *s = ctx;
	struct pollfd poll_fd = { .fd = s->fetch->cancel_fd, .events = POLLIN };

	(void)down_all, (void)down, (void)up_all, (void)up;
	s->cancelled = s->fetch->cancel_fd >= 0 && poll(&poll_fd, 1, 0) > 0;
	return s->cancelled;
}

static void curl_easy_cleanupp(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static void curl_url_cleanupp(CURLU **url)
{
	curl_url_cleanup(*url);
}

/* curl's reading of the URL must name the host that was checked. */
static bool is_granted(const struct net_fetch *fetch, const char *text)
{
	cleanup_with(curl_url_cleanup) CURLU *url = curl_url();
	char *host = NULL, *port = NULL, *user = NULL;
	bool same;

	if (!url || curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK)
		return false;
	(void)curl_url_get(url, CURLUPART_HOST, &host, 0);
	(void)curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	(void)curl_url_get(url, CURLUPART_USER, &user, 0);
	same = host && port && !user && strtoul(port, NULL, 10) == fetch->grant.port;
	if (same) {
		struct str bare = str_of(host);

		/* IPv6 comes in brackets. */
		if (bare.len > 2 && bare.data[0] == '[')
			bare = (struct str){ bare.data + 1, bare.len - 2 };
		same = bare.len && strlen(fetch->grant.host) >= bare.len &&
		       strncasecmp(bare.data, fetch->grant.host, bare.len) == 0 &&
		       (fetch->grant.host[bare.len] == '\0');
	}
	curl_free(host);
	curl_free(port);
	curl_free(user);
	return same;
}

static void set_options(CURL *curl, struct state *s, const char *url, char *error)
{
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");	/* no variable decides where this goes */
	(void)curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "seal/" SEAL_VERSION);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)s->fetch->timeout_s);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, s);
	(void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, s);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static int take_head(CURL *curl, struct net_page *page, struct err *err)
{
	const char *type = NULL, *redirect = NULL;
	long status = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	(void)curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
	page->status = (unsigned int)status;
	page->content_type = str_dup(str_of(type));
	page->redirect = redirect ? str_dup(str_of(redirect)) : NULL;
	return page->content_type && (page->redirect || !redirect) ? 0 : err_nomem(err);
}

static int perform(const struct net_fetch *fetch, const char *url, struct net_page *page,
		   struct err *err)
{
	cleanup_with(curl_easy_cleanup) CURL *curl = curl_easy_init();
	struct state s = { .fetch = fetch, .page = page };
	char error[CURL_ERROR_SIZE] = "";
	CURLcode r;

	if (!curl)
		return err_nomem(err);
	set_options(curl, &s, url, error);
	r = curl_easy_perform(curl);
	if (s.cancelled)
		return err_set(err, ERR_CANCELLED, "cancelled");
	if (s.refused)
		return err_set(err, ERR_GONE,
			       "%s leads to an address that is not public; only a rule that spells the "
			       "address reaches it", fetch->grant.host);
	if (r != CURLE_OK && !(r == CURLE_WRITE_ERROR && page->truncated))
		return err_set(err, ERR_GONE, "%s", error[0] ? error : curl_easy_strerror(r));
	return take_head(curl, page, err);
}

int net_fetch(const struct net_fetch *fetch, struct net_page *ret_page, struct err *err)
{
	cleanup_free char *url = str_dup(fetch->url);
	struct net_page page = { 0 };
	int r;

	if (!url)
		return err_nomem(err);
	if (strlen(url) != fetch->url.len || !is_granted(fetch, url))
		return err_set(err, ERR_INPUT, "the address does not name the host that was checked");
	r = perform(fetch, url, &page, err);
	if (r < 0) {
		net_page_fini(&page);
		return r;
	}
	*ret_page = page;
	return 0;
}
