#include "llm/wire/anthropic.h"

#include "base/err.h"
#include "llm/backend.h"
#include "llm/wire/blocks.h"

#define THINKING_BUDGET_MIN 1024

static void put_cache_mark(struct json *w)
{
	json_kv_raw(w, "cache_control", STR("{\"type\":\"ephemeral\"}"));
}

/* ---- thinking ---- */

static void put_budget(struct json *w, int64_t budget, int64_t max_tokens)
{
	/* The server wants the budget below max_tokens, and at least a thousand. */
	if (budget >= max_tokens)
		budget = max_tokens - 1;
	if (budget < THINKING_BUDGET_MIN)
		return;
	json_key(w, "thinking");
	json_object(w);
	json_kv(w, "type", STR("enabled"));
	json_kv_int(w, "budget_tokens", budget);
	json_end(w);
}

static void put_thinking(const struct llm *llm, yyjson_val *request, struct json *w,
			 int64_t max_tokens)
{
	const struct manifest_model *model = &llm->settings.model;

	/* A title is not worth a thought. */
	if (llm->model.thinking != MODEL_NONE && !str_is(json_str(request, "purpose"), "title")) {
		if (model->thinking == THINKING_MANUAL)
			put_budget(w, model->thinking_budget, max_tokens);
		else if (model->thinking == THINKING_ADAPTIVE &&
			 llm->model.thinking == MODEL_ADAPTIVE)
			json_kv_raw(w, "thinking",
				    STR("{\"type\":\"adaptive\",\"display\":\"summarized\"}"));
	}
	if (model->effort.len) {
		json_key(w, "output_config");
		json_object(w);
		json_kv(w, "effort", model->effort);
		json_end(w);
	}
}

/* ---- tools and system ---- */

static void put_tools(yyjson_val *request, struct json *w)
{
	yyjson_val *tools = yyjson_obj_get(request, "tools"), *tool;
	size_t left = yyjson_arr_size(tools);
	yyjson_arr_iter items = yyjson_arr_iter_with(tools);

	if (left == 0)
		return;
	json_key(w, "tools");
	json_array(w);
	while ((tool = yyjson_arr_iter_next(&items))) {
		json_object(w);
		json_kv(w, "name", json_str(tool, "name"));
		json_kv(w, "description", json_str(tool, "description"));
		json_key(w, "input_schema");
		block_put_input(w, json_str(tool, "input-schema-json"));
		if (--left == 0)
			put_cache_mark(w);
		json_end(w);
	}
	json_end(w);
}

static void put_system(yyjson_val *request, struct json *w)
{
	struct str system = json_str(request, "system");

	if (system.len == 0)
		return;
	json_key(w, "system");
	json_array(w);
	json_object(w);
	json_kv(w, "type", STR("text"));
	json_kv(w, "text", system);
	put_cache_mark(w);
	json_end(w);
	json_end(w);
}

/* ---- messages ---- */

/* Signatures of other providers are JSON; a thought without one is refused. */
static bool is_own_thought(yyjson_val *thinking)
{
	struct str signature = json_str(thinking, "signature");

	return signature.len > 0 && signature.data[0] != '{' && signature.data[0] != '[';
}

static bool is_sent(enum block_kind kind, yyjson_val *val)
{
	switch (kind) {
	case BLOCK_TEXT:
		return json_str(val, "text").len > 0;
	case BLOCK_THINKING:
		return is_own_thought(val);
	case BLOCK_NONE:
		return false;
	default:
		return true;
	}
}

static void put_image(yyjson_val *val, struct json *w)
{
	json_kv(w, "type", STR("image"));
	json_key(w, "source");
	json_object(w);
	json_kv(w, "type", STR("base64"));
	json_kv(w, "media_type", json_str(val, "media-type"));
	json_kv(w, "data", json_str(val, "base64"));
	json_end(w);
}

static void put_tool_result(yyjson_val *val, struct json *w)
{
	json_kv(w, "type", STR("tool_result"));
	json_key(w, "tool_use_id");
	block_put_id(w, json_str(val, "id"));
	json_kv(w, "content", json_str(val, "content"));
	if (json_bool(val, "is-error", false))
		json_kv_bool(w, "is_error", true);
}

static void put_tool_use(yyjson_val *val, struct json *w)
{
	json_kv(w, "type", STR("tool_use"));
	json_key(w, "id");
	block_put_id(w, json_str(val, "id"));
	json_kv(w, "name", json_str(val, "name"));
	json_key(w, "input");
	block_put_input(w, json_str(val, "input-json"));
}

