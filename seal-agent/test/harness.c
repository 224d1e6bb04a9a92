#include "seal-agent/test/harness.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/wit.h"

static void init(const char *limits, bool is_resume)
{
	cleanup_buf struct buf context = BUF_INIT;
	struct json w = json_to(&context);
	agent_string_t id = wit_borrow(STR("s1")), text, err;

	json_object(&w);
	json_kv(&w, "root", STR("/p"));
	json_kv(&w, "name", STR("sample"));
	json_kv_raw(&w, "instructions", STR("[{\"path\":\"AGENTS.md\",\"text\":\"Use tabs.\"}]"));
	json_kv_raw(&w, "limits", str_of(limits ? limits : "{}"));
	json_kv_bool(&w, "resume", is_resume);
	json_end(&w);
	text = wit_borrow(buf_str(&context));
	if (!exports_agent_init(&id, &text, &err))
		fail_msg("init: %.*s", STR_ARG(wit_str(err)));
}

void harness_start(const char *limits)
{
	world_reset();
	init(limits, false);
}

void harness_resume(const char *limits)
{
	world_kill();
	init(limits, true);
}

static void copy(char *out, size_t size, agent_string_t *text)
{
	struct str cut = str_head(wit_str(*text), size - 1);

	if (cut.len)
		memcpy(out, cut.data, cut.len);
	out[cut.len] = '\0';
	wit_free(text);
}

struct outcome harness_send(const char *message)
{
	agent_string_t text = wit_borrow(str_of(message)), err;
	agent_turn_result_t result;
	struct outcome outcome = { 0 };

	outcome.is_ok = exports_agent_handle_message(&text, &result, &err);
	if (!outcome.is_ok) {
		copy(outcome.text, sizeof(outcome.text), &err);
		return outcome;
	}
	copy(outcome.text, sizeof(outcome.text), &result.text);
	copy(outcome.stop, sizeof(outcome.stop), &result.stop);
	outcome.tool_calls = result.tool_calls;
	outcome.llm_calls = result.llm_calls;
	return outcome;
}

void harness_reply_text(const char *text)
{
	cleanup_buf struct buf reply = BUF_INIT;
	struct json w = json_to(&reply);

	json_object(&w);
	json_key(&w, "ok");
	json_object(&w);
	json_key(&w, "content");
	json_array(&w);
	json_object(&w);
	json_key(&w, "text");
	json_object(&w);
	json_kv(&w, "text", str_of(text));
	json_end(&w);
	json_end(&w);
	json_end(&w);
	json_kv(&w, "stop", STR("end-turn"));
	json_end(&w);
	json_end(&w);
	world_answer_bytes("chat", buf_str(&reply));
}

void harness_reply_call(const char *tool, const char *input_json)
{
	cleanup_buf struct buf reply = BUF_INIT;
	struct json w = json_to(&reply);

	json_object(&w);
	json_key(&w, "ok");
	json_object(&w);
	json_key(&w, "content");
	json_array(&w);
	json_object(&w);
	json_key(&w, "tool-use");
	json_object(&w);
	json_kv(&w, "id", STR("c1"));
	json_kv(&w, "name", str_of(tool));
	json_kv(&w, "input-json", str_of(input_json));
	json_end(&w);
	json_end(&w);
	json_end(&w);
	json_kv(&w, "stop", STR("tool-use"));
	json_end(&w);
	json_end(&w);
	world_answer_bytes("chat", buf_str(&reply));
}

bool harness_asked(size_t index, const char *bytes)
{
	return str_find(world_request(index), str_of(bytes), 0) != STR_NONE;
}

const char *harness_result(bool *ret_is_error)
{
	static char content[65536];
	cleanup_json yyjson_doc *doc = json_read(world_request(world_requests() - 1), NULL, NULL);
	yyjson_val *messages = yyjson_obj_get(yyjson_doc_get_root(doc), "messages");
	yyjson_val *block = yyjson_arr_get_first(
		yyjson_obj_get(yyjson_arr_get_last(messages), "content"));
	struct str text = str_head(json_str(block, "tool-result"), sizeof(content) - 1);

	if (!text.data)
		fail_msg("the last message does not begin with a result");
	memcpy(content, text.data, text.len);
	content[text.len] = '\0';
	*ret_is_error = json_bool(block, "is-error", false);
	return content;
}
