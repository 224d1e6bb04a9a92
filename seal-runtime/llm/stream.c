#include "llm/backend.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "llm/llm.h"
#include "llm/retry.h"
#include "llm/sse.h"

#define OTHER_SIZE_MAX ((size_t)64 * 1024)

/* One try. */
struct exchange {
	const struct wire *wire;
	struct reply *reply;
	struct sse sse;
	struct buf other; /* an answer that is no event stream */
	bool is_lasting;  /* another try would end the same */
};

static void exchange_finip(struct exchange *exchange)
{
	sse_fini(&exchange->sse);
	buf_fini(&exchange->other);
}

/* ---- headers ---- */

struct str wire_header(const struct wire_headers *headers, const char *name)
{
	for (size_t i = 0; i < headers->n; i++) {
		struct str has = headers->items[i].name;

		if (has.len == strlen(name) && strncasecmp(has.data, name, has.len) == 0)
			return headers->items[i].value;
	}
	return (struct str){NULL, 0};
}

void wire_add_header(struct wire_headers *headers, const char *name, struct str value)
{
	if (headers->n < HTTP_HEADERS_MAX && !wire_header(headers, name).data)
		headers->items[headers->n++] = (struct http_header){str_of(name), value};
}

void wire_add_bearer(struct wire_headers *headers, const struct key *key)
{
	if (!key->text)
		return;
	/* Room for all at once: growing would leave a copy behind. */
	(void)buf_reserve(&headers->bearer, key->len + 8);
	buf_adds(&headers->bearer, "Bearer ");
	buf_add(&headers->bearer, (struct str){key->text, key->len});
	wire_add_header(headers, "authorization", buf_str(&headers->bearer));
}

void wire_headers_finip(struct wire_headers *headers)
{
	if (headers->bearer.data)
		explicit_bzero(headers->bearer.data, headers->bearer.size);
	buf_fini(&headers->bearer);
}

void llm_headers(const struct llm *llm, const struct key *key, struct wire_headers *headers)
{
	const struct manifest_model *model = &llm->settings.model;

	/* Half of the table is ours; the manifest may fill the other half. */
	for (size_t i = 0; i < model->header_names.n && headers->n < HTTP_HEADERS_MAX / 2; i++)
		headers->items[headers->n++] = (struct http_header){model->header_names.items[i],
								    model->header_values.items[i]};
	llm->provider->wire->headers(headers, key);
	wire_add_header(headers, "content-type", STR("application/json"));
	wire_add_header(headers, "accept", STR("text/event-stream"));
}

/* ---- the answer ---- */

static int take_event(void *ctx, const struct sse_event *event, struct err *err)
{
	struct exchange *exchange = ctx;

	/* What follows an error or the last word is not the reply. */
	if (exchange->reply->fault.kind || exchange->reply->is_ended)
		return 0;
	return exchange->wire->event(exchange->reply, event, err);
}

static bool is_event_stream(const struct http_head *head)
{
	return head->status == 200 && strncasecmp(head->content_type, "text/event-stream",
						  strlen("text/event-stream")) == 0;
}

static int take_body(void *ctx, const struct http_head *head, struct str bytes, struct err *err)
{
	struct exchange *exchange = ctx;
	int r;

	if (!is_event_stream(head)) {
		buf_add(&exchange->other, str_head(bytes, OTHER_SIZE_MAX - exchange->other.len));
		return exchange->other.len == OTHER_SIZE_MAX ? HTTP_ENOUGH : HTTP_MORE;
	}
	r = sse_feed(&exchange->sse, bytes, err);
	if (r < 0)
		return r;
	return exchange->reply->fault.kind || exchange->reply->is_ended ? HTTP_ENOUGH : HTTP_MORE;
}

