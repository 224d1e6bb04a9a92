#include "llm/wire/openai_responses.h"

#include "base/err.h"
#include "llm/backend.h"
#include "llm/sse.h"

static void headers(struct wire_headers *list, const struct key *key)
{
	wire_add_bearer(list, key);
}

static struct reply_block *block_of(struct reply *reply, yyjson_val *root, enum reply_kind kind)
{
	struct reply_block *block = reply_find(reply, json_int(root, "output_index", -1));

	return block && block->kind == kind ? block : NULL;
}

static int grow(struct reply *reply, yyjson_val *root, enum reply_kind kind, struct err *err)
{
	struct reply_block *block = block_of(reply, root, kind);

	return block ? reply_grow(reply, block, json_str(root, "delta"), err) : 0;
}

/* ---- items ---- */

static int item_added(struct reply *reply, yyjson_val *root, struct err *err)
{
	yyjson_val *item = yyjson_obj_get(root, "item");
	int64_t key = json_int(root, "output_index", -1);
	struct str type = json_str(item, "type");
	struct reply_block *block;
	int r;

	if (str_is(type, "message"))
		return reply_add(reply, REPLY_TEXT, key, &block, err);
	if (str_is(type, "reasoning"))
		return reply_add(reply, REPLY_THINKING, key, &block, err);
	if (!str_is(type, "function_call"))
		return 0; /* a kind we do not ask for */
	r = reply_add(reply, REPLY_TOOL, key, &block, err);
	if (r == 0)
		r = reply_grow_part(reply, &block->id, json_str(item, "call_id"), err);
	if (r == 0)
		r = reply_grow_part(reply, &block->name, json_str(item, "name"), err);
	if (r == 0)
		reply_show_tool(reply, buf_str(&block->name));
	return r;
}

/* Sealed content is whole only here, not in the item that was added. */
static int reasoning_done(struct reply *reply, struct reply_block *block, yyjson_val *item,
			  struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	json_put_val(&w, item);
	buf_clear(&block->signature);
	return reply_grow_part(reply, &block->signature, buf_str(&text), err);
}

static int item_done(struct reply *reply, yyjson_val *root, struct err *err)
{
	yyjson_val *item = yyjson_obj_get(root, "item");
	struct reply_block *block = reply_find(reply, json_int(root, "output_index", -1));
	struct str type = json_str(item, "type");

	if (!block)
		return 0;
	block->is_whole = !str_is(json_str(item, "status"), "incomplete");
	if (str_is(type, "reasoning") && block->kind == REPLY_THINKING)
		return reasoning_done(reply, block, item, err);
	/* Servers that send no deltas send it all at once. */
	if (block->text.len > 0)
		return 0;
	if (str_is(type, "function_call") && block->kind == REPLY_TOOL)
		return reply_grow(reply, block, json_str(item, "arguments"), err);
	if (str_is(type, "message") && block->kind == REPLY_TEXT)
		return reply_grow(
		    reply, block,
		    json_str(yyjson_arr_get_first(yyjson_obj_get(item, "content")), "text"), err);
	return 0;
}

/* ---- deltas ---- */

static int text_delta(struct reply *reply, yyjson_val *root, struct err *err)
{
	return grow(reply, root, REPLY_TEXT, err);
}

static int refusal_delta(struct reply *reply, yyjson_val *root, struct err *err)
{
	reply->stop = REPLY_REFUSAL;
	return grow(reply, root, REPLY_TEXT, err);
}

static int thought_delta(struct reply *reply, yyjson_val *root, struct err *err)
{
	return grow(reply, root, REPLY_THINKING, err);
}

static int input_delta(struct reply *reply, yyjson_val *root, struct err *err)
{
	return grow(reply, root, REPLY_TOOL, err);
}

static int summary_added(struct reply *reply, yyjson_val *root, struct err *err)
{
	struct reply_block *block = block_of(reply, root, REPLY_THINKING);

	return block && block->text.len ? reply_grow(reply, block, STR("\n\n"), err) : 0;
}

