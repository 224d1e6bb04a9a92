/*
 * The component itself, in the engine: what the native tests cannot see is the
 * glue, the allocator and 32 bits.  The world is a script in the shape of
 * gate/gate.h; the storage is real enough for a kill and a resume.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "base/test.h"
#include "gate/gate.h"
#include "host/host.h"

#define KEYS_MAX 64

static struct script {
	const char *const *replies; /* of chat, NULL-ended */
	struct buf chats;	    /* all requests */
	char *keys[KEYS_MAX];
	char *values[KEYS_MAX];
	size_t n_keys;
	size_t n_tool_calls;
} script;

static void clear(void)
{
	for (size_t i = 0; i < script.n_keys; i++) {
		free(script.keys[i]);
		free(script.values[i]);
	}
	buf_fini(&script.chats);
	script = (struct script){ 0 };
}

static void save(yyjson_val *args)
{
	if (script.n_keys == KEYS_MAX)
		fail_msg("too many keys");
	script.keys[script.n_keys] = str_dup(json_text(yyjson_arr_get(args, 0)));
	script.values[script.n_keys++] = str_dup(json_text(yyjson_arr_get(args, 1)));
}

static void load(yyjson_val *args, struct json *w)
{
	json_object(w);
	json_key(w, "ok");
	for (size_t i = script.n_keys; i-- > 0;) {
		if (!str_is(json_text(yyjson_arr_get(args, 0)), script.keys[i]))
			continue;
		json_put(w, str_of(script.values[i]));
		json_end(w);
		return;
	}
	json_put_null(w);
	json_end(w);
}

static void list(yyjson_val *args, struct json *w)
{
	json_object(w);
	json_key(w, "ok");
	json_array(w);
	for (size_t i = 0; i < script.n_keys; i++) {
		if (str_starts(str_of(script.keys[i]), json_text(yyjson_arr_get(args, 0))))
			json_put(w, str_of(script.keys[i]));
	}
	json_end(w);
	json_end(w);
}

static int answer(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
		  struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(args, NULL, NULL);
	yyjson_val *list_of_args = yyjson_doc_get_root(doc);
	struct json w = json_to(ret_result);

	(void)ctx;
	switch (id) {
	case GATE_llm_model_info:
		buf_adds(ret_result, "{\"provider\":\"\",\"name\":\"m\",\"context-length\":200000,"
				     "\"max-output-tokens\":32000,\"supports-images\":false,"
				     "\"supports-thinking\":true,\"idle-seconds\":0}");
		return 0;
	case GATE_llm_chat:
		buf_add(&script.chats, args);
		if (!*script.replies)
			return err_set(err, ERR_INPUT, "the script has no more replies");
		buf_adds(ret_result, *script.replies++);
		return 0;
	case GATE_tools_external_tools:
		buf_adds(ret_result, "[]");
		return 0;
	case GATE_tools_file_read:
		script.n_tool_calls++;
		buf_adds(ret_result, "{\"ok\":{\"text\":\"\",\"total-lines\":0,\"first-line\":1,"
				     "\"encoding\":\"\",\"base64\":false}}");
		return 0;
	case GATE_tools_command_run:
		script.n_tool_calls++;
		buf_adds(ret_result, "{\"err\":{\"denied\":{\"target\":\"make\",\"operation\":\"run\","
				     "\"rule\":\"\",\"hint\":\"\"}}}");
		return 0;
	case GATE_storage_save:
		save(list_of_args);
		buf_adds(ret_result, "{\"ok\":null}");
		return 0;
	case GATE_storage_load:
		load(list_of_args, &w);
		return 0;
	case GATE_storage_list_keys:
		list(list_of_args, &w);
		return 0;
	}
	return err_set(err, ERR_INPUT, "call %u is not in the script", id);
}

static struct host *start(const char *context)
{
	struct host_setup setup = { .component = getenv("AGENT"), .call = answer };
	cleanup_buf struct buf args = BUF_INIT, result = BUF_INIT;
	struct json w = json_to(&args);
	struct host *host;
	uint64_t fuel;
	struct err err;

	MUST(host_new(&setup, &host, &err), &err);
	json_array(&w);
	json_put(&w, STR("s1"));
	json_put(&w, str_of(context));
	json_end(&w);
	MUST(host_export(host, "init", buf_str(&args), &result, &fuel, &err), &err);
	assert_string_equal(result.data, "{\"ok\":null}");
	return host;
}

