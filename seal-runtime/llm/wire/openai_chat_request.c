#include "llm/wire/openai_chat.h"

#include "llm/backend.h"
#include "llm/wire/blocks.h"

static bool is_provider(const struct llm *llm, const char *name)
{
	return str_is(str_of(llm->provider->name), name);
}

/* ---- settings ---- */

static void put_reasoning(const struct llm *llm, struct json *w)
{
	const struct manifest_model *model = &llm->settings.model;

	if (!is_provider(llm, "openrouter")) {
		if (model->effort.len)
			json_kv(w, "reasoning_effort", model->effort);
		return;
	}
	if (model->thinking == THINKING_DISABLED) {
		json_kv_raw(w, "reasoning", STR("{\"enabled\":false}"));
		return;
	}
	json_key(w, "reasoning");
	json_object(w);
	/* The server takes one of the two. */
	if (model->thinking == THINKING_MANUAL)
		json_kv_int(w, "max_tokens", model->thinking_budget);
	else if (model->effort.len)
		json_kv(w, "effort", model->effort);
	else
		json_kv_bool(w, "enabled", true);
	json_end(w);
}

static void put_settings(const struct llm *llm, yyjson_val *request, struct json *w)
{
	int64_t max_tokens = llm_output_limit(llm, request);

	json_kv(w, "model", llm->settings.model.name);
	json_kv_bool(w, "stream", true);
	json_kv_raw(w, "stream_options", STR("{\"include_usage\":true}"));
	/* OpenAI's newer models refuse the old name, other servers know no other. */
	if (max_tokens > 0)
		json_kv_int(
		    w, is_provider(llm, "openai-chat") ? "max_completion_tokens" : "max_tokens",
		    max_tokens);
	put_reasoning(llm, w);
}

static void put_tools(yyjson_val *request, struct json *w)
{
	yyjson_val *tools = yyjson_obj_get(request, "tools"), *tool;
	yyjson_arr_iter items = yyjson_arr_iter_with(tools);

	if (yyjson_arr_size(tools) == 0)
		return;
	json_key(w, "tools");
	json_array(w);
	while ((tool = yyjson_arr_iter_next(&items))) {
		json_object(w);
		json_kv(w, "type", STR("function"));
		json_key(w, "function");
		json_object(w);
		json_kv(w, "name", json_str(tool, "name"));
		json_kv(w, "description", json_str(tool, "description"));
		json_key(w, "parameters");
		block_put_input(w, json_str(tool, "input-schema-json"));
		json_end(w);
		json_end(w);
	}
	json_end(w);
}

/* ---- messages ---- */

static void put_results(yyjson_val *content, struct json *w)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(content);
	yyjson_val *block, *val;

	while ((block = yyjson_arr_iter_next(&items))) {
		cleanup_buf struct buf text = BUF_INIT;

		if (block_kind(block, &val) != BLOCK_TOOL_RESULT)
			continue;
		/* The protocol has no mark for a failed call. */
		if (json_bool(val, "is-error", false))
			buf_adds(&text, "Error: ");
		buf_add(&text, json_str(val, "content"));
		json_object(w);
		json_kv(w, "role", STR("tool"));
		json_key(w, "tool_call_id");
		block_put_id(w, json_str(val, "id"));
		json_kv(w, "content", buf_str(&text));
		json_end(w);
	}
}

static void put_part(enum block_kind kind, yyjson_val *val, struct json *w)
{
	cleanup_buf struct buf url = BUF_INIT;

	json_object(w);
	if (kind == BLOCK_TEXT) {
		json_kv(w, "type", STR("text"));
		json_kv(w, "text", json_str(val, "text"));
	} else {
		buf_adds(&url, "data:");
		buf_add(&url, json_str(val, "media-type"));
		buf_adds(&url, ";base64,");
		buf_add(&url, json_str(val, "base64"));
		json_kv(w, "type", STR("image_url"));
		json_key(w, "image_url");
		json_object(w);
		json_kv(w, "url", buf_str(&url));
		json_end(w);
	}
	json_end(w);
}

static size_t count_of(yyjson_val *content, enum block_kind wanted)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(content);
	yyjson_val *block, *val;
	size_t n = 0;

	while ((block = yyjson_arr_iter_next(&items)))
		n += block_kind(block, &val) == wanted;
	return n;
}

/* All texts of a message as one string: what every server takes. */
static void put_text(yyjson_val *content, struct json *w)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(content);
	cleanup_buf struct buf text = BUF_INIT;
	yyjson_val *block, *val;

	while ((block = yyjson_arr_iter_next(&items))) {
		if (block_kind(block, &val) != BLOCK_TEXT)
			continue;
		if (text.len)
			buf_adds(&text, "\n\n");
		buf_add(&text, json_str(val, "text"));
	}
	json_put(w, buf_str(&text));
}

