#include "seal-agent/test/world_fake.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/test/fake.h"
#include "seal-agent/test/wit_json.h"
#include "seal-agent/world.h"

#define ANSWERS_MAX  512
#define REQUESTS_MAX 256
#define KEYS_MAX     5000

struct answer {
	char *call;
	char *json;
	size_t len;
};

struct entry {
	char *key;
	char *value;
	size_t len;
};

static struct world {
	seal_agent_llm_model_t model;
	struct answer answers[ANSWERS_MAX];
	size_t n_answers;
	char *requests[REQUESTS_MAX];
	size_t n_requests;
	struct entry entries[KEYS_MAX];
	size_t n_entries;
	const char *person;
	const char *external;
	size_t saves_left;
	struct buf log;
	uint64_t sum;
} world;

static void drop_answer(size_t at)
{
	free(world.answers[at].call);
	free(world.answers[at].json);
	memmove(&world.answers[at], &world.answers[at + 1],
		(--world.n_answers - at) * sizeof(world.answers[0]));
}

static void drop_entry(size_t at)
{
	free(world.entries[at].key);
	free(world.entries[at].value);
	memmove(&world.entries[at], &world.entries[at + 1],
		(--world.n_entries - at) * sizeof(world.entries[0]));
}

void world_kill(void)
{
	world_fini();
	while (world.n_answers)
		drop_answer(0);
}

void world_reset(void)
{
	world_kill();
	while (world.n_entries)
		drop_entry(0);
	while (world.n_requests)
		free(world.requests[--world.n_requests]);
	buf_fini(&world.log);
	world = (struct world){ .saves_left = SIZE_MAX, .sum = 14695981039346656037u };
	world_model(200000, 32000, 0);
}

void world_model(uint32_t context_length, uint32_t max_output_tokens, uint64_t idle_seconds)
{
	world.model = (seal_agent_llm_model_t){
		.context_length = context_length,
		.max_output_tokens = max_output_tokens,
		.idle_seconds = idle_seconds,
	};
}

void world_images(void)
{
	world.model.supports_images = true;
}

void world_answer_bytes(const char *call, struct str json)
{
	if (world.n_answers == ANSWERS_MAX)
		return;
	world.answers[world.n_answers++] =
		(struct answer){ str_dup(str_of(call)), str_dup(json), json.len };
}

void world_answer(const char *call, const char *json)
{
	world_answer_bytes(call, str_of(json));
}

void world_person(const char *answer)
{
	world.person = answer;
}

void world_external(const char *json)
{
	world.external = json;
}

const char *fake_external(void)
{
	return world.external;
}

void world_storage_limit(size_t n_saves)
{
	world.saves_left = n_saves;
}

struct str world_log(void)
{
	return buf_str(&world.log);
}

void world_log_clear(void)
{
	buf_clear(&world.log);
}

size_t world_requests(void)
{
	return world.n_requests;
}

struct str world_request(size_t index)
{
	return str_of(index < world.n_requests ? world.requests[index] : NULL);
}

size_t world_keys(void)
{
	return world.n_entries;
}

uint64_t world_sum(void)
{
	return world.sum;
}

static void add_to_sum(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		world.sum = (world.sum ^ (unsigned char)text.data[i]) * 1099511628211u;
}

/* Storage, sorted by key as the real one lists it. */

static size_t find_entry(struct str key, bool *ret_found)
{
	size_t i = 0;

	while (i < world.n_entries && strcmp(world.entries[i].key, key.data) < 0)
		i++;
	*ret_found = i < world.n_entries && str_is(key, world.entries[i].key);
	return i;
}

bool world_stored(const char *key, struct str *ret_value)
{
	bool found;
	size_t at = find_entry(str_of(key), &found);

	if (found)
		*ret_value = (struct str){ world.entries[at].value, world.entries[at].len };
	return found;
}

void world_store(const char *key, struct str value)
{
	bool found;
	size_t at = find_entry(str_of(key), &found);

	assert(world.n_entries < KEYS_MAX);
	if (found) {
		free(world.entries[at].value);
	} else {
		memmove(&world.entries[at + 1], &world.entries[at],
			(world.n_entries++ - at) * sizeof(world.entries[0]));
		world.entries[at].key = str_dup(str_of(key));
	}
	world.entries[at].value = str_dup(value);
	world.entries[at].len = value.len;
}

/* One call: its line in the log, then its answer. */

struct json fake_begin(const char *call)
{
	buf_adds(&world.log, call);
	buf_addc(&world.log, ' ');
	return json_to(&world.log);
}

void fake_end(void)
{
	struct str log = buf_str(&world.log);
	size_t at = log.len;

	while (at > 0 && log.data[at - 1] != '\n')
		at--;
	add_to_sum(str_from(log, at));
	buf_addc(&world.log, '\n');
}

