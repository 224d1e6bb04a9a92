#include "seal-agent/test/world_fake.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
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
}

void world_reset(void)
{
	world_kill();
	while (world.n_answers)
		drop_answer(0);
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

static struct json begin(const char *call)
{
	buf_adds(&world.log, call);
	buf_addc(&world.log, ' ');
	return json_to(&world.log);
}

static void end(void)
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

static bool answer(const char *call, seal_agent_tools_tool_error_t *err, yyjson_doc **ret_doc,
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

bool seal_agent_tools_file_read(agent_string_t *path, seal_agent_tools_read_options_t *options,
				seal_agent_tools_file_content_t *ret,
				seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = begin("file-read");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*path));
	wit_json_option_u32(&w, options->offset);
	wit_json_option_u32(&w, options->limit);
	json_end(&w);
	end();
	if (!answer("file-read", err, &doc, &ok))
		return false;
	*ret = (seal_agent_tools_file_content_t){
		.text = wit_json_string(ok, "text"),
		.total_lines = (uint32_t)json_int(ok, "total-lines", 0),
		.first_line = (uint32_t)json_int(ok, "first-line", 1),
		.encoding = wit_json_string(ok, "encoding"),
		.base64 = json_bool(ok, "base64", false),
	};
	return true;
}

static seal_agent_tools_write_outcome_t write_outcome(yyjson_val *ok)
{
	return (seal_agent_tools_write_outcome_t){
		.created = json_bool(ok, "created", false),
		.bytes = (uint64_t)json_int(ok, "bytes", 0),
		.diff = wit_json_string(ok, "diff"),
	};
}

bool seal_agent_tools_file_write(agent_string_t *path, agent_string_t *text,
				 seal_agent_tools_write_outcome_t *ret,
				 seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = begin("file-write");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*path));
	json_put(&w, wit_str(*text));
	json_end(&w);
	end();
	if (!answer("file-write", err, &doc, &ok))
		return false;
	*ret = write_outcome(ok);
	return true;
}

bool seal_agent_tools_file_edit(agent_string_t *path, seal_agent_tools_list_edit_t *edits,
				seal_agent_tools_write_outcome_t *ret,
				seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = begin("file-edit");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*path));
	for (size_t i = 0; i < edits->len; i++) {
		json_put(&w, wit_str(edits->ptr[i].old));
		json_put(&w, wit_str(edits->ptr[i].new_));
		json_put_bool(&w, edits->ptr[i].replace_all);
	}
	json_end(&w);
	end();
	if (!answer("file-edit", err, &doc, &ok))
		return false;
	*ret = write_outcome(ok);
	return true;
}

static void log_string(const char *call, agent_string_t *text)
{
	struct json w = begin(call);

	json_array(&w);
	json_put(&w, wit_str(*text));
	json_end(&w);
	end();
}

bool seal_agent_tools_file_delete(agent_string_t *path, seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	log_string("file-delete", path);
	return answer("file-delete", err, &doc, &ok);
}

bool seal_agent_tools_file_list(agent_string_t *path, bool recursive,
				seal_agent_tools_listing_t *ret, seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = begin("file-list");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*path));
	json_put_bool(&w, recursive);
	json_end(&w);
	end();
	if (!answer("file-list", err, &doc, &ok))
		return false;
	*ret = wit_json_listing(ok);
	return true;
}

bool seal_agent_tools_file_glob(agent_string_t *pattern, seal_agent_tools_listing_t *ret,
				seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	log_string("file-glob", pattern);
	if (!answer("file-glob", err, &doc, &ok))
		return false;
	*ret = wit_json_listing(ok);
	return true;
}

bool seal_agent_tools_grep(agent_string_t *pattern, agent_string_t *path,
			   seal_agent_tools_search_options_t *options,
			   seal_agent_tools_matches_t *ret, seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = begin("grep");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*pattern));
	json_put(&w, wit_str(*path));
	wit_json_option_string(&w, options->only_files);
	json_put_uint(&w, options->context_lines);
	json_put_bool(&w, options->ignore_case);
	wit_json_option_u32(&w, options->max_results);
	json_end(&w);
	end();
	if (!answer("grep", err, &doc, &ok))
		return false;
	*ret = wit_json_matches(ok);
	return true;
}

