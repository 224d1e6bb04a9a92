#include "llm/wire/openai_chat.h"

#include <stdio.h>

#include "base/err.h"
#include "llm/backend.h"
#include "llm/sse.h"

/* Text and thoughts have no index on this wire; calls count from 0. */
#define KEY_TEXT     (-2)
#define KEY_THOUGHT  (-3)
#define KEY_EXTRA    (-4)
#define KEY_NO_INDEX (-5)

static void headers(struct wire_headers *list, const struct key *key)
{
	wire_add_bearer(list, key);
}

static bool is_json_object(struct str text)
{
	cleanup_json yyjson_doc *doc = json_read(text, NULL, NULL);

	return yyjson_is_obj(yyjson_doc_get_root(doc));
}

/* ---- text and thoughts ---- */

static int block_of(struct reply *reply, enum reply_kind kind, int64_t key,
		    struct reply_block **ret_block, struct err *err)
{
	struct reply_block *block = reply_find(reply, key);

	if (!block)
		return reply_add(reply, kind, key, ret_block, err);
	*ret_block = block;
	return 0;
}

static int grow(struct reply *reply, enum reply_kind kind, int64_t key, struct str text,
		struct err *err)
{
	struct reply_block *block;
	int r;

	if (text.len == 0)
		return 0;
	r = block_of(reply, kind, key, &block, err);
	return r < 0 ? r : reply_grow(reply, block, text, err);
}

static int take_thought(struct reply *reply, yyjson_val *delta, struct err *err)
{
	/* Two names for one thing; who sends both means the same text. */
	struct str text = json_str(delta, "reasoning_content");

	if (text.len == 0)
		text = json_str(delta, "reasoning");
	return grow(reply, REPLY_THINKING, KEY_THOUGHT, text, err);
}

/* Kept as the text of a list without its closing bracket until the end. */
static int take_details(struct reply *reply, yyjson_val *delta, struct err *err)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(yyjson_obj_get(delta, "reasoning_details"));
	yyjson_val *detail;

	while ((detail = yyjson_arr_iter_next(&items))) {
		cleanup_buf struct buf text = BUF_INIT;
		struct json w = json_to(&text);
		struct reply_block *block;
		int r = block_of(reply, REPLY_THINKING, KEY_THOUGHT, &block, err);

		if (r < 0)
			return r;
		buf_addc(&text, block->signature.len ? ',' : '[');
		json_put_val(&w, detail);
		r = reply_grow_part(reply, &block->signature, buf_str(&text), err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- calls ---- */

static struct reply_block *last_call(struct reply *reply)
{
	for (size_t i = reply->n_blocks; i-- > 0;) {
		if (reply->blocks[i].kind == REPLY_TOOL)
			return &reply->blocks[i];
	}
	return NULL;
}

static struct reply_block *call_with_id(struct reply *reply, struct str id)
{
	for (size_t i = reply->n_blocks; i-- > 0;) {
		struct reply_block *block = &reply->blocks[i];

		if (block->kind == REPLY_TOOL && str_eq(buf_str(&block->id), id))
			return block;
	}
	return NULL;
}

/*
 * Which call a delta belongs to; NULL: a new one.  The index decides, but some
 * servers send whole calls that all have index 0, some repeat id and name in
 * every delta, some leave out the index or the id.
 */
static struct reply_block *call_of(struct reply *reply, yyjson_val *item)
{
	yyjson_val *index = yyjson_obj_get(item, "index");
	struct str id = json_str(item, "id");
	struct str name = json_str(yyjson_obj_get(item, "function"), "name");
	struct reply_block *block;

	if (!yyjson_is_int(index)) {
		if (id.len)
			return call_with_id(reply, id);
		return name.len ? NULL : last_call(reply);
	}
	block = reply_find(reply, yyjson_get_sint(index));
	if (!block)
		return NULL;
	if (id.len && block->id.len)
		return str_eq(buf_str(&block->id), id) ? block : NULL;
	/* Without ids: a name behind a finished call begins another one. */
	if (!id.len && name.len && is_json_object(buf_str(&block->text)))
		return NULL;
	return block;
}

static int start_call(struct reply *reply, yyjson_val *item, struct reply_block **ret_block,
		      struct err *err)
{
	int64_t index = json_int(item, "index", KEY_NO_INDEX);

	return reply_add(reply, REPLY_TOOL, index < 0 ? KEY_NO_INDEX : index, ret_block, err);
}

/* A signature of Gemini's that must come back with the call. */
static int keep_extra(struct reply *reply, yyjson_val *item, struct err *err)
{
	yyjson_val *extra = yyjson_obj_get(item, "extra_content");
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);
	struct reply_block *block;
	int r;

	if (!yyjson_is_obj(extra) || json_str(item, "id").len == 0)
		return 0;
	json_object(&w);
	json_kv(&w, "call", json_str(item, "id"));
	json_key(&w, "extra_content");
	json_put_val(&w, extra);
	json_end(&w);
	r = reply_add(reply, REPLY_THINKING, KEY_EXTRA, &block, err);
	return r < 0 ? r : reply_grow_part(reply, &block->signature, buf_str(&text), err);
}

static int grow_input(struct reply *reply, struct reply_block *block, yyjson_val *input,
		      struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	if (yyjson_is_str(input))
		return reply_grow(reply, block, json_text(input), err);
	if (!yyjson_is_obj(input))
		return 0;
	/* Some servers send the value itself. */
	json_put_val(&w, input);
	return reply_grow(reply, block, buf_str(&text), err);
}

static int take_call(struct reply *reply, yyjson_val *item, struct err *err)
{
	yyjson_val *function = yyjson_obj_get(item, "function");
	struct reply_block *block = call_of(reply, item);
	int r = 0;

	if (!block) {
		r = keep_extra(reply, item, err);
		if (r == 0)
			r = start_call(reply, item, &block, err);
	}
	if (r == 0 && block->id.len == 0)
		r = reply_grow_part(reply, &block->id, json_str(item, "id"), err);
	if (r < 0)
		return r;
	if (block->name.len == 0 && json_str(function, "name").len) {
		r = reply_grow_part(reply, &block->name, json_str(function, "name"), err);
		reply_show_tool(reply, buf_str(&block->name));
	}
	return r < 0 ? r : grow_input(reply, block, yyjson_obj_get(function, "arguments"), err);
}

static int take_calls(struct reply *reply, yyjson_val *delta, struct err *err)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(yyjson_obj_get(delta, "tool_calls"));
	yyjson_val *item;
	int r = 0;

	while (r == 0 && (item = yyjson_arr_iter_next(&items)))
		r = take_call(reply, item, err);
	return r;
}

