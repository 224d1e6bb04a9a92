#include "seal-cli/run/print.h"

#include <stdlib.h>

static void call_fini(struct print_call *call)
{
	free(call->id);
	free(call->title);
	free(call->call);
	free(call->subject);
	*call = (struct print_call){0};
}

void print_fini(struct print *print)
{
	buf_fini(&print->text);
	buf_fini(&print->usage);
	buf_fini(&print->answer);
	for (size_t i = 0; i < print->n_calls; i++)
		call_fini(&print->calls[i]);
}

static struct print_call *find(struct print *print, struct str id)
{
	for (size_t i = 0; i < print->n_calls; i++)
		if (print->calls[i].id && str_is(id, print->calls[i].id))
			return &print->calls[i];
	return NULL;
}

/* A call's id is "c" and the number of its record in the log. */
static void learn_seq(struct print *print, struct str id)
{
	int64_t seq = 0;

	for (size_t i = 1; i < id.len && i < 18 && id.data[i] >= '0' && id.data[i] <= '9'; i++)
		seq = seq * 10 + (id.data[i] - '0');
	if (seq > print->seq)
		print->seq = seq;
}

static void on_words(struct print *print, yyjson_val *update, bool is_thought)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(update, "_meta"), "seal");
	struct str text = json_str(yyjson_obj_get(update, "content"), "text");
	struct str level = json_str(seal, "level");

	if (level.len) {
		print->kind->remark(print, level, text);
		return;
	}
	if (!is_thought)
		buf_add(&print->answer, text);
	print->kind->words(print, text, is_thought);
}

static void on_call(struct print *print, yyjson_val *update)
{
	yyjson_val *raw = yyjson_obj_get(update, "rawInput");
	struct print_call *call = &print->calls[print->n_calls];

	if (print->n_calls == PRINT_CALLS_MAX)
		return;
	call->id = str_dup(json_str(update, "toolCallId"));
	call->title = str_dup(json_str(update, "title"));
	call->call = str_dup(json_str(raw, "call"));
	call->subject = str_dup(json_str(raw, "subject"));
	if (!call->id || !call->title || !call->call || !call->subject) {
		call_fini(call);
		return;
	}
	print->n_calls++;
	buf_clear(&print->answer);
	learn_seq(print, str_of(call->id));
	print->kind->call(print, call);
}

static void on_call_update(struct print *print, yyjson_val *update)
{
	struct print_call *call = find(print, json_str(update, "toolCallId"));
	struct str status = json_str(update, "status");
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(update, "_meta"), "seal");

	if (!call || !(str_is(status, "completed") || str_is(status, "failed")))
		return;
	if (str_is(json_str(seal, "outcome"), "denied"))
		print->n_denied++;
	/* A command that ran and failed is "done": its exit code is the agent's to read. */
	if (str_is(json_str(seal, "outcome"), "failed") &&
	    strcmp(call->call, "tools.command-run") == 0)
		print->no_sandbox = true;
	print->kind->call_end(print, call, update);
	call_fini(call);
	*call = print->calls[--print->n_calls];
}

static void on_usage(struct print *print, yyjson_val *update)
{
	struct json w = json_to(&print->usage);

	buf_clear(&print->usage);
	json_put_val(&w, yyjson_obj_get(yyjson_obj_get(update, "_meta"), "seal"));
}

void print_update(struct print *print, yyjson_val *params)
{
	yyjson_val *update = yyjson_obj_get(params, "update");
	struct str kind = json_str(update, "sessionUpdate");

	if (str_is(kind, "agent_message_chunk"))
		on_words(print, update, false);
	else if (str_is(kind, "agent_thought_chunk"))
		on_words(print, update, true);
	else if (str_is(kind, "tool_call"))
		on_call(print, update);
	else if (str_is(kind, "tool_call_update"))
		on_call_update(print, update);
	else if (str_is(kind, "usage_update"))
		on_usage(print, update);
}