/* NULL, to be read as empty, when the script has none. */
static yyjson_doc *next_answer(const char *call)
{
	for (size_t i = 0; i < world.n_answers; i++) {
		yyjson_doc *doc;

		if (strcmp(world.answers[i].call, call) != 0)
			continue;
		doc = json_read((struct str){ world.answers[i].json, world.answers[i].len }, NULL,
				NULL);
		drop_answer(i);
		return doc;
	}
	return NULL;
}

bool fake_answer(const char *call, seal_agent_tools_tool_error_t *err, yyjson_doc **ret_doc,
		   yyjson_val **ret_ok)
{
	yyjson_val *root, *error;

	*ret_doc = next_answer(call);
	root = yyjson_doc_get_root(*ret_doc);
	error = yyjson_obj_get(root, "err");
	*ret_ok = yyjson_obj_get(root, "ok");
	if (error)
		*err = wit_json_tool_error(error);
	return !error;
}

void seal_agent_llm_model_info(seal_agent_llm_model_t *ret)
{
	*ret = world.model;
}

bool seal_agent_llm_chat(seal_agent_llm_request_t *request, seal_agent_llm_reply_t *ret,
			 seal_agent_llm_llm_error_t *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_json yyjson_doc *doc = next_answer("chat");
	yyjson_val *root = yyjson_doc_get_root(doc), *ok = yyjson_obj_get(root, "ok");

	wit_json_request(&text, request);
	add_to_sum(buf_str(&text));
	if (world.n_requests < REQUESTS_MAX)
		world.requests[world.n_requests++] = buf_take(&text);
	if (!ok) {
		*err = wit_json_llm_error(yyjson_obj_get(root, "err"));
		return false;
	}
	*ret = wit_json_reply(ok);
	return true;
}

void fake_log(const char *call, agent_string_t *text)
{
	struct json w = fake_begin(call);

	json_array(&w);
	json_put(&w, wit_str(*text));
	json_end(&w);
	fake_end();
}

bool seal_agent_storage_save(agent_string_t *key, agent_string_t *value, agent_string_t *err)
{
	cleanup_free char *name = str_dup(wit_str(*key));

	if (world.saves_left == 0) {
		*err = wit_json_copy(STR("the quota is used up"));
		return false;
	}
	if (world.saves_left != SIZE_MAX)
		world.saves_left--;
	fake_log("save", key);
	add_to_sum(wit_str(*value));
	world_store(name, wit_str(*value));
	return true;
}

bool seal_agent_storage_load(agent_string_t *key, agent_option_string_t *ret, agent_string_t *err)
{
	cleanup_free char *name = str_dup(wit_str(*key));
	struct str value = { NULL, 0 };

	(void)err;
	ret->is_some = world_stored(name, &value);
	ret->val = wit_json_copy(value);
	return true;
}

bool seal_agent_storage_delete(agent_string_t *key, agent_string_t *err)
{
	cleanup_free char *name = str_dup(wit_str(*key));
	bool found;
	size_t at = find_entry(str_of(name), &found);

	(void)err;
	fake_log("delete", key);
	if (found)
		drop_entry(at);
	return true;
}

bool seal_agent_storage_list_keys(agent_string_t *prefix, agent_list_string_t *ret,
				  agent_string_t *err)
{
	(void)err;
	*ret = (agent_list_string_t){ calloc(world.n_entries + 1, sizeof(*ret->ptr)), 0 };
	for (size_t i = 0; i < world.n_entries; i++) {
		if (str_starts(str_of(world.entries[i].key), wit_str(*prefix)))
			ret->ptr[ret->len++] = wit_json_copy(str_of(world.entries[i].key));
	}
	if (ret->len == 0) {
		free(ret->ptr);
		ret->ptr = (agent_string_t *)8;
	}
	return true;
}

void seal_agent_console_print(agent_string_t *text)
{
	fake_log("print", text);
}

void seal_agent_console_warn(agent_string_t *text)
{
	fake_log("warn", text);
}

bool seal_agent_console_ask(agent_string_t *question, agent_list_string_t *choices,
			    agent_string_t *ret)
{
	struct json w = fake_begin("ask");

	json_array(&w);
	json_put(&w, wit_str(*question));
	for (size_t i = 0; i < choices->len; i++)
		json_put(&w, wit_str(choices->ptr[i]));
	json_end(&w);
	fake_end();
	if (world.person)
		*ret = wit_json_copy(str_of(world.person));
	return world.person;
}

void seal_agent_console_show_tasks(seal_agent_console_list_task_t *tasks)
{
	struct json w = fake_begin("show-tasks");

	json_array(&w);
	for (size_t i = 0; i < tasks->len; i++) {
		json_put_uint(&w, tasks->ptr[i].id);
		json_put(&w, wit_str(tasks->ptr[i].title));
		json_put_uint(&w, tasks->ptr[i].state);
	}
	json_end(&w);
	fake_end();
}