static void put_block(enum block_kind kind, yyjson_val *val, bool is_marked, struct json *w)
{
	json_object(w);
	switch (kind) {
	case BLOCK_TEXT:
		json_kv(w, "type", STR("text"));
		json_kv(w, "text", json_str(val, "text"));
		break;
	case BLOCK_THINKING:
		json_kv(w, "type", STR("thinking"));
		json_kv(w, "thinking", json_str(val, "text"));
		json_kv(w, "signature", json_str(val, "signature"));
		break;
	case BLOCK_REDACTED:
		json_kv(w, "type", STR("redacted_thinking"));
		json_kv(w, "data", json_text(val));
		break;
	case BLOCK_TOOL_USE:
		put_tool_use(val, w);
		break;
	case BLOCK_TOOL_RESULT:
		put_tool_result(val, w);
		break;
	case BLOCK_IMAGE:
		put_image(val, w);
		break;
	case BLOCK_NONE:
		break;
	}
	if (is_marked)
		put_cache_mark(w);
	json_end(w);
}

struct content {
	yyjson_val *blocks;
	yyjson_val *marked; /* the block behind which the prompt is cached; NULL: none */
	size_t n_sent;
};

/* The server wants results before anything else, so there are two passes; the
 * marked block is the last one written that can carry a mark. */
static struct content look_at(yyjson_val *message)
{
	struct content content = {.blocks = yyjson_obj_get(message, "content")};
	yyjson_arr_iter items = yyjson_arr_iter_with(content.blocks);
	yyjson_val *block, *val, *last_result = NULL;

	while ((block = yyjson_arr_iter_next(&items))) {
		enum block_kind kind = block_kind(block, &val);

		if (!is_sent(kind, val))
			continue;
		content.n_sent++;
		if (kind == BLOCK_TOOL_RESULT)
			last_result = block;
		else if (kind != BLOCK_THINKING && kind != BLOCK_REDACTED)
			content.marked = block;
	}
	if (!content.marked)
		content.marked = last_result;
	return content;
}

static void put_pass(const struct content *content, bool is_marking, bool is_results,
		     struct json *w)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(content->blocks);
	yyjson_val *block, *val;

	while ((block = yyjson_arr_iter_next(&items))) {
		enum block_kind kind = block_kind(block, &val);

		if (is_sent(kind, val) && (kind == BLOCK_TOOL_RESULT) == is_results)
			put_block(kind, val, is_marking && block == content->marked, w);
	}
}

static void put_message(yyjson_val *message, bool is_last, struct json *w)
{
	struct content content = look_at(message);

	if (content.n_sent == 0)
		return; /* an empty message is refused */
	json_object(w);
	json_kv(w, "role", json_str(message, "role"));
	json_key(w, "content");
	json_array(w);
	put_pass(&content, is_last, true, w);
	put_pass(&content, is_last, false, w);
	json_end(w);
	json_end(w);
}

static void put_prompt(const struct llm *llm, yyjson_val *request, int64_t max_tokens,
		       struct json *w)
{
	yyjson_val *messages = yyjson_obj_get(request, "messages"), *message;
	yyjson_arr_iter items = yyjson_arr_iter_with(messages);
	size_t left = yyjson_arr_size(messages);

	put_thinking(llm, request, w, max_tokens);
	put_tools(request, w);
	put_system(request, w);
	json_key(w, "messages");
	json_array(w);
	while ((message = yyjson_arr_iter_next(&items)))
		put_message(message, --left == 0, w);
	json_end(w);
}

void anthropic_request(const struct llm *llm, yyjson_val *request, struct json *w)
{
	int64_t max_tokens = llm_output_limit(llm, request);

	json_object(w);
	json_kv(w, "model", llm->settings.model.name);
	json_kv_int(w, "max_tokens", max_tokens);
	json_kv_bool(w, "stream", true);
	put_prompt(llm, request, max_tokens, w);
	json_end(w);
}

/* The same prompt without what is said of the reply, which is refused here. */
void anthropic_count(const struct llm *llm, yyjson_val *request, struct json *w)
{
	json_object(w);
	json_kv(w, "model", llm->settings.model.name);
	put_prompt(llm, request, llm_output_limit(llm, request), w);
	json_end(w);
}