/* ---- the end ---- */

static void merge_detail(struct json *w, struct buf *text, const char *text_key, yyjson_val *first)
{
	yyjson_obj_iter items = yyjson_obj_iter_with(first);
	yyjson_val *key;

	json_object(w);
	while ((key = yyjson_obj_iter_next(&items))) {
		json_key(w, yyjson_get_str(key));
		if (str_is(json_text(key), text_key))
			json_put(w, buf_str(text));
		else
			json_put_val(w, yyjson_obj_iter_get_val(key));
	}
	json_end(w);
}

static const char *text_key_of(yyjson_val *detail)
{
	struct str type = json_str(detail, "type");

	return str_is(type, "reasoning.text")      ? "text"
	       : str_is(type, "reasoning.summary") ? "summary"
						   : NULL;
}

/* Pieces of one text come as details of one index that follow each other; the
 * provider wants the whole back.  A signature comes with the last piece. */
static bool is_continued(yyjson_val *detail, yyjson_val *next)
{
	return next && text_key_of(detail) && text_key_of(next) == text_key_of(detail) &&
	       json_int(detail, "index", 0) == json_int(next, "index", 0) &&
	       json_str(detail, "signature").len == 0;
}

static void close_details(struct buf *signature)
{
	cleanup_json yyjson_doc *doc = NULL;
	cleanup_buf struct buf merged = BUF_INIT, text = BUF_INIT;
	struct json w = json_to(&merged);
	yyjson_val *list;

	buf_addc(signature, ']');
	doc = json_read(buf_str(signature), NULL, NULL);
	list = yyjson_doc_get_root(doc);
	json_array(&w);
	for (yyjson_val *detail = yyjson_arr_get_first(list),
			*end = detail ? yyjson_arr_get_last(list) : NULL;
	     detail; detail = detail == end ? NULL : unsafe_yyjson_get_next(detail)) {
		const char *key = text_key_of(detail);

		if (key)
			buf_add(&text, json_str(detail, key));
		if (detail != end && is_continued(detail, unsafe_yyjson_get_next(detail)))
			continue;
		if (key)
			merge_detail(&w, &text, key, detail);
		else
			json_put_val(&w, detail);
		buf_clear(&text);
	}
	json_end(&w);
	buf_clear(signature);
	buf_add(signature, buf_str(&merged));
}

