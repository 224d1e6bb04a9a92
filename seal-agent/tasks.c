#include "seal-agent/tasks.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/persist.h"
#include "seal-agent/rt/alloc.h"
#include "seal-agent/state.h"
#include "seal-agent/tools.h"

/* In the order of the WIT's enum and of the words in tools.def. */
static const char *const states[] = { "pending", "active", "done", "dropped" };
#define N_STATES (sizeof(states) / sizeof(states[0]))

static seal_agent_console_task_state_t state_of(struct str word)
{
	for (size_t i = 0; i < N_STATES; i++) {
		if (str_is(word, states[i]))
			return (seal_agent_console_task_state_t)i;
	}
	return SEAL_AGENT_CONSOLE_TASK_STATE_PENDING;
}

void tasks_fini(struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->len; i++)
		wit_free(&tasks->items[i].title);
	free(tasks->items);
	*tasks = (struct tasks){ 0 };
}

static void add_task(struct tasks *tasks, struct str title, seal_agent_console_task_state_t state)
{
	tasks->items = alloc_grow(tasks->items, (tasks->len + 1) * sizeof(*tasks->items));
	tasks->items[tasks->len] =
		(struct task){ (uint32_t)tasks->len + 1, state, wit_copy(title) };
	tasks->len++;
}

void tasks_read(struct tasks *tasks, struct str json)
{
	cleanup_json yyjson_doc *doc = json_read(json, NULL, NULL);
	yyjson_val *item;
	size_t i, n;

	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, item) {
		if (tasks->len < TASKS_MAX)
			add_task(tasks, json_str(item, "title"), state_of(json_str(item, "state")));
	}
}

static int save(const struct tasks *tasks, struct buf *why)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	json_array(&w);
	for (size_t i = 0; i < tasks->len; i++) {
		json_object(&w);
		json_kv(&w, "title", wit_str(tasks->items[i].title));
		json_kv(&w, "state", str_of(states[tasks->items[i].state]));
		json_end(&w);
	}
	json_end(&w);
	alloc_check(&text);
	return persist_save("tasks", buf_str(&text), why);
}

void tasks_show(const struct tasks *tasks)
{
	seal_agent_console_list_task_t list = {
		alloc_bytes(tasks->len * sizeof(*list.ptr)),
		tasks->len,
	};

	for (size_t i = 0; i < tasks->len; i++)
		list.ptr[i] = (seal_agent_console_task_t){ tasks->items[i].id, tasks->items[i].title,
							   tasks->items[i].state };
	seal_agent_console_show_tasks(&list);
	free(list.ptr);
}

void tasks_list(const struct tasks *tasks, struct buf *out)
{
	if (tasks->len == 0)
		buf_adds(out, "(the task list is empty)\n");
	for (size_t i = 0; i < tasks->len; i++) {
		buf_addu(out, tasks->items[i].id);
		buf_adds(out, ". [");
		buf_adds(out, states[tasks->items[i].state]);
		buf_adds(out, "] ");
		shape_name(out, wit_str(tasks->items[i].title));
		buf_addc(out, '\n');
	}
}

static bool is_open(const struct task *task)
{
	return task->state == SEAL_AGENT_CONSOLE_TASK_STATE_PENDING ||
	       task->state == SEAL_AGENT_CONSOLE_TASK_STATE_ACTIVE;
}

bool tasks_any_open(const struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->len; i++) {
		if (is_open(&tasks->items[i]))
			return true;
	}
	return false;
}

static const char reminder[] =
	"<reminder>\n"
	"The task list has open steps and has not been touched for a while. Bring it up to date "
	"if it is not; go on with the work; do not mention this reminder.\n";

void tasks_count(struct tasks *tasks)
{
	tasks->since_used++;
	tasks->since_reminder++;
}

bool tasks_remind(struct agent *agent, struct buf *ret_text)
{
	struct tasks *tasks = &agent->tasks;

	if (!tasks_any_open(tasks) || tasks->since_used < agent->settings.turns_since_task ||
	    tasks->since_reminder < agent->settings.turns_between_reminders)
		return false;
	tasks->since_reminder = 0;
	buf_adds(ret_text, reminder);
	tasks_list(tasks, ret_text);
	buf_adds(ret_text, "</reminder>");
	return true;
}

/* After every change: kept, shown, told to the model. */
static void finish(struct call *call)
{
	cleanup_buf struct buf why = BUF_INIT;
	struct tasks *tasks = &call->agent->tasks;

	tasks->since_used = 0;
	if (save(tasks, &why) < 0) {
		call->is_error = true;
		buf_adds(call->out, "The list could not be stored: ");
		buf_add(call->out, buf_str(&why));
		buf_addc(call->out, '\n');
	}
	tasks_show(tasks);
	tasks_list(tasks, call->out);
}

/* A finished list makes room for the next piece of work. */
static void drop_finished(struct tasks *tasks)
{
	if (!tasks_any_open(tasks))
		tasks_fini(tasks);
}

void tool_task_add(struct call *call)
{
	yyjson_val *titles = yyjson_obj_get(call->args, "titles"), *title;
	struct tasks *tasks = &call->agent->tasks;
	size_t i, n;

	drop_finished(tasks);
	if (tasks->len + yyjson_arr_size(titles) > TASKS_MAX) {
		shape_refusal(call, "The list would be too long: use fewer, larger steps.");
		return;
	}
	yyjson_arr_foreach(titles, i, n, title)
		add_task(tasks, json_text(title), SEAL_AGENT_CONSOLE_TASK_STATE_PENDING);
	finish(call);
}

void tool_task_update(struct call *call)
{
	struct tasks *tasks = &call->agent->tasks;
	uint32_t id = args_count(call, "id").val;
	struct str state = args_text(call, "state"), title = args_text(call, "title");
	struct task *task;

	if (id == 0 || id > tasks->len) {
		shape_refusal(call, "There is no step with this id. The list is:\n");
		tasks_list(tasks, call->out);
		return;
	}
	task = &tasks->items[id - 1];
	if (state.len)
		task->state = state_of(state);
	if (title.len) {
		wit_free(&task->title);
		task->title = wit_copy(title);
	}
	finish(call);
}

void tool_task_list(struct call *call)
{
	call->agent->tasks.since_used = 0;
	tasks_list(&call->agent->tasks, call->out);
}
