#include "gate/agents.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "gate/pass.h"
#include "store/store.h"

#define TASK_MAX 65536

static void agent_free(struct gate_agent *agent)
{
	for (size_t i = 0; agent && agent->only_paths && agent->only_paths[i]; i++)
		free(agent->only_paths[i]);
	if (!agent)
		return;
	free(agent->only_paths);
	free(agent->task);
	free(agent->answer);
	free(agent);
}
DEFINE_CLEANUP(struct gate_agent, agent_free)

void agents_free(struct gate *gate)
{
	while (gate->agents) {
		struct gate_agent *next = gate->agents->next;

		agent_free(gate->agents);
		gate->agents = next;
	}
}

/* ---- the scope ---- */

static bool is_beneath(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Within one of the paths; or, to be looked into on the way there, above it. */
static bool is_in_paths(const struct gate *gate, const struct gate_agent *agent,
			const struct caps_question *question)
{
	cleanup_free char *canonical = str_dup(question->canonical);
	const char *path = canonical ? pass_display(gate, canonical) : "/";

	if (!agent->only_paths || !agent->only_paths[0])
		return true;
	for (size_t i = 0; agent->only_paths[i]; i++) {
		const char *only = agent->only_paths[i];

		if (is_beneath(path, only) || fs_glob_match(only, path))
			return true;
		if (question->verb == CAPS_READ && (strcmp(path, ".") == 0 || is_beneath(only, path)))
			return true;
	}
	return false;
}

/* Why the scope forbids it; NULL: it does not. */
static const char *forbids(const struct gate *gate, const struct gate_agent *agent,
			   const struct caps_question *question)
{
	switch (question->verb) {
	case CAPS_WRITE:
	case CAPS_DELETE:
		if (!agent->writes)
			return "this agent was started to read only";
		break;
	case CAPS_RUN:
		if (!agent->commands || !agent->writes || (agent->only_paths && agent->only_paths[0]))
			return "this agent was started without commands";
		return NULL;
	case CAPS_CONNECT:
		return agent->network ? NULL : "this agent was started without the network";
	case CAPS_READ:
		break;
	case CAPS_FREE:
		return NULL;
	}
	return is_in_paths(gate, agent, question) ? NULL : "this agent was started for other paths";
}

struct caps_answer agents_judge(const struct gate *gate, const struct caps_question *question)
{
	struct caps_answer answer = gate_check(gate->caps, question);

	for (const struct gate_agent *agent = gate->agent; agent; agent = agent->parent) {
		const char *why = forbids(gate, agent, question);

		if (!why || answer.verdict == CAPS_DENY)
			continue;
		caps_answer_fini(&answer);
		answer = (struct caps_answer){ .verdict = CAPS_DENY, .rule = STR("the scope of agent_run"),
					       .reason = str_of(why) };
	}
	return answer;
}

bool agents_may_connect(const struct gate *gate)
{
	for (const struct gate_agent *agent = gate->agent; agent; agent = agent->parent)
		if (!agent->network)
			return false;
	return true;
}

void agents_key(const struct gate *gate, struct str key, struct buf *ret_key)
{
	if (gate->agent)
		buf_addf(ret_key, "agents/%u/", gate->agent->number);
	buf_add(ret_key, key);
}

/* ---- what the guest asks ---- */

static char **copy_paths(yyjson_val *list)
{
	size_t n = yyjson_arr_size(list), i, max;
	char **paths = n > AGENT_PATHS_MAX ? NULL : calloc(n + 1, sizeof(char *));
	yyjson_val *item;

	yyjson_arr_foreach(list, i, max, item)
	{
		struct str path = json_text(item);

		while (str_ends(path, STR("/")) && path.len > 1)
			path.len--;
		if (str_starts(path, STR("./")))
			path = str_from(path, 2);
		if (paths)
			paths[i] = str_dup(path);
	}
	return paths;
}

static struct gate_agent *make(struct pass *pass)
{
	cleanup_with(agent_free) struct gate_agent *agent = calloc(1, sizeof(*agent));
	yyjson_val *scope = pass_arg(pass, 1);

	if (!agent)
		return NULL;
	agent->parent = pass->gate->agent;
	agent->depth = agent->parent ? agent->parent->depth + 1 : 1;
	agent->writes = json_bool(scope, "writes", false);
	agent->commands = json_bool(scope, "commands", false);
	agent->network = json_bool(scope, "network", false);
	agent->only_paths = copy_paths(yyjson_obj_get(scope, "only-paths"));
	agent->task = str_dup(pass_text(pass, 0));
	return agent->only_paths && agent->task ? take_ptr(agent) : NULL;
}

static void append(struct gate *gate, struct gate_agent *agent)
{
	struct gate_agent **at = &gate->agents;

	while (*at)
		at = &(*at)->next;
	*at = agent;
	agent->number = ++gate->n_agents;
	gate->n_turn_agents++;
}

/* NULL: it may be started. */
static const char *refusal(const struct pass *pass)
{
	const struct gate *gate = pass->gate;

	if (gate->agent && gate->agent->depth >= AGENTS_DEPTH_MAX)
		return "an agent this deep starts no others: do the work yourself";
	if (gate->n_turn_agents >= AGENTS_TURN_MAX)
		return "this turn has started as many agents as it may: do the rest yourself";
	if (pass_text(pass, 0).len == 0 || pass_text(pass, 0).len > TASK_MAX)
		return "a task has 1 to 65536 bytes";
	if (yyjson_arr_size(yyjson_obj_get(pass_arg(pass, 1), "only-paths")) > AGENT_PATHS_MAX)
		return "more than 64 paths: name folders instead";
	return NULL;
}

int execute_agents_start(struct pass *pass)
{
	const char *why = refusal(pass);
	cleanup_buf struct buf id = BUF_INIT;
	struct gate_agent *agent;
	struct json w;

	if (why)
		return pass_error(pass, PASS_INVALID, "%s", why);
	agent = make(pass);
	if (!agent)
		return err_nomem(pass->err);
	append(pass->gate, agent);
	buf_addf(&id, "a%u", agent->number);
	w = pass_ok(pass);
	json_put(&w, buf_str(&id));
	return pass_end(pass, &w);
}

static struct gate_agent *find(const struct gate *gate, struct str id)
{
	for (struct gate_agent *agent = gate->agents; agent; agent = agent->next) {
		cleanup_buf struct buf name = BUF_INIT;

		buf_addf(&name, "a%u", agent->number);
		if (str_eq(buf_str(&name), id))
			return agent;
	}
	return NULL;
}

int execute_agents_answer(struct pass *pass)
{
	struct str id = pass_text(pass, 0);
	const struct gate_agent *agent = find(pass->gate, id);
	struct json w;

	/* Only its own: a child learns nothing of its siblings. */
	if (!agent || agent->parent != pass->gate->agent)
		return pass_error(pass, PASS_INVALID, "there is no agent \"%.*s\"", STR_ARG(id));
	if (agent->state != AGENT_DONE)
		return pass_error(pass, PASS_FAILED, "the agent %s",
				  agent->state == AGENT_FAILED && agent->answer ? agent->answer :
										   "has not run");
	w = pass_ok(pass);
	json_put(&w, str_of(agent->answer));
	return pass_end(pass, &w);
}

/* ---- what the session does with them ---- */

struct gate_agent *gate_agent_next(struct gate *gate)
{
	for (struct gate_agent *agent = gate->agents; agent; agent = agent->next)
		if (agent->parent == gate->agent && agent->state == AGENT_WAITS)
			return agent;
	return NULL;
}

unsigned int gate_agent_number(const struct gate_agent *agent)
{
	return agent->number;
}

const char *gate_agent_task(const struct gate_agent *agent)
{
	return agent->task;
}

void gate_agent_describe(const struct gate_agent *agent, struct json *w)
{
	bool has_paths = agent->only_paths[0];

	json_object(w);
	json_kv_bool(w, "writes", agent->writes);
	json_kv_bool(w, "commands", agent->commands && agent->writes && !has_paths);
	json_kv_bool(w, "network", agent->network);
	json_kv_bool(w, "agents", agent->depth < AGENTS_DEPTH_MAX);
	json_end(w);
}

void gate_agent_enter(struct gate *gate, struct gate_agent *agent)
{
	agent->state = AGENT_RUNS;
	gate->agent = agent;
}

/* What a child stored is of use to nobody any more. */
static void drop_keys(struct gate *gate, const struct gate_agent *agent)
{
	cleanup_buf struct buf prefix = BUF_INIT, keys = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *key;
	struct err ignored;
	size_t i, n;

	buf_addf(&prefix, "agents/%u/", agent->number);
	if (store_list(gate->store, buf_str(&prefix), &keys, &ignored) < 0)
		return;
	doc = json_read(buf_str(&keys), NULL, NULL);
	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, key)
		(void)store_delete(gate->store, json_text(key), &ignored);
}

void gate_agent_leave(struct gate *gate, bool is_done, struct str answer)
{
	struct gate_agent *agent = gate->agent;

	agent->state = is_done ? AGENT_DONE : AGENT_FAILED;
	agent->answer = str_dup(answer);
	if (!agent->answer)
		agent->state = AGENT_FAILED;
	gate->agent = agent->parent;
	drop_keys(gate, agent);
}