static void close_call(struct reply *reply, struct reply_block *block, size_t number)
{
	/* A cut call without any input yet must not pass for a call without input. */
	block->is_whole = reply->stop != REPLY_MAX_TOKENS || block->text.len > 0;
	if (block->id.len)
		return;
	/* The reply's own name keeps made-up ids apart over a conversation. */
	buf_addf(&block->id, "call_%s_%zu", reply->id[0] ? reply->id : "0", number);
}

static void end_reply(struct reply *reply)
{
	size_t n_calls = 0;

	for (size_t i = 0; i < reply->n_blocks; i++) {
		struct reply_block *block = &reply->blocks[i];

		if (block->kind == REPLY_TOOL)
			close_call(reply, block, n_calls++);
		if (block->key == KEY_THOUGHT && block->signature.len)
			close_details(&block->signature);
	}
	/* "stop" in spite of calls is common. */
	if (n_calls && (reply->stop == REPLY_END_TURN || !reply->has_stop))
		reply->stop = REPLY_TOOL_USE;
	reply->is_ended = true;
}

void chat_finish(struct reply *reply)
{
	/* Not everybody says [DONE]; but without a reason it was cut. */
	if (reply->has_stop)
		end_reply(reply);
}

static int take_reason(struct reply *reply, struct str reason)
{
	static const struct {
		const char *reason;
		enum reply_stop stop;
	} stops[] = {
	    {"stop", REPLY_END_TURN},          {"tool_calls", REPLY_TOOL_USE},
	    {"function_call", REPLY_TOOL_USE}, {"length", REPLY_MAX_TOKENS},
	    {"content_filter", REPLY_REFUSAL},
	};

	if (reason.len == 0)
		return 0;
	reply->has_stop = true;
	if (reply->stop == REPLY_REFUSAL)
		return 0;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		if (str_is(reason, stops[i].reason))
			reply->stop = stops[i].stop;
	}
	return 0;
}

static uint64_t count(yyjson_val *object, const char *key)
{
	int64_t value = json_int(object, key, 0);

	return value > 0 ? (uint64_t)value : 0;
}

static void take_usage(struct reply *reply, yyjson_val *usage)
{
	uint64_t all = count(usage, "prompt_tokens");
	uint64_t cached = count(yyjson_obj_get(usage, "prompt_tokens_details"), "cached_tokens");
	yyjson_val *cost = yyjson_obj_get(usage, "cost");

	if (!yyjson_is_obj(usage))
		return;
	reply->usage = (struct reply_usage){
	    .input = all > cached ? all - cached : 0,
	    .output = count(usage, "completion_tokens"),
	    .cache_read = cached,
	};
	if (yyjson_is_num(cost) && yyjson_get_num(cost) >= 0)
		reply->cost = yyjson_get_num(cost);
}

/* ---- one event ---- */

static int take_choice(struct reply *reply, yyjson_val *choice, struct err *err)
{
	yyjson_val *delta = yyjson_obj_get(choice, "delta");
	int r;

	r = take_thought(reply, delta, err);
	if (r == 0)
		r = take_details(reply, delta, err);
	if (r == 0)
		r = grow(reply, REPLY_TEXT, KEY_TEXT, json_str(delta, "content"), err);
	if (r == 0 && json_str(delta, "refusal").len) {
		reply->stop = REPLY_REFUSAL;
		r = grow(reply, REPLY_TEXT, KEY_TEXT, json_str(delta, "refusal"), err);
	}
	if (r == 0)
		r = take_calls(reply, delta, err);
	return r < 0 ? r : take_reason(reply, json_str(choice, "finish_reason"));
}

int chat_event(struct reply *reply, const struct sse_event *event, struct err *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *root;
	struct str id;
	int r = 0;

	if (str_is(str_trim(event->data), "[DONE]")) {
		end_reply(reply);
		return 0;
	}
	doc = json_read(event->data, NULL, NULL);
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return err_set(err, ERR_INPUT, "an event is no JSON object: %.*s",
			       STR_ARG(str_head(event->data, 80)));
	if (yyjson_is_obj(yyjson_obj_get(root, "error"))) {
		fault_read(&reply->fault, 0, "the provider", event->data);
		return 0;
	}
	id = json_str(root, "id");
	if (id.len && !reply->id[0])
		(void)snprintf(reply->id, sizeof(reply->id), "%.*s", STR_ARG(id));
	if (yyjson_arr_size(yyjson_obj_get(root, "choices")) > 0)
		r = take_choice(reply, yyjson_arr_get_first(yyjson_obj_get(root, "choices")), err);
	take_usage(reply, yyjson_obj_get(root, "usage"));
	return r;
}

const struct wire wire_openai_chat = {
    .path = "/chat/completions",
    .headers = headers,
    .request = chat_request,
    .event = chat_event,
    .finish = chat_finish,
};
