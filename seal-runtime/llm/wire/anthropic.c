#include "llm/wire/anthropic.h"

#include "base/err.h"
#include "llm/backend.h"
#include "llm/sse.h"

/* This version and newer take the key as a bearer token; versions are dates. */
#define BEARER_SINCE "2026-10-21"
#define VERSION      "2023-06-01"

static void headers(struct wire_headers *list, const struct key *key)
{
	struct str version;

	wire_add_header(list, "anthropic-version", STR(VERSION));
	version = wire_header(list, "anthropic-version");
	if (key->form == KEY_TOKEN && list->n < HTTP_HEADERS_MAX)
		/* Beside the manifest's own line of that name, not instead of it. */
		list->items[list->n++] =
		    (struct http_header){STR("anthropic-beta"), STR("oauth-2025-04-20")};
	if (key->form == KEY_PLAIN && (version.len != strlen(BEARER_SINCE) ||
				       memcmp(version.data, BEARER_SINCE, version.len) < 0))
		wire_add_header(list, "x-api-key", (struct str){key->text, key->len});
	else
		wire_add_bearer(list, key);
}

/* ---- events ---- */

static void take_count(yyjson_val *usage, const char *key, uint64_t *count)
{
	yyjson_val *val = yyjson_obj_get(usage, key);

	if (yyjson_is_uint(val))
		*count = yyjson_get_uint(val);
}

/* Cumulative, and each event may leave some out. */
static void take_usage(struct reply *reply, yyjson_val *usage)
{
	take_count(usage, "input_tokens", &reply->usage.input);
	take_count(usage, "output_tokens", &reply->usage.output);
	take_count(usage, "cache_read_input_tokens", &reply->usage.cache_read);
	take_count(usage, "cache_creation_input_tokens", &reply->usage.cache_write);
}

static int start_tool(struct reply *reply, struct reply_block *block, yyjson_val *start,
		      struct err *err)
{
	yyjson_val *input = yyjson_obj_get(start, "input");
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);
	int r;

	r = reply_grow_part(reply, &block->id, json_str(start, "id"), err);
	if (r == 0)
		r = reply_grow_part(reply, &block->name, json_str(start, "name"), err);
	if (r < 0)
		return r;
	reply_show_tool(reply, buf_str(&block->name));
	/* Usually {} and then deltas; some imitations send all of it here. */
	if (yyjson_obj_size(input) == 0)
		return 0;
	json_put_val(&w, input);
	return reply_grow(reply, block, buf_str(&text), err);
}

static int start_block(struct reply *reply, yyjson_val *root, struct err *err)
{
	yyjson_val *start = yyjson_obj_get(root, "content_block");
	struct str type = json_str(start, "type");
	enum reply_kind kind;
	struct reply_block *block;
	int r;

	if (str_is(type, "text"))
		kind = REPLY_TEXT;
	else if (str_is(type, "thinking"))
		kind = REPLY_THINKING;
	else if (str_is(type, "redacted_thinking"))
		kind = REPLY_REDACTED;
	else if (str_is(type, "tool_use"))
		kind = REPLY_TOOL;
	else
		return 0; /* a kind we do not ask for, or do not know yet */
	r = reply_add(reply, kind, json_int(root, "index", -1), &block, err);
	if (r < 0)
		return r;
	if (kind == REPLY_TOOL)
		return start_tool(reply, block, start, err);
	if (kind == REPLY_THINKING)
		r = reply_grow_part(reply, &block->signature, json_str(start, "signature"), err);
	if (r < 0)
		return r;
	return reply_grow(reply, block,
			  json_str(start, kind == REPLY_TEXT       ? "text"
					  : kind == REPLY_THINKING ? "thinking"
								   : "data"),
			  err);
}