/* ---- the end ---- */

static uint64_t count(yyjson_val *object, const char *key)
{
	int64_t value = json_int(object, key, 0);

	return value > 0 ? (uint64_t)value : 0;
}

static void take_usage(struct reply *reply, yyjson_val *usage)
{
	yyjson_val *details = yyjson_obj_get(usage, "input_tokens_details");
	uint64_t all = count(usage, "input_tokens"), cached = count(details, "cached_tokens");
	uint64_t written = count(details, "cache_write_tokens");

	reply->usage = (struct reply_usage){
	    .input = all > cached + written ? all - cached - written : 0,
	    .output = count(usage, "output_tokens"),
	    .cache_read = cached,
	    .cache_write = written,
	};
}

static bool has_call(const struct reply *reply)
{
	for (size_t i = 0; i < reply->n_blocks; i++) {
		if (reply->blocks[i].kind == REPLY_TOOL)
			return true;
	}
	return false;
}

static int completed(struct reply *reply, yyjson_val *root, struct err *err)
{
	(void)err;
	take_usage(reply, yyjson_obj_get(yyjson_obj_get(root, "response"), "usage"));
	if (reply->stop != REPLY_REFUSAL)
		reply->stop = has_call(reply) ? REPLY_TOOL_USE : REPLY_END_TURN;
	reply->is_ended = true;
	return 0;
}

static int incomplete(struct reply *reply, yyjson_val *root, struct err *err)
{
	yyjson_val *response = yyjson_obj_get(root, "response");
	struct str reason = json_str(yyjson_obj_get(response, "incomplete_details"), "reason");

	(void)err;
	take_usage(reply, yyjson_obj_get(response, "usage"));
	reply->stop = str_is(reason, "content_filter") ? REPLY_REFUSAL : REPLY_MAX_TOKENS;
	reply->is_ended = true;
	return 0;
}

static int take_fault(struct reply *reply, yyjson_val *error)
{
	struct fault_report report = {0, json_str(error, "code"), json_str(error, "message"),
				      "openai"};

	fault_judge(&reply->fault, &report);
	return 0;
}

static int failed(struct reply *reply, yyjson_val *root, struct err *err)
{
	(void)err;
	return take_fault(reply, yyjson_obj_get(yyjson_obj_get(root, "response"), "error"));
}

static int error(struct reply *reply, yyjson_val *root, struct err *err)
{
	yyjson_val *inner = yyjson_obj_get(root, "error");

	(void)err;
	return take_fault(reply, yyjson_is_obj(inner) ? inner : root);
}

static const struct {
	const char *type;
	int (*take)(struct reply *reply, yyjson_val *root, struct err *err);
} events[] = {
    {"response.output_text.delta", text_delta},
    {"response.function_call_arguments.delta", input_delta},
    {"response.reasoning_summary_text.delta", thought_delta},
    {"response.reasoning_text.delta", thought_delta},
    {"response.reasoning_summary_part.added", summary_added},
    {"response.refusal.delta", refusal_delta},
    {"response.output_item.added", item_added},
    {"response.output_item.done", item_done},
    {"response.completed", completed},
    {"response.incomplete", incomplete},
    {"response.failed", failed},
    {"error", error},
};

int responses_event(struct reply *reply, const struct sse_event *event, struct err *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *root;
	struct str type;

	/* Not of this protocol, but of servers that imitate it. */
	if (str_is(str_trim(event->data), "[DONE]"))
		return 0;
	doc = json_read(event->data, NULL, NULL);
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return err_set(err, ERR_INPUT, "an event is no JSON object: %.*s",
			       STR_ARG(str_head(event->data, 80)));
	type = json_str(root, "type");
	if (type.len == 0)
		type = event->name;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (str_is(type, events[i].type))
			return events[i].take(reply, root, err);
	}
	return 0;
}

const struct wire wire_openai_responses = {
    .path = "/responses",
    .headers = headers,
    .request = responses_request,
    .count_path = "/input_tokens",
    .count = responses_count,
    .event = responses_event,
};
