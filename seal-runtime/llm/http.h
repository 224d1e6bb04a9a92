/*
 * Private to llm/.  One request at a time to the model's server, over libcurl.
 *
 * The only file of the runtime that connects to a provider.  http and https
 * only; a redirect is never followed, since the headers carry the key.  It
 * knows nothing of models: bytes come back through a reader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct http; /* the open connections and the settings */

struct http_limits {
	int64_t connect_ms;    /* name, TCP, TLS */
	int64_t first_byte_ms; /* from the start of the call to the first header */
	int64_t silence_ms;    /* between two pieces of the answer */
};

#define HTTP_LIMITS ((struct http_limits){15000, 600000, 180000})

/* What is left of a limit, and when it is whole again, as the server says it. */
#define HTTP_LIMIT_KINDS 7

struct http_limit {
	char remaining[24], reset[40];
};

struct http_head {
	long status;
	char content_type[64];
	char retry_after[64], retry_after_ms[32], should_retry[8];
	char request_id[80];
	char location[200];
	struct http_limit limits[HTTP_LIMIT_KINDS];
};

#define HTTP_HEADERS_MAX 64

struct http_header {
	struct str name, value;
};

struct http_request {
	const char *url;
	const struct http_header *headers;
	size_t n_headers;
	struct str body; /* without one (NULL) it is a GET, else a POST */
	int cancel_fd; /* -1: cannot be cancelled */
	void (*sent)(void *ctx); /* the last byte of the body is on its way; may be NULL */
	void *ctx;
};

enum http_more {
	HTTP_MORE = 0,
	HTTP_ENOUGH = 1, /* the answer is complete: do not wait long for the end */
};

/* Gets every piece of the body; returns enum http_more or < 0, which ends the call. */
struct http_reader {
	void *ctx;
	int (*body)(void *ctx, const struct http_head *head, struct str bytes, struct err *err);
};

enum http_outcome {
	HTTP_BROKEN = 0, /* no answer, or not all of it: see text */
	HTTP_DONE,
	HTTP_CANCELLED,
};

struct http_result {
	enum http_outcome outcome;
	struct http_head head; /* status 0: none came */
	bool is_lasting;       /* broken, and the next try would be broken too */
	char text[512];        /* of HTTP_BROKEN: what, where, remedy */
};

int http_new(struct http **ret_http, struct err *err);
void http_free(struct http *http);
DEFINE_CLEANUP(struct http, http_free)

void http_set_limits(struct http *http, const struct http_limits *limits);
struct http_limits http_get_limits(const struct http *http);

/* ERR_INPUT when it holds what a header cannot: a line end, a blank in the name. */
int http_check_header(struct str name, struct str value, struct err *err);

/*
 * Returns 0 with *ret_result filled; < 0 is what the reader returned, or a
 * fault of ours.  The headers were checked before.
 */
int http_send(struct http *http, const struct http_request *request,
	      const struct http_reader *reader, struct http_result *ret_result, struct err *err);