static void put_user(yyjson_val *content, struct json *w)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(content);
	yyjson_val *block, *val;

	put_results(content, w);
	if (count_of(content, BLOCK_TEXT) + count_of(content, BLOCK_IMAGE) == 0)
		return;
	json_object(w);
	json_kv(w, "role", STR("user"));
	json_key(w, "content");
	if (count_of(content, BLOCK_IMAGE) == 0) {
		put_text(content, w);
	} else {
		json_array(w);
		while ((block = yyjson_arr_iter_next(&items))) {
			enum block_kind kind = block_kind(block, &val);

			if (kind == BLOCK_TEXT || kind == BLOCK_IMAGE)
				put_part(kind, val, w);
		}
		json_end(w);
	}
	json_end(w);
}

/* What a provider wants back with a call (a thought's signature) was kept in a
 * thinking block: {"call":ID,"extra_content":{...}}. */
static void put_extra(yyjson_val *content, struct str id, struct json *w)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(content);
	yyjson_val *block, *val;

	while ((block = yyjson_arr_iter_next(&items))) {
		struct str signature;

		if (block_kind(block, &val) != BLOCK_THINKING)
			continue;
		signature = json_str(val, "signature");
		if (!str_starts(signature, STR("{\"call\"")))
			continue;
		cleanup_json yyjson_doc *doc = json_read(signature, NULL, NULL);
		yyjson_val *root = yyjson_doc_get_root(doc);

		if (!str_eq(json_str(root, "call"), id) || !yyjson_obj_get(root, "extra_content"))
			continue;
		json_key(w, "extra_content");
		json_put_val(w, yyjson_obj_get(root, "extra_content"));
		return;
	}
}

static void put_call(yyjson_val *content, yyjson_val *val, struct json *w)
{
	json_object(w);
	json_key(w, "id");
	block_put_id(w, json_str(val, "id"));
	json_kv(w, "type", STR("function"));
	json_key(w, "function");
	json_object(w);
	json_kv(w, "name", json_str(val, "name"));
	json_key(w, "arguments");
	block_put_input_text(w, json_str(val, "input-json"));
	json_end(w);
	put_extra(content, json_str(val, "id"), w);
	json_end(w);
}

/* reasoning_details go back unchanged to the provider that gave them. */
static void put_details(yyjson_val *content, struct json *w)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(content);
	yyjson_val *block, *val;

	while ((block = yyjson_arr_iter_next(&items))) {
		struct str signature;

		if (block_kind(block, &val) != BLOCK_THINKING)
			continue;
		signature = json_str(val, "signature");
		if (!str_starts(signature, STR("[")))
			continue;
		cleanup_json yyjson_doc *doc = json_read(signature, NULL, NULL);
		if (!doc)
			continue;
		json_kv_raw(w, "reasoning_details", signature);
		return;
	}
}

static void put_assistant(const struct llm *llm, yyjson_val *content, struct json *w)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(content);
	bool has_calls = count_of(content, BLOCK_TOOL_USE) > 0;
	bool has_text = count_of(content, BLOCK_TEXT) > 0;
	yyjson_val *block, *val;

	if (!has_calls && !has_text)
		return;
	json_object(w);
	json_kv(w, "role", STR("assistant"));
	json_key(w, "content");
	if (has_text)
		put_text(content, w);
	else
		json_put_null(w);
	if (is_provider(llm, "openrouter"))
		put_details(content, w);
	if (has_calls) {
		json_key(w, "tool_calls");
		json_array(w);
		while ((block = yyjson_arr_iter_next(&items))) {
			if (block_kind(block, &val) == BLOCK_TOOL_USE)
				put_call(content, val, w);
		}
		json_end(w);
	}
	json_end(w);
}

void chat_request(const struct llm *llm, yyjson_val *request, struct json *w)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(yyjson_obj_get(request, "messages"));
	struct str system = json_str(request, "system");
	yyjson_val *message;

	json_object(w);
	put_settings(llm, request, w);
	put_tools(request, w);
	json_key(w, "messages");
	json_array(w);
	if (system.len) {
		json_object(w);
		json_kv(w, "role", STR("system"));
		json_kv(w, "content", system);
		json_end(w);
	}
	while ((message = yyjson_arr_iter_next(&items))) {
		yyjson_val *content = yyjson_obj_get(message, "content");

		if (str_is(json_str(message, "role"), "assistant"))
			put_assistant(llm, content, w);
		else
			put_user(content, w);
	}
	json_end(w);
	json_end(w);
}
