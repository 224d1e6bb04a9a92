#include "seal-agent/tools/agents.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/rt/alloc.h"
#include "seal-agent/state.h"
#include "seal-agent/tools.h"

void agents_fini(struct agent *agent)
{
	struct later *later = &agent->later;

	for (size_t i = 0; i < later->n_agents; i++) {
		wit_free(&later->agents[i].call_id);
		wit_free(&later->agents[i].agent_id);
	}
	for (size_t i = 0; i < later->n_images; i++) {
		wit_free(&later->images[i].media_type);
		wit_free(&later->images[i].base64);
	}
	later->n_agents = later->n_images = 0;
}

void agents_keep_image(struct agent *agent, seal_agent_types_image_block_t image)
{
	struct later *later = &agent->later;

	if (image.base64.len == 0)
		return;
	if (later->n_images < IMAGES_MAX) {
		later->images[later->n_images++] = image;
		return;
	}
	wit_free(&image.media_type);
	wit_free(&image.base64);
}

bool agents_await(struct agent *agent, agent_string_t call_id, agent_string_t agent_id)
{
	struct later *later = &agent->later;

	if (later->n_agents == AWAITED_MAX)
		return false;
	later->agents[later->n_agents++] = (struct awaited){ wit_copy(wit_str(call_id)), agent_id };
	return true;
}

seal_agent_types_block_t agents_result(struct agent *agent, size_t i)
{
	struct awaited *awaited = &agent->later.agents[i];
	cleanup_buf struct buf out = BUF_INIT;
	struct call call = { .agent = agent, .out = &out };
	seal_agent_tools_tool_error_t error;
	agent_string_t text;

	if (seal_agent_agents_answer(&awaited->agent_id, &text, &error)) {
		shape_untrusted(&out, "agent", wit_str(awaited->agent_id), wit_str(text));
		wit_free(&text);
	} else {
		shape_error(&call, &error);
		seal_agent_agents_tool_error_free(&error);
	}
	return history_result(wit_str(awaited->call_id), wit_take(&out), call.is_error);
}

static seal_agent_agents_scope_t read_scope(const struct call *call)
{
	yyjson_val *list = yyjson_obj_get(call->args, "paths"), *item;
	seal_agent_agents_scope_t scope = {
		.writes = args_bool(call, "writes"),
		.commands = args_bool(call, "commands"),
		.network = args_bool(call, "network"),
		.only_paths = { NULL, yyjson_arr_size(list) },
	};
	size_t i, n;

	scope.only_paths.ptr = alloc_bytes(scope.only_paths.len * sizeof(*scope.only_paths.ptr));
	yyjson_arr_foreach(list, i, n, item)
		scope.only_paths.ptr[i] = wit_borrow(json_text(item));
	return scope;
}

void tool_agent_run(struct call *call)
{
	agent_string_t task = wit_borrow(args_text(call, "task"));
	seal_agent_agents_scope_t scope = read_scope(call);
	seal_agent_tools_tool_error_t error;

	if (call->agent->later.n_agents == AWAITED_MAX) {
		shape_refusal(call, "Not run: this reply has started as many agents as it may.");
	} else if (!seal_agent_agents_start(&task, &scope, &call->agent_id, &error)) {
		shape_error(call, &error);
		seal_agent_agents_tool_error_free(&error);
	}
	free(scope.only_paths.ptr);
}
