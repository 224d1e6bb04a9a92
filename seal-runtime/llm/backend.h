/*
 * Private to llm/.  What llm.c, the backends and the wires share: the model
 * that a session talks to, and the two tables behind it.
 *
 * A backend answers a request somehow.  A wire is a protocol over HTTP and SSE:
 * it writes a request and reads events; llm/stream.c does the rest for all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "llm/http.h"
#include "llm/keys.h"
#include "llm/model.h"
#include "llm/reply.h"
#include "manifest/manifest.h"

struct err;
struct llm;
struct sse_event;

/* The headers of one request.  The manifest's come first and win. */
struct wire_headers {
	struct http_header items[HTTP_HEADERS_MAX];
	size_t n;
	struct buf bearer; /* owned: "Bearer KEY", wiped */
};

/* The value of a header that is there, by any case; {NULL, 0} when it is not. */
struct str wire_header(const struct wire_headers *headers, const char *name);

/* Adds it unless it is there. */
void wire_add_header(struct wire_headers *headers, const char *name, struct str value);
void wire_headers_finip(struct wire_headers *headers);
void wire_add_bearer(struct wire_headers *headers, const struct key *key);

struct wire {
	const char *path; /* behind the provider's: "/messages" */

	/* The provider's path stands in every address, also behind a base_url
	 * that has a path of its own. */
	bool is_path_kept;

	/* What the protocol and the key need. */
	void (*headers)(struct wire_headers *headers, const struct key *key);

	/* The body, from the WIT request. */
	void (*request)(const struct llm *llm, yyjson_val *request, struct json *w);

	/* Where tokens are counted, behind the path, and the body for it.  NULL: nowhere. */
	const char *count_path;
	void (*count)(const struct llm *llm, yyjson_val *request, struct json *w);

	/* One event into the reply; an error the server tells goes to reply->fault.
	 * ERR_INPUT: the event makes no sense. */
	int (*event)(struct reply *reply, const struct sse_event *event, struct err *err);

	/* After the last byte; may set reply->is_ended where the protocol allows
	 * a stream to end without a last word.  May be NULL. */
	void (*finish)(struct reply *reply);
};

extern const struct wire wire_anthropic, wire_openai_chat, wire_openai_responses;

struct provider {
	const char *name;
	const struct wire *wire; /* NULL: not over the network */
	const char *address, *path, *key_name;
	bool is_keyless_fine;
};

struct replay;

/* [model] and [limits], copied: a session exchanges its manifest while it runs. */
struct settings {
	struct manifest_model model;
	struct manifest_limits limits;
	struct buf store; /* the bytes of the strings above */
};

int settings_copy(const struct manifest *manifest, struct settings *ret_settings, struct err *err);
void settings_fini(struct settings *settings);

struct llm {
	struct settings settings;
	const struct provider *provider;
	struct model model;
	bool is_asked;     /* for what models.def does not know */
	int64_t allowance; /* the tokens that a reply may have by [limits]; 0: no limit */
	char *url;
	struct http *http;
	struct key kept; /* of the Secret Service, which is asked once; wiped */
	struct replay *replay;
	int dir;      /* the session's folder, -1: none */
	int recorder; /* -1: none */
	struct reply_usage spent;
	double cost;        /* negative: a price was not known */
	int64_t last_reply; /* CLOCK_REALTIME seconds, 0: none yet */
};

/* What a session keeps over a restart, in its folder: what was spent, when the
 * last reply came, the line a recording is at.  Nothing without a folder. */
int state_load(struct llm *llm, struct err *err);
int state_save(const struct llm *llm, struct err *err);

/* The key for the next request; one of the manifest's headers may stand for it. */
int llm_find_key(struct llm *llm, struct key *ret_key, struct err *err);

/* Every header of a request; the key must outlive them. */
void llm_headers(const struct llm *llm, const struct key *key, struct wire_headers *headers);

/* The manifest's own sizes over what is known of the model. */
void llm_apply_sizes(struct llm *llm);

/* The largest reply to ask for; 0: leave it to the server. */
int64_t llm_output_limit(const struct llm *llm, yyjson_val *request);

/* Fills reply or reply->fault; < 0 is a fault of ours. */
int stream_chat(struct llm *llm, yyjson_val *request, struct reply *reply, int cancel_fd,
		struct err *err);
