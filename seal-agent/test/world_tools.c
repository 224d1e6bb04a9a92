/* The interface `tools`, scripted. */
#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/test/fake.h"
#include "seal-agent/test/wit_json.h"

bool seal_agent_tools_file_read(agent_string_t *path, seal_agent_tools_read_options_t *options,
				seal_agent_tools_file_content_t *ret,
				seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = fake_begin("file-read");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*path));
	wit_json_option_u32(&w, options->offset);
	wit_json_option_u32(&w, options->limit);
	json_end(&w);
	fake_end();
	if (!fake_answer("file-read", err, &doc, &ok))
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
	struct json w = fake_begin("file-write");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*path));
	json_put(&w, wit_str(*text));
	json_end(&w);
	fake_end();
	if (!fake_answer("file-write", err, &doc, &ok))
		return false;
	*ret = write_outcome(ok);
	return true;
}

bool seal_agent_tools_file_edit(agent_string_t *path, seal_agent_tools_list_edit_t *edits,
				seal_agent_tools_write_outcome_t *ret,
				seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = fake_begin("file-edit");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*path));
	for (size_t i = 0; i < edits->len; i++) {
		json_put(&w, wit_str(edits->ptr[i].old));
		json_put(&w, wit_str(edits->ptr[i].new_));
		json_put_bool(&w, edits->ptr[i].replace_all);
	}
	json_end(&w);
	fake_end();
	if (!fake_answer("file-edit", err, &doc, &ok))
		return false;
	*ret = write_outcome(ok);
	return true;
}

bool seal_agent_tools_file_delete(agent_string_t *path, seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	fake_log("file-delete", path);
	return fake_answer("file-delete", err, &doc, &ok);
}

bool seal_agent_tools_file_list(agent_string_t *path, bool recursive,
				seal_agent_tools_listing_t *ret, seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = fake_begin("file-list");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*path));
	json_put_bool(&w, recursive);
	json_end(&w);
	fake_end();
	if (!fake_answer("file-list", err, &doc, &ok))
		return false;
	*ret = wit_json_listing(ok);
	return true;
}

bool seal_agent_tools_file_glob(agent_string_t *pattern, seal_agent_tools_listing_t *ret,
				seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	fake_log("file-glob", pattern);
	if (!fake_answer("file-glob", err, &doc, &ok))
		return false;
	*ret = wit_json_listing(ok);
	return true;
}

bool seal_agent_tools_grep(agent_string_t *pattern, agent_string_t *path,
			   seal_agent_tools_search_options_t *options,
			   seal_agent_tools_matches_t *ret, seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = fake_begin("grep");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*pattern));
	json_put(&w, wit_str(*path));
	wit_json_option_string(&w, options->only_files);
	json_put_uint(&w, options->context_lines);
	json_put_bool(&w, options->ignore_case);
	wit_json_option_u32(&w, options->max_results);
	json_end(&w);
	fake_end();
	if (!fake_answer("grep", err, &doc, &ok))
		return false;
	*ret = wit_json_matches(ok);
	return true;
}

bool seal_agent_tools_command_run(seal_agent_tools_command_t *command,
				  seal_agent_tools_command_outcome_t *ret,
				  seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = fake_begin("command-run");
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
	fake_end();
	if (!fake_answer("command-run", err, &doc, &ok))
		return false;
	*ret = wit_json_outcome(ok);
	return true;
}

bool seal_agent_tools_command_output(agent_string_t *job, seal_agent_tools_command_outcome_t *ret,
				     seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	fake_log("command-output", job);
	if (!fake_answer("command-output", err, &doc, &ok))
		return false;
	*ret = wit_json_outcome(ok);
	return true;
}

bool seal_agent_tools_command_stop(agent_string_t *job, seal_agent_tools_command_outcome_t *ret,
				   seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	fake_log("command-stop", job);
	if (!fake_answer("command-stop", err, &doc, &ok))
		return false;
	*ret = wit_json_outcome(ok);
	return true;
}

bool seal_agent_tools_web_fetch(agent_string_t *url, seal_agent_tools_fetched_t *ret,
				seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	fake_log("web-fetch", url);
	if (!fake_answer("web-fetch", err, &doc, &ok))
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
	cleanup_json yyjson_doc *doc = json_read(str_of(fake_external()), NULL, NULL);

	*ret = wit_json_tools(yyjson_doc_get_root(doc));
}

bool seal_agent_tools_external_call(agent_string_t *server, agent_string_t *name,
				    agent_string_t *input_json, agent_string_t *ret,
				    seal_agent_tools_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = fake_begin("external-call");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*server));
	json_put(&w, wit_str(*name));
	json_put(&w, wit_str(*input_json));
	json_end(&w);
	fake_end();
	if (!fake_answer("external-call", err, &doc, &ok))
		return false;
	*ret = wit_json_copy(yyjson_is_str(ok) ? json_text(ok) : STR(""));
	return true;
}

bool seal_agent_agents_start(agent_string_t *task, seal_agent_agents_scope_t *scope,
			     agent_string_t *ret, seal_agent_agents_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = fake_begin("start");
	yyjson_val *ok;

	json_array(&w);
	json_put(&w, wit_str(*task));
	json_put_bool(&w, scope->writes);
	json_put_bool(&w, scope->commands);
	json_put_bool(&w, scope->network);
	for (size_t i = 0; i < scope->only_paths.len; i++)
		json_put(&w, wit_str(scope->only_paths.ptr[i]));
	json_end(&w);
	fake_end();
	if (!fake_answer("start", err, &doc, &ok))
		return false;
	*ret = wit_json_copy(yyjson_is_str(ok) ? json_text(ok) : STR("a1"));
	return true;
}

bool seal_agent_agents_answer(agent_string_t *id, agent_string_t *ret,
			      seal_agent_agents_tool_error_t *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *ok;

	fake_log("answer", id);
	if (!fake_answer("answer", err, &doc, &ok))
		return false;
	*ret = wit_json_copy(yyjson_is_str(ok) ? json_text(ok) : STR(""));
	return true;
}
