#include <string.h>

#include "gate/pass.h"

static const struct {
	const char *name, *title, *kind;
} shown[GATE_CALL_MAX] = {
#define CALL(interface, c_name, wit_name, verb, title_) \
	[GATE_##interface##_##c_name] = { #interface "." wit_name, title_, NULL },
#include "gate/calls.def"
#undef CALL
};

/* What a client draws beside it (the kinds are those of its protocol). */
static const char *kind_of(enum gate_call_id id)
{
	switch (id) {
	case GATE_tools_file_read:
		return "read";
	case GATE_tools_file_write:
	case GATE_tools_file_edit:
		return "edit";
	case GATE_tools_file_delete:
		return "delete";
	case GATE_tools_file_list:
	case GATE_tools_file_glob:
	case GATE_tools_grep:
		return "search";
	case GATE_tools_command_run:
	case GATE_tools_command_output:
	case GATE_tools_command_stop:
		return "execute";
	case GATE_tools_web_fetch:
		return "fetch";
	default:
		return "other";
	}
}

/* external-tools is asked once at the start by the agent itself. */
static bool is_shown(enum gate_call_id id)
{
	return strncmp(shown[id].name, "tools.", 6) == 0 && id != GATE_tools_external_tools;
}

void pass_show(struct pass *pass, enum show_kind kind, struct buf *json)
{
	if (!json->failed)
		pass->gate->up->show(pass->gate->up->ctx, kind, buf_str(json));
}

void pass_show_begin(struct pass *pass)
{
	cleanup_buf struct buf json = BUF_INIT;
	struct json w = json_to(&json);

	if (!is_shown(pass->id))
		return;
	json_object(&w);
	json_kv(&w, "id", str_of(pass->call_id));
	json_kv(&w, "call", str_of(shown[pass->id].name));
	json_kv(&w, "title", str_of(shown[pass->id].title));
	json_kv(&w, "kind", str_of(kind_of(pass->id)));
	json_kv(&w, "subject", pass->question.subject);
	json_kv_raw(&w, "args", pass->args_text);
	json_end(&w);
	pass_show(pass, SHOW_TOOL, &json);
}

void pass_show_end(struct pass *pass)
{
	cleanup_buf struct buf json = BUF_INIT;
	struct json w = json_to(&json);

	if (!is_shown(pass->id))
		return;
	json_object(&w);
	json_kv(&w, "id", str_of(pass->call_id));
	json_kv(&w, "outcome", str_of(pass_outcome_name(pass->outcome)));
	json_kv(&w, "rule", pass->answer.rule);
	json_kv_raw(&w, "result", buf_str(pass->result));
	if (pass->diff.len)
		json_kv(&w, "diff", buf_str(&pass->diff));
	if (pass->pin.path)
		json_kv(&w, "path", str_of(pass->pin.path));
	json_end(&w);
	pass_show(pass, SHOW_TOOL_END, &json);
}