static void judge_status(const struct llm *llm, struct exchange *exchange,
			 const struct http_head *head)
{
	struct fault *fault = &exchange->reply->fault;
	const char *provider = llm->provider->name;

	if (head->status / 100 == 3) {
		fault_set(
		    fault, FAULT_INVALID,
		    "%s answered %ld: it moved to %s; redirects are not followed, so that the key "
		    "stays where it was meant to go: set base_url in [model] of seal.toml",
		    provider, head->status, head->location[0] ? head->location : "another place");
		return;
	}
	if (head->status != 200) {
		fault_read(fault, head->status, provider, buf_str(&exchange->other));
		return;
	}
	if (str_find(buf_str(&exchange->other), STR("\"error\""), 0) != STR_NONE) {
		fault_read(fault, 200, provider, buf_str(&exchange->other));
		return;
	}
	exchange->is_lasting = true;
	fault_set(
	    fault, FAULT_INVALID,
	    "%s answered with \"%s\" where an event stream is needed: check base_url in [model] of "
	    "seal.toml (%s)",
	    provider, head->content_type[0] ? head->content_type : "no content type", llm->url);
}

static void judge_end(const struct llm *llm, struct exchange *exchange)
{
	struct reply *reply = exchange->reply;

	if (reply->fault.kind == FAULT_NONE && !reply->is_ended && exchange->wire->finish)
		exchange->wire->finish(reply);
	if (reply->fault.kind == FAULT_NONE && !reply->is_ended)
		fault_set(&reply->fault, FAULT_NETWORK,
			  "%s ended its stream before the reply was complete; try again%s",
			  llm->provider->name,
			  /* llama-cpp-python answers so to what does not fit. */
			  reply->n_blocks == 0 && llm->provider->is_keyless_fine
			      ? ", and if it stays so the prompt may be longer than the server's "
				"context: set context_length of [model] to that"
			      : "");
}

/* What the peer did wrong is an answer; what we did wrong stays an error. */
static int judge_broken_stream(const struct llm *llm, struct exchange *exchange, int r,
			       struct err *err)
{
	if (r != ERR_INPUT && r != ERR_LIMIT)
		return r;
	exchange->is_lasting = r == ERR_LIMIT;
	fault_set(
	    &exchange->reply->fault, FAULT_NETWORK,
	    "the stream of %s cannot be read: %s; try again, and if it stays so check base_url in "
	    "[model] of seal.toml",
	    llm->provider->name, err->text);
	return 0;
}

static int judge(const struct llm *llm, struct exchange *exchange, const struct http_result *result,
		 struct err *err)
{
	struct fault *fault = &exchange->reply->fault;
	int r;

	if (result->outcome == HTTP_CANCELLED) {
		fault_set(fault, FAULT_CANCELLED, "cancelled");
		return 0;
	}
	if (result->outcome == HTTP_BROKEN) {
		/* A server may drop the line right behind its last word. */
		if (exchange->reply->is_ended || fault->kind)
			return 0;
		exchange->is_lasting = result->is_lasting;
		fault_set(fault, FAULT_NETWORK, "%s", result->text);
		return 0;
	}
	if (!is_event_stream(&result->head)) {
		judge_status(llm, exchange, &result->head);
		return 0;
	}
	r = sse_finish(&exchange->sse, err);
	if (r < 0)
		return judge_broken_stream(llm, exchange, r, err);
	judge_end(llm, exchange);
	return 0;
}

/* ---- tries ---- */

static bool is_retried(const struct exchange *exchange, const struct http_result *result,
		       unsigned int tries)
{
	const struct reply *reply = exchange->reply;

	/* What the person has seen is not taken back. */
	if (tries >= RETRY_MAX || reply->is_shown || exchange->is_lasting)
		return false;
	switch (reply->fault.kind) {
	case FAULT_NONE:
	case FAULT_CANCELLED:
	case FAULT_BUDGET:
		return false;
	case FAULT_OVERLOADED:
	case FAULT_RATE_LIMITED:
	case FAULT_NETWORK:
		if (result->head.status == 200)
			return true;
		break;
	default:
		break;
	}
	return retry_is_wanted(result);
}