static int grow_block(struct reply *reply, yyjson_val *root, struct err *err)
{
	struct reply_block *block = reply_find(reply, json_int(root, "index", -1));
	yyjson_val *delta = yyjson_obj_get(root, "delta");
	struct str type = json_str(delta, "type");

	if (!block)
		return 0; /* of a block that is passed over */
	if (str_is(type, "text_delta") && block->kind == REPLY_TEXT)
		return reply_grow(reply, block, json_str(delta, "text"), err);
	if (str_is(type, "thinking_delta") && block->kind == REPLY_THINKING)
		return reply_grow(reply, block, json_str(delta, "thinking"), err);
	if (str_is(type, "input_json_delta") && block->kind == REPLY_TOOL)
		return reply_grow(reply, block, json_str(delta, "partial_json"), err);
	if (str_is(type, "signature_delta") && block->kind == REPLY_THINKING) {
		buf_clear(&block->signature);
		return reply_grow_part(reply, &block->signature, json_str(delta, "signature"), err);
	}
	return 0;
}

static enum reply_stop stop_of(struct str reason)
{
	static const struct {
		const char *reason;
		enum reply_stop stop;
	} stops[] = {
	    {"end_turn", REPLY_END_TURN}, {"stop_sequence", REPLY_END_TURN},
	    {"tool_use", REPLY_TOOL_USE}, {"max_tokens", REPLY_MAX_TOKENS},
	    {"refusal", REPLY_REFUSAL},   {"model_context_window_exceeded", REPLY_MAX_TOKENS},
	};

	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		if (str_is(reason, stops[i].reason))
			return stops[i].stop;
	}
	return REPLY_OTHER;
}

static int take_error(struct reply *reply, yyjson_val *root, struct err *err)
{
	yyjson_val *error = yyjson_obj_get(root, "error");
	struct fault_report report = {0, json_str(error, "type"), json_str(error, "message"),
				      "anthropic"};

	(void)err;
	fault_judge(&reply->fault, &report);
	return 0;
}

static int start_message(struct reply *reply, yyjson_val *root, struct err *err)
{
	(void)err;
	take_usage(reply, yyjson_obj_get(yyjson_obj_get(root, "message"), "usage"));
	return 0;
}

static int stop_block(struct reply *reply, yyjson_val *root, struct err *err)
{
	struct reply_block *block = reply_find(reply, json_int(root, "index", -1));

	(void)err;
	if (block)
		block->is_whole = true;
	return 0;
}

static int change_message(struct reply *reply, yyjson_val *root, struct err *err)
{
	struct str reason = json_str(yyjson_obj_get(root, "delta"), "stop_reason");

	(void)err;
	if (reason.len)
		reply->stop = stop_of(reason);
	take_usage(reply, yyjson_obj_get(root, "usage"));
	return 0;
}

static int stop_message(struct reply *reply, yyjson_val *root, struct err *err)
{
	(void)root, (void)err;
	reply->is_ended = true;
	return 0;
}

static const struct {
	const char *type;
	int (*take)(struct reply *reply, yyjson_val *root, struct err *err);
} events[] = {
    {"content_block_delta", grow_block},
    {"content_block_start", start_block},
    {"content_block_stop", stop_block},
    {"message_start", start_message},
    {"message_delta", change_message},
    {"message_stop", stop_message},
    {"error", take_error},
};

int anthropic_event(struct reply *reply, const struct sse_event *event, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(event->data, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct str type = json_str(root, "type");

	if (!yyjson_is_obj(root))
		return err_set(err, ERR_INPUT, "an event is no JSON object: %.*s",
			       STR_ARG(str_head(event->data, 80)));
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (str_is(type, events[i].type))
			return events[i].take(reply, root, err);
	}
	return 0; /* ping, and what newer versions send */
}

const struct wire wire_anthropic = {
    .path = "/messages",
    .is_path_kept = true,
    .headers = headers,
    .request = anthropic_request,
    .count_path = "/count_tokens",
    .count = anthropic_count,
    .event = anthropic_event,
};
