#include "llm/wire/openai_responses.h"

#include "llm/backend.h"
#include "llm/wire/blocks.h"

/* Models that do not reason refuse it. */
static void put_reasoning_wish(const struct llm *llm, struct json *w)
{
	if (llm->model.thinking == MODEL_NONE)
		return;
	json_key(w, "reasoning");
	json_object(w);
	if (llm->settings.model.effort.len)
		json_kv(w, "effort", llm->settings.model.effort);
	json_kv(w, "summary", STR("auto"));
	json_end(w);
}

static void put_settings(const struct llm *llm, yyjson_val *request, struct json *w)
{
	int64_t max_tokens = llm_output_limit(llm, request);

	json_kv_bool(w, "stream", true);
	json_kv_bool(w, "store", false);
	if (max_tokens > 0)
		json_kv_int(w, "max_output_tokens", max_tokens);
	if (llm->model.thinking != MODEL_NONE)
		json_kv_raw(w, "include", STR("[\"reasoning.encrypted_content\"]"));
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
		json_kv(w, "name", json_str(tool, "name"));
		json_kv(w, "description", json_str(tool, "description"));
		json_key(w, "parameters");
		block_put_input(w, json_str(tool, "input-schema-json"));
		json_kv_bool(w, "strict", false);
		json_end(w);
	}
	json_end(w);
}

static void put_text(struct str role, struct str text, struct json *w)
{
	bool is_user = str_is(role, "user");

	if (text.len == 0)
		return;
	json_object(w);
	json_kv(w, "type", STR("message"));
	json_kv(w, "role", role);
	json_key(w, "content");
	json_array(w);
	json_object(w);
	json_kv(w, "type", is_user ? STR("input_text") : STR("output_text"));
	json_kv(w, "text", text);
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_image(yyjson_val *val, struct json *w)
{
	cleanup_buf struct buf url = BUF_INIT;

	buf_adds(&url, "data:");
	buf_add(&url, json_str(val, "media-type"));
	buf_adds(&url, ";base64,");
	buf_add(&url, json_str(val, "base64"));
	json_object(w);
	json_kv(w, "type", STR("message"));
	json_kv(w, "role", STR("user"));
	json_key(w, "content");
	json_array(w);
	json_object(w);
	json_kv(w, "type", STR("input_image"));
	json_kv(w, "detail", STR("auto"));
	json_kv(w, "image_url", buf_str(&url));
	json_end(w);
	json_end(w);
	json_end(w);
}

/* The item as it came, byte for byte; of other providers' thoughts, nothing. */
static void put_reasoning(yyjson_val *val, struct json *w)
{
	struct str signature = json_str(val, "signature");
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *item;

	if (!str_starts(signature, STR("{")))
		return;
	doc = json_read(signature, NULL, NULL);
	item = yyjson_doc_get_root(doc);
	if (str_is(json_str(item, "type"), "reasoning") && json_str(item, "encrypted_content").len)
		json_put_raw(w, signature);
}

static void put_call(yyjson_val *val, struct json *w)
{
	json_object(w);
	json_kv(w, "type", STR("function_call"));
	json_key(w, "call_id");
	block_put_id(w, json_str(val, "id"));
	json_kv(w, "name", json_str(val, "name"));
	json_key(w, "arguments");
	block_put_input_text(w, json_str(val, "input-json"));
	json_end(w);
}

static void put_result(yyjson_val *val, struct json *w)
{
	cleanup_buf struct buf text = BUF_INIT;

	/* The protocol has no mark for a failed call. */
	if (json_bool(val, "is-error", false))
		buf_adds(&text, "Error: ");
	buf_add(&text, json_str(val, "content"));
	json_object(w);
	json_kv(w, "type", STR("function_call_output"));
	json_key(w, "call_id");
	block_put_id(w, json_str(val, "id"));
	json_kv(w, "output", buf_str(&text));
	json_end(w);
}

static void put_block(struct str role, yyjson_val *block, struct json *w)
{
	yyjson_val *val;

	switch (block_kind(block, &val)) {
	case BLOCK_TEXT:
		put_text(role, json_str(val, "text"), w);
		break;
	case BLOCK_THINKING:
		put_reasoning(val, w);
		break;
	case BLOCK_TOOL_USE:
		put_call(val, w);
		break;
	case BLOCK_TOOL_RESULT:
		put_result(val, w);
		break;
	case BLOCK_IMAGE:
		put_image(val, w);
		break;
	case BLOCK_REDACTED: /* another provider's */
	case BLOCK_NONE:
		break;
	}
}

static void put_prompt(const struct llm *llm, yyjson_val *request, struct json *w)
{
	yyjson_arr_iter messages = yyjson_arr_iter_with(yyjson_obj_get(request, "messages"));
	yyjson_val *message, *block;

	if (json_str(request, "system").len)
		json_kv(w, "instructions", json_str(request, "system"));
	put_reasoning_wish(llm, w);
	put_tools(request, w);
	json_key(w, "input");
	json_array(w);
	while ((message = yyjson_arr_iter_next(&messages))) {
		yyjson_arr_iter blocks = yyjson_arr_iter_with(yyjson_obj_get(message, "content"));

		while ((block = yyjson_arr_iter_next(&blocks)))
			put_block(json_str(message, "role"), block, w);
	}
	json_end(w);
}

void responses_request(const struct llm *llm, yyjson_val *request, struct json *w)
{
	json_object(w);
	json_kv(w, "model", llm->settings.model.name);
	put_settings(llm, request, w);
	put_prompt(llm, request, w);
	json_end(w);
}

void responses_count(const struct llm *llm, yyjson_val *request, struct json *w)
{
	json_object(w);
	json_kv(w, "model", llm->settings.model.name);
	put_prompt(llm, request, w);
	json_end(w);
}
