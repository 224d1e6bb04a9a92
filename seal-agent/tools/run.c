/* The handlers of the tools about commands, the web and the person. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/rt/alloc.h"
#include "seal-agent/state.h"
#include "seal-agent/tools.h"

static const char refused_inside[] =
	"\n"
	"The sandbox refused this during the command (not an error of the program; trying again "
	"or another way is refused too):";
static const char nobody_there[] =
	"Nobody is there to answer. Choose the safest reasonable answer yourself, go on, and say "
	"at the end what you assumed.";

static void show_end(struct buf *out, const seal_agent_tools_command_outcome_t *outcome)
{
	if (outcome->timed_out) {
		buf_adds(out, "Timed out and was killed.");
	} else if (outcome->signal.is_some) {
		buf_adds(out, "Killed by signal ");
		buf_addu(out, outcome->signal.val);
		buf_addc(out, '.');
	} else if (outcome->exit_code.is_some) {
		buf_adds(out, "Exit code ");
		buf_adds(out, outcome->exit_code.val < 0 ? "-" : "");
		buf_addu(out, outcome->exit_code.val < 0 ? -(uint64_t)outcome->exit_code.val
							 : (uint64_t)outcome->exit_code.val);
		buf_addc(out, '.');
	} else if (outcome->job.is_some) {
		buf_adds(out, "Running in the background as job ");
		shape_name(out, wit_str(outcome->job.val));
		buf_adds(out, "; see it with command_output, end it with command_stop.");
	} else {
		buf_adds(out, "Ended.");
	}
}

static void show_denials(struct buf *out, const agent_list_string_t *denials)
{
	if (denials->len == 0)
		return;
	buf_adds(out, refused_inside);
	for (size_t i = 0; i < denials->len; i++) {
		buf_adds(out, "\n- ");
		shape_name(out, wit_str(denials->ptr[i]));
	}
}

static void show_outcome(struct call *call, const char *what, agent_string_t source,
			 const seal_agent_tools_command_outcome_t *outcome)
{
	show_end(call->out, outcome);
	buf_addc(call->out, '\n');
	if (outcome->output.len)
		shape_untrusted(call->out, what, wit_str(source), wit_str(outcome->output));
	else
		buf_adds(call->out, "(no output)");
	if (outcome->truncated && outcome->spilled_to.is_some) {
		buf_adds(call->out, "\n(shortened; all of it is in ");
		shape_name(call->out, wit_str(outcome->spilled_to.val));
		buf_adds(call->out, ")");
	} else if (outcome->truncated) {
		buf_adds(call->out, "\n(shortened)");
	}
	show_denials(call->out, &outcome->denials);
	call->is_error = outcome->timed_out || outcome->signal.is_some ||
			 (outcome->exit_code.is_some && outcome->exit_code.val != 0);
}

static agent_list_u16_t read_ports(const struct call *call)
{
	yyjson_val *list = yyjson_obj_get(call->args, "dev_server_ports"), *item;
	agent_list_u16_t ports = { NULL, yyjson_arr_size(list) };
	size_t i, n;

	ports.ptr = alloc_bytes(ports.len * sizeof(*ports.ptr));
	yyjson_arr_foreach(list, i, n, item)
		ports.ptr[i] = (uint16_t)yyjson_get_uint(item);
	return ports;
}

void tool_command_run(struct call *call)
{
	seal_agent_tools_command_t command = {
		.command = wit_borrow(args_text(call, "command")),
		.cwd = args_option(call, "cwd"),
		.timeout_seconds = args_count(call, "timeout_seconds"),
		.background = args_bool(call, "background"),
		.dev_server_ports = read_ports(call),
		.verbose = args_bool(call, "verbose"),
	};
	seal_agent_tools_command_outcome_t outcome;
	seal_agent_tools_tool_error_t error;

	if (!seal_agent_tools_command_run(&command, &outcome, &error)) {
		shape_error(call, &error);
		seal_agent_tools_tool_error_free(&error);
	} else {
		show_outcome(call, "output of", command.command, &outcome);
		seal_agent_tools_command_outcome_free(&outcome);
	}
	free(command.dev_server_ports.ptr);
}

void tool_command_output(struct call *call)
{
	agent_string_t job = wit_borrow(args_text(call, "job"));
	seal_agent_tools_command_outcome_t outcome;
	seal_agent_tools_tool_error_t error;

	if (!seal_agent_tools_command_output(&job, &outcome, &error)) {
		shape_error(call, &error);
		seal_agent_tools_tool_error_free(&error);
		return;
	}
	show_outcome(call, "output of job", job, &outcome);
	seal_agent_tools_command_outcome_free(&outcome);
}

void tool_command_stop(struct call *call)
{
	agent_string_t job = wit_borrow(args_text(call, "job"));
	seal_agent_tools_command_outcome_t outcome;
	seal_agent_tools_tool_error_t error;

	if (!seal_agent_tools_command_stop(&job, &outcome, &error)) {
		shape_error(call, &error);
		seal_agent_tools_tool_error_free(&error);
		return;
	}
	show_outcome(call, "output of job", job, &outcome);
	call->is_error = false;	/* killed is what was asked for */
	seal_agent_tools_command_outcome_free(&outcome);
}

void tool_web_fetch(struct call *call)
{
	agent_string_t url = wit_borrow(args_text(call, "url"));
	seal_agent_tools_fetched_t page;
	seal_agent_tools_tool_error_t error;

	if (!seal_agent_tools_web_fetch(&url, &page, &error)) {
		shape_error(call, &error);
		seal_agent_tools_tool_error_free(&error);
		return;
	}
	buf_adds(call->out, "Status ");
	buf_addu(call->out, page.status);
	buf_adds(call->out, ", ");
	shape_name(call->out, wit_str(page.content_type));
	buf_addc(call->out, '\n');
	shape_untrusted(call->out, "page", wit_str(page.url), wit_str(page.text));
	if (page.truncated)
		buf_adds(call->out, "\n(shortened)");
	call->is_error = page.status >= 400;
	seal_agent_tools_fetched_free(&page);
}

void tool_ask_user(struct call *call)
{
	agent_string_t question = wit_borrow(args_text(call, "question"));
	yyjson_val *list = yyjson_obj_get(call->args, "choices"), *item;
	agent_list_string_t choices = { NULL, yyjson_arr_size(list) };
	agent_string_t answer;
	size_t i, n;

	choices.ptr = alloc_bytes(choices.len * sizeof(*choices.ptr));
	yyjson_arr_foreach(list, i, n, item)
		choices.ptr[i] = wit_borrow(json_text(item));
	if (seal_agent_console_ask(&question, &choices, &answer)) {
		buf_adds(call->out, "The user answered: ");
		buf_add(call->out, wit_str(answer));
		wit_free(&answer);
	} else {
		buf_adds(call->out, nobody_there);
	}
	free(choices.ptr);
}

void tool_skill(struct call *call)
{
	cleanup_json yyjson_doc *doc = json_read(buf_str(&call->agent->skills), NULL, NULL);
	struct str name = args_text(call, "name");
	yyjson_val *item;
	size_t i, n;

	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, item)
	{
		if (!str_eq(json_str(item, "name"), name))
			continue;
		shape_instructions(call->out, name, json_str(item, "text"));
		return;
	}
	shape_refusal(call, "There is no skill of this name; they are listed under Skills.");
}
