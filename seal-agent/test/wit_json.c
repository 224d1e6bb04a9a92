#include "seal-agent/test/wit_json.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

agent_string_t wit_json_copy(struct str text)
{
	if (text.len == 0)
		return (agent_string_t){ (uint8_t *)1, 0 };
	return (agent_string_t){ (uint8_t *)str_dup(text), text.len };
}

agent_string_t wit_json_string(yyjson_val *object, const char *key)
{
	return wit_json_copy(json_str(object, key));
}

static struct str text_of(yyjson_val *val)
{
	return yyjson_is_str(val) ? json_text(val) : (struct str){ "", 0 };
}

static void *list(size_t len, size_t size)
{
	return len ? calloc(len, size) : (void *)8;
}

/* The one member of a variant, or the bare name. */
static const char *variant(yyjson_val *val, yyjson_val **ret_payload)
{
	yyjson_obj_iter iter;
	yyjson_val *key;

	*ret_payload = NULL;
	if (yyjson_is_str(val))
		return yyjson_get_str(val);
	iter = yyjson_obj_iter_with(val);
	key = yyjson_obj_iter_next(&iter);
	*ret_payload = key ? yyjson_obj_iter_get_val(key) : NULL;
	return key ? yyjson_get_str(key) : "";
}

static uint8_t word_index(const char *word, const char *const *words, uint8_t n, uint8_t otherwise)
{
	for (uint8_t i = 0; i < n; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return otherwise;
}

seal_agent_tools_tool_error_t wit_json_tool_error(yyjson_val *val)
{
	static const char *const words[] = { "denied", "cancelled", "invalid", "failed" };
	seal_agent_tools_tool_error_t error = { 0 };
	yyjson_val *in;

	error.tag = word_index(variant(val, &in), words, 4, SEAL_AGENT_TYPES_TOOL_ERROR_FAILED);
	if (error.tag == SEAL_AGENT_TYPES_TOOL_ERROR_DENIED)
		error.val.denied = (seal_agent_types_denial_t){
			wit_json_string(in, "target"),
			wit_json_string(in, "operation"),
			wit_json_string(in, "rule"),
			wit_json_string(in, "hint"),
		};
	else if (error.tag != SEAL_AGENT_TYPES_TOOL_ERROR_CANCELLED)
		error.val.failed = wit_json_copy(text_of(in));
	return error;
}

seal_agent_llm_llm_error_t wit_json_llm_error(yyjson_val *val)
{
	static const char *const words[] = { "cancelled",	 "auth",   "rate-limited", "overloaded",
					     "context-overflow", "budget", "network",	   "invalid" };
	seal_agent_llm_llm_error_t error = { 0 };
	yyjson_val *in;

	error.tag = word_index(variant(val, &in), words, 8, SEAL_AGENT_LLM_LLM_ERROR_INVALID);
	if (error.tag != SEAL_AGENT_LLM_LLM_ERROR_CANCELLED)
		error.val.auth = wit_json_copy(in ? text_of(in) : STR("no more replies"));
	return error;
}

static seal_agent_types_block_t read_block(yyjson_val *val)
{
	static const char *const words[] = { "text",	 "thinking",	"redacted-thinking",
					     "tool-use", "tool-result", "image" };
	seal_agent_types_block_t block = { 0 };
	yyjson_val *in;

	block.tag = word_index(variant(val, &in), words, 6, SEAL_AGENT_TYPES_BLOCK_TEXT);
	switch (block.tag) {
	case SEAL_AGENT_TYPES_BLOCK_TEXT:
		block.val.text.text = wit_json_string(in, "text");
		break;
	case SEAL_AGENT_TYPES_BLOCK_REDACTED_THINKING:
		block.val.redacted_thinking = wit_json_copy(text_of(in));
		break;
	case SEAL_AGENT_TYPES_BLOCK_THINKING:
		block.val.thinking.text = wit_json_string(in, "text");
		block.val.thinking.signature = wit_json_string(in, "signature");
		break;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_USE:
		block.val.tool_use.id = wit_json_string(in, "id");
		block.val.tool_use.name = wit_json_string(in, "name");
		block.val.tool_use.input_json = wit_json_string(in, "input-json");
		break;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT:
		block.val.tool_result.id = wit_json_string(in, "id");
		block.val.tool_result.content = wit_json_string(in, "content");
		break;
	default:
		block.val.image.media_type = wit_json_string(in, "media-type");
		block.val.image.base64 = wit_json_string(in, "base64");
	}
	return block;
}

seal_agent_llm_reply_t wit_json_reply(yyjson_val *val)
{
	static const char *const stops[] = { "end-turn", "tool-use", "max-tokens", "refusal", "other" };
	yyjson_val *content = yyjson_obj_get(val, "content"), *usage = yyjson_obj_get(val, "usage");
	yyjson_val *item, *in;
	seal_agent_llm_reply_t reply = { 0 };
	size_t i, n;

	reply.content.len = yyjson_arr_size(content);
	reply.content.ptr = list(reply.content.len, sizeof(*reply.content.ptr));
	yyjson_arr_foreach(content, i, n, item)
		reply.content.ptr[i] = read_block(item);
	reply.stop = word_index(variant(yyjson_obj_get(val, "stop"), &in), stops, 5, 0);
	reply.usage = (seal_agent_llm_usage_t){
		(uint64_t)json_int(usage, "input", 0),
		(uint64_t)json_int(usage, "output", 0),
		(uint64_t)json_int(usage, "cache-read", 0),
		(uint64_t)json_int(usage, "cache-write", 0),
	};
	return reply;
}

seal_agent_tools_listing_t wit_json_listing(yyjson_val *val)
{
	static const char *const kinds[] = { "file", "directory", "symlink", "other" };
	yyjson_val *entries = yyjson_obj_get(val, "entries"), *item, *in;
	seal_agent_tools_listing_t listing = { .truncated = json_bool(val, "truncated", false) };
	size_t i, n;

	listing.entries.len = yyjson_arr_size(entries);
	listing.entries.ptr = list(listing.entries.len, sizeof(*listing.entries.ptr));
	yyjson_arr_foreach(entries, i, n, item)
		listing.entries.ptr[i] = (seal_agent_tools_entry_t){
			wit_json_string(item, "path"),
			word_index(variant(yyjson_obj_get(item, "kind"), &in), kinds, 4, 0),
			(uint64_t)json_int(item, "size", 0),
		};
	return listing;
}

seal_agent_tools_matches_t wit_json_matches(yyjson_val *val)
{
	yyjson_val *lines = yyjson_obj_get(val, "lines"), *item;
	seal_agent_tools_matches_t matches = { .truncated = json_bool(val, "truncated", false) };
	size_t i, n;

	matches.lines.len = yyjson_arr_size(lines);
	matches.lines.ptr = list(matches.lines.len, sizeof(*matches.lines.ptr));
	yyjson_arr_foreach(lines, i, n, item)
		matches.lines.ptr[i] = (seal_agent_tools_match_line_t){
			wit_json_string(item, "path"),
			(uint32_t)json_int(item, "line", 0),
			wit_json_string(item, "text"),
			json_bool(item, "is-context", false),
		};
	return matches;
}

static agent_option_string_t option_string(yyjson_val *val, const char *key)
{
	bool is_some = json_str(val, key).data;

	return (agent_option_string_t){ is_some,
					is_some ? wit_json_string(val, key) : (agent_string_t){ 0 } };
}

seal_agent_tools_command_outcome_t wit_json_outcome(yyjson_val *val)
{
	yyjson_val *code = yyjson_obj_get(val, "exit-code"), *signal = yyjson_obj_get(val, "signal");
	yyjson_val *denials = yyjson_obj_get(val, "denials"), *item;
	seal_agent_tools_command_outcome_t outcome = {
		.exit_code = { yyjson_is_int(code), (int32_t)yyjson_get_int(code) },
		.signal = { yyjson_is_int(signal), (uint32_t)yyjson_get_int(signal) },
		.timed_out = json_bool(val, "timed-out", false),
		.output = wit_json_string(val, "output"),
		.truncated = json_bool(val, "truncated", false),
		.spilled_to = option_string(val, "spilled-to"),
		.job = option_string(val, "job"),
	};
	size_t i, n;

	outcome.denials.len = yyjson_arr_size(denials);
	outcome.denials.ptr = list(outcome.denials.len, sizeof(*outcome.denials.ptr));
	yyjson_arr_foreach(denials, i, n, item)
		outcome.denials.ptr[i] = wit_json_copy(text_of(item));
	return outcome;
}

seal_agent_tools_list_tool_listing_t wit_json_tools(yyjson_val *val)
{
	seal_agent_tools_list_tool_listing_t tools = { .len = yyjson_arr_size(val) };
	yyjson_val *item;
	size_t i, n;

	tools.ptr = list(tools.len, sizeof(*tools.ptr));
	yyjson_arr_foreach(val, i, n, item)
		tools.ptr[i] = (seal_agent_tools_tool_listing_t){
			wit_json_string(item, "server"),
			wit_json_string(item, "name"),
			wit_json_string(item, "description"),
			wit_json_string(item, "input-schema-json"),
		};
	return tools;
}

void wit_json_option_u32(struct json *w, agent_option_u32_t val)
{
	if (val.is_some)
		json_put_uint(w, val.val);
	else
		json_put_null(w);
}

void wit_json_option_string(struct json *w, agent_option_string_t val)
{
	if (val.is_some)
		json_put(w, wit_str(val.val));
	else
		json_put_null(w);
}

static void put_block(struct json *w, const seal_agent_types_block_t *block)
{
	json_object(w);
	switch (block->tag) {
	case SEAL_AGENT_TYPES_BLOCK_TEXT:
		json_kv(w, "text", wit_str(block->val.text.text));
		break;
	case SEAL_AGENT_TYPES_BLOCK_THINKING:
		json_kv(w, "thinking", wit_str(block->val.thinking.text));
		json_kv(w, "signature", wit_str(block->val.thinking.signature));
		break;
	case SEAL_AGENT_TYPES_BLOCK_REDACTED_THINKING:
		json_kv(w, "redacted-thinking", wit_str(block->val.redacted_thinking));
		break;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_USE:
		json_kv(w, "tool-use", wit_str(block->val.tool_use.name));
		json_kv(w, "id", wit_str(block->val.tool_use.id));
		json_kv(w, "input", wit_str(block->val.tool_use.input_json));
		break;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT:
		json_kv(w, "tool-result", wit_str(block->val.tool_result.content));
		json_kv(w, "id", wit_str(block->val.tool_result.id));
		json_kv_bool(w, "is-error", block->val.tool_result.is_error);
		break;
	default:
		json_kv(w, "image", wit_str(block->val.image.base64));
	}
	json_end(w);
}

static void put_messages(struct json *w, const seal_agent_llm_list_message_t *messages)
{
	json_array(w);
	for (size_t i = 0; i < messages->len; i++) {
		const seal_agent_types_message_t *message = &messages->ptr[i];

		json_object(w);
		json_kv(w, "role", message->role ? STR("assistant") : STR("user"));
		json_key(w, "content");
		json_array(w);
		for (size_t k = 0; k < message->content.len; k++)
			put_block(w, &message->content.ptr[k]);
		json_end(w);
		json_end(w);
	}
	json_end(w);
}

void wit_json_request(struct buf *out, const seal_agent_llm_request_t *request)
{
	static const char *const purposes[] = { "turn", "compaction", "title" };
	struct json w = json_to(out);

	json_object(&w);
	json_kv(&w, "purpose", str_of(purposes[request->purpose]));
	json_key(&w, "max-output-tokens");
	wit_json_option_u32(&w, request->max_output_tokens);
	json_kv(&w, "system", wit_str(request->system));
	json_key(&w, "messages");
	put_messages(&w, &request->messages);
	json_key(&w, "tools");
	json_array(&w);
	for (size_t i = 0; i < request->tools.len; i++) {
		json_object(&w);
		json_kv(&w, "name", wit_str(request->tools.ptr[i].name));
		json_kv(&w, "description", wit_str(request->tools.ptr[i].description));
		json_kv_raw(&w, "input-schema", wit_str(request->tools.ptr[i].input_schema_json));
		json_end(&w);
	}
	json_end(&w);
	json_end(&w);
}
