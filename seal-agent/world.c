/* The two exports of the component. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/dispatch.h"
#include "seal-agent/loop.h"
#include "seal-agent/persist.h"
#include "seal-agent/prompt.h"
#include "seal-agent/rt/alloc.h"
#include "seal-agent/state.h"
#include "seal-agent/tasks.h"
#include "seal-agent/tools/agents.h"
#include "seal-agent/world.h"

/* The exports have no parameter for it: an instance is one session. */
static struct agent *agent;

void world_fini(void)
{
	if (!agent)
		return;
	history_fini(&agent->history);
	reads_fini(&agent->reads);
	agents_fini(agent);
	tasks_fini(&agent->tasks);
	dispatch_fini(&agent->toolbox);
	buf_fini(&agent->system);
	buf_fini(&agent->skills);
	wit_free(&agent->last_message);
	free(agent);
	agent = NULL;
}

static bool fail(const char *sentence, agent_string_t *ret_err)
{
	*ret_err = wit_copy(str_of(sentence));
	return false;
}

/* The texts are shown one at a time, when the model asks. */
static void keep_skills(yyjson_val *context)
{
	yyjson_val *skills = yyjson_obj_get(context, "skills");
	struct json w = json_to(&agent->skills);

	agent->role.has_skills = yyjson_arr_size(skills);
	if (agent->role.has_skills)
		json_put_val(&w, skills);
	alloc_check(&agent->skills);
}

bool exports_agent_init(agent_string_t *session_id, agent_string_t *project_context,
			agent_string_t *err)
{
	cleanup_json yyjson_doc *doc = json_read(wit_str(*project_context), NULL, NULL);
	cleanup_buf struct buf why = BUF_INIT;
	yyjson_val *context = yyjson_doc_get_root(doc);

	(void)session_id;
	world_fini();
	if (!yyjson_is_obj(context))
		return fail("invalid: the project context is not a JSON object", err);
	agent = alloc_bytes(sizeof(*agent));
	agent->settings = prompt_settings(context);
	agent->role = prompt_role(context);
	keep_skills(context);
	prompt_build(context, &agent->system);
	alloc_check(&agent->system);
	if (persist_start(agent, json_bool(context, "resume", false), &why) < 0) {
		*err = wit_take(&why);
		world_fini();
		return false;
	}
	if (agent->tasks.len)
		tasks_show(&agent->tasks);
	return true;
}

bool exports_agent_handle_message(agent_string_t *message, agent_turn_result_t *ret,
				  agent_string_t *err)
{
	struct turn turn = { .agent = agent };
	cleanup_buf struct buf why = BUF_INIT;
	int r;

	if (!agent)
		return fail("invalid: init has not succeeded", err);
	r = loop_turn(&turn, wit_str(*message), &why);
	if (r < 0) {
		buf_fini(&turn.text);
		*err = wit_take(&why);
		return false;
	}
	*ret = (agent_turn_result_t){ wit_take(&turn.text), wit_copy(str_of(turn.stop)),
				      turn.tool_calls, turn.llm_calls };
	return true;
}