static void send_message(struct host *host, const char *message, const char *want)
{
	cleanup_buf struct buf args = BUF_INIT, result = BUF_INIT;
	struct json w = json_to(&args);
	uint64_t fuel;
	struct err err;

	json_array(&w);
	json_put(&w, str_of(message));
	json_end(&w);
	MUST(host_export(host, "handle-message", buf_str(&args), &result, &fuel, &err), &err);
	assert_string_equal(result.data, want);
}

#define USAGE "\"usage\":{\"input\":1,\"output\":1,\"cache-read\":0,\"cache-write\":0}"
#define CALL(id, name, input) \
	"{\"tool-use\":{\"id\":\"" id "\",\"name\":\"" name "\",\"input-json\":\"" input "\"}}"

/* Empty strings and lists everywhere: the glue allocates none of them. */
static const char *const replies[] = {
	"{\"ok\":{\"content\":[{\"thinking\":{\"text\":\"\",\"signature\":\"s\"}},{\"text\":{\"text\":\"\"}},"
	CALL("c1", "file_read", "{\\\"path\\\":\\\"a\\\"}") "," CALL("", "command_run", "") ","
	CALL("c3", "command_run", "{\\\"command\\\":\\\"make\\\"}") "],\"stop\":\"tool-use\"," USAGE "}}",
	"{\"ok\":{\"content\":[{\"text\":{\"text\":\"d\xc3\xb6ne\"}}],\"stop\":\"end-turn\"," USAGE "}}",
	"{\"ok\":{\"content\":[],\"stop\":\"end-turn\"," USAGE "}}",
	"{\"err\":{\"budget\":\"\"}}",
	"{\"err\":\"cancelled\"}",
	NULL,
};

TEST(a_session_in_the_engine)
{
	cleanup_with(host_free) struct host *host = NULL;
	struct str chats;

	clear();
	script.replies = replies;
	host = start("{\"root\":\"/p\"}");
	send_message(host, "go",
		     "{\"ok\":{\"text\":\"d\xc3\xb6ne\",\"stop\":\"end-turn\",\"tool-calls\":3,\"llm-calls\":2}}");
	assert_int_equal(script.n_tool_calls, 2);
	send_message(host, "on",
		     "{\"ok\":{\"text\":\"\",\"stop\":\"end-turn\",\"tool-calls\":0,\"llm-calls\":1}}");
	send_message(host, "", "{\"err\":\"budget: \"}");
	chats = buf_str(&script.chats);
	assert_true(str_find(chats, STR("(the file is empty)"), 0) != STR_NONE);
	assert_true(str_find(chats, STR("no rule of the manifest allows it"), 0) != STR_NONE);
	assert_true(str_find(chats, STR("\\\"command\\\" is missing"), 0) != STR_NONE);

	/* The machine goes away; another instance goes on. */
	host_free(host);
	host = NULL;
	buf_clear(&script.chats);
	host = start("{\"root\":\"/p\",\"resume\":true}");
	send_message(host, "again", "{\"err\":\"cancelled\"}");
	chats = buf_str(&script.chats);
	assert_true(str_find(chats, STR("\"signature\":\"s\""), 0) != STR_NONE);
	assert_true(str_find(chats, STR("d\xc3\xb6ne"), 0) != STR_NONE);
	assert_true(str_find(chats, STR("{\"text\":{\"text\":\"again\"}}"), 0) != STR_NONE);
	clear();
}

TEST(a_context_that_is_no_object_is_refused)
{
	struct host_setup setup = { .component = getenv("AGENT"), .call = answer };
	cleanup_with(host_free) struct host *host = NULL;
	cleanup_buf struct buf result = BUF_INIT;
	uint64_t fuel;
	struct err err;

	MUST(host_new(&setup, &host, &err), &err);
	MUST(host_export(host, "init", STR("[\"s\",\"[1\"]"), &result, &fuel, &err), &err);
	assert_string_equal(result.data,
			    "{\"err\":\"invalid: the project context is not a JSON object\"}");
}

TEST_MAIN(RUN(a_session_in_the_engine), RUN(a_context_that_is_no_object_is_refused))