/* False when it is not worth waiting, or the wait was cancelled. */
static bool wait_for_next(struct reply *reply, const struct http_result *result, unsigned int tries,
			  int cancel_fd)
{
	int64_t ms = retry_asked_ms(result, time(NULL));
	char sentence[160];

	if (ms > RETRY_WAIT_MAX_MS) {
		size_t len = strlen(reply->fault.text);

		(void)snprintf(reply->fault.text + len, sizeof(reply->fault.text) - len,
			       "; it asks to wait %lld s", (long long)(ms / 1000));
		return false;
	}
	if (ms < 0)
		ms = retry_backoff_ms(tries);
	(void)snprintf(sentence, sizeof(sentence), "%s, again in %.2g s (%u of %d)",
		       fault_name(reply->fault.kind), (double)ms / 1000, tries + 1, RETRY_MAX);
	if (reply->sink && reply->sink->retry)
		reply->sink->retry(reply->sink->ctx, str_of(sentence));
	if (!retry_wait(cancel_fd, ms))
		return true;
	fault_set(&reply->fault, FAULT_CANCELLED, "cancelled");
	return false;
}

/* *ret_again: there is to be another try. */
static int try_once(struct llm *llm, const struct http_request *request, struct reply *reply,
		    unsigned int tries, bool *ret_again, struct err *err)
{
	cleanup_with(exchange_fini) struct exchange exchange = {.wire = llm->provider->wire,
								.reply = reply};
	struct http_reader reader = {&exchange, take_body};
	struct http_result result;
	int r;

	sse_init(&exchange.sse, take_event, &exchange);
	r = http_send(llm->http, request, &reader, &result, err);
	if (r < 0)
		r = judge_broken_stream(llm, &exchange, r, err);
	else
		r = judge(llm, &exchange, &result, err);
	if (r < 0)
		return r;
	*ret_again = is_retried(&exchange, &result, tries) &&
		     wait_for_next(reply, &result, tries, request->cancel_fd);
	return 0;
}

static int post(struct llm *llm, struct str body, const struct wire_headers *headers,
		struct reply *reply, int cancel_fd, struct err *err)
{
	const struct llm_sink *sink = reply->sink;
	struct http_request request = {
	    .url = llm->url,
	    .headers = headers->items,
	    .n_headers = headers->n,
	    .body = body,
	    .cancel_fd = cancel_fd,
	    .sent = sink ? sink->sent : NULL,
	    .ctx = sink ? sink->ctx : NULL,
	};

	for (unsigned int tries = 0;; tries++) {
		bool is_again = false;
		int r = try_once(llm, &request, reply, tries, &is_again, err);

		if (r < 0 || !is_again)
			return r;
		reply_reset(reply);
	}
}

int stream_chat(struct llm *llm, yyjson_val *request, struct reply *reply, int cancel_fd,
		struct err *err)
{
	cleanup_with(wire_headers_fini) struct wire_headers headers = {.n = 0};
	cleanup_buf struct buf body = BUF_INIT;
	cleanup_key struct key key = {0};
	struct json w = json_to(&body);
	int r;

	r = llm_find_key(llm, &key, err);
	if (r < 0) {
		fault_set(&reply->fault, FAULT_AUTH, "%s", err->text);
		return 0;
	}
	llm->provider->wire->request(llm, request, &w);
	r = buf_check(&body, "the request", err);
	if (r < 0)
		return r;
	llm_headers(llm, &key, &headers);
	r = post(llm, buf_str(&body), &headers, reply, cancel_fd, err);
	if (r == 0 && key.text) {
		fault_redact(&reply->fault, (struct str){key.text, key.len});
		fault_name_key(&reply->fault, key.place);
		/* Perhaps another one is kept there by now. */
		if (reply->fault.kind == FAULT_AUTH)
			key_fini(&llm->kept);
	}
	return r;
}