bool seal_agent_tools_command_run(seal_agent_tools_command_t *command,
				  seal_agent_tools_command_outcome_t *ret,
				  seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = begin("command-run");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(command->command));
	wit_json_option_string(&w, command->cwd);
	wit_json_option_u32(&w, command->timeout_seconds);
	json_put_bool(&w, command->background);
	for (size_t i = 0; i < command->dev_server_ports.len; i++)
		json_put_uint(&w, command->dev_server_ports.ptr[i]);
	json_put_bool(&w, command->verbose);
	json_end(&w);
	end();
	if (!answer("command-run", err, &doc, &ok))
		return false;
	*ret = wit_json_outcome(ok);
	return true;
}

bool seal_agent_tools_command_output(agent_string_t *job, seal_agent_tools_command_outcome_t *ret,
				     seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	log_string("command-output", job);
	if (!answer("command-output", err, &doc, &ok))
		return false;
	*ret = wit_json_outcome(ok);
	return true;
}

bool seal_agent_tools_command_stop(agent_string_t *job, seal_agent_tools_command_outcome_t *ret,
				   seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	log_string("command-stop", job);
	if (!answer("command-stop", err, &doc, &ok))
		return false;
	*ret = wit_json_outcome(ok);
	return true;
}

bool seal_agent_tools_web_fetch(agent_string_t *url, seal_agent_tools_fetched_t *ret,
				seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	log_string("web-fetch", url);
	if (!answer("web-fetch", err, &doc, &ok))
		return false;
	*ret = (seal_agent_tools_fetched_t){
		.url = wit_json_string(ok, "url"),
		.status = (uint16_t)json_int(ok, "status", 200),
		.content_type = wit_json_string(ok, "content-type"),
		.text = wit_json_string(ok, "text"),
		.truncated = json_bool(ok, "truncated", false),
	};
	return true;
}

void seal_agent_tools_external_tools(seal_agent_tools_list_tool_listing_t *ret)
{
	cleanup_json yyjson_doc *doc = json_read(str_of(world.external), NULL, NULL);

	*ret = wit_json_tools(yyjson_doc_get_root(doc));
}

bool seal_agent_tools_external_call(agent_string_t *server, agent_string_t *name,
				    agent_string_t *input_json, agent_string_t *ret,
				    seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = begin("external-call");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*server));
	json_put(&w, wit_str(*name));
	json_put(&w, wit_str(*input_json));
	json_end(&w);
	end();
	if (!answer("external-call", err, &doc, &ok))
		return false;
	*ret = wit_json_copy(json_text(ok));
	return true;
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
	log_string("save", key);
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
	log_string("delete", key);
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
	log_string("print", text);
}

void seal_agent_console_warn(agent_string_t *text)
{
	log_string("warn", text);
}

bool seal_agent_console_ask(agent_string_t *question, agent_list_string_t *choices,
			    agent_string_t *ret)
{
	struct json w = begin("ask");

	json_array(&w);
	json_put(&w, wit_str(*question));
	for (size_t i = 0; i < choices->len; i++)
		json_put(&w, wit_str(choices->ptr[i]));
	json_end(&w);
	end();
	if (world.person)
		*ret = wit_json_copy(str_of(world.person));
	return world.person;
}

void seal_agent_console_show_tasks(seal_agent_console_list_task_t *tasks)
{
	struct json w = begin("show-tasks");

	json_array(&w);
	for (size_t i = 0; i < tasks->len; i++) {
		json_put_uint(&w, tasks->ptr[i].id);
		json_put(&w, wit_str(tasks->ptr[i].title));
		json_put_uint(&w, tasks->ptr[i].state);
	}
	json_end(&w);
	end();
}
