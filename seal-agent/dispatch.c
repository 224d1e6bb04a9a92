#include "seal-agent/dispatch.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/utf8.h"
#include "seal-agent/rt/alloc.h"
#include "seal-agent/state.h"
#include "seal-agent/tools.h"

/* The host bounds each answer; this bounds what is made of them. */
#define RESULT_MAX    ((size_t)600 * 1024)
/* Providers take names of [A-Za-z0-9_-]{1,64}. */
#define TOOL_NAME_MAX 64
#define REPEAT_MAX    3

#define TOOL(name, ...)			    static const struct arg args_##name[] = {
#define FIELDS(name)			    static const struct arg fields_##name[] = {
#define PARAM(name, kind, need, text)	    { #name, ARG_##kind, ARG_##need, NULL, NULL, text },
#define CHOICE(name, need, words, text)	    { #name, ARG_CHOICE, ARG_##need, words, NULL, text },
#define OBJECTS(name, fields, need, text)   { #name, ARG_OBJECTS, ARG_##need, NULL, fields_##fields, text },
#define END				    { .name = NULL } };
#include "seal-agent/tools.def"
#undef TOOL
#undef FIELDS
#undef PARAM
#undef CHOICE
#undef OBJECTS
#undef END

static const struct tool tools[] = {
#define TOOL(name, sentences) { #name, sentences, args_##name, tool_##name },
#define FIELDS(name)
#define PARAM(...)
#define CHOICE(...)
#define OBJECTS(...)
#define END
#include "seal-agent/tools.def"
#undef TOOL
#undef FIELDS
#undef PARAM
#undef CHOICE
#undef OBJECTS
#undef END
};
#define N_TOOLS (sizeof(tools) / sizeof(tools[0]))

static const char repeated[] =
	"\n"
	"(This exact call has failed several times in a row. Do not send it again: find out why "
	"it fails, do it differently, or tell the user.)";

static void add_spec(struct toolbox *toolbox, agent_string_t name, agent_string_t description,
		     agent_string_t schema)
{
	toolbox->specs[toolbox->n_specs++] =
		(seal_agent_llm_tool_spec_t){ name, description, schema };
	toolbox->bytes += name.len + description.len + schema.len;
}

/* What a child cannot do, or must not, it is not shown.  That it is refused is
 * the host's work. */
static const struct {
	const char *name;
	size_t right;
} rights[] = {
#define RIGHT(name, right) { name, offsetof(struct role, right) }
	RIGHT("file_write", writes),	   RIGHT("file_edit", writes),
	RIGHT("file_delete", writes),	   RIGHT("command_run", commands),
	RIGHT("command_output", commands), RIGHT("command_stop", commands),
	RIGHT("web_fetch", network),	   RIGHT("agent_run", agents),
#undef RIGHT
};

static bool is_offered(const char *name, const struct role *role)
{
	if (strcmp(name, "skill") == 0)
		return role->has_skills;
	if (!role->is_child)
		return true;
	/* There is nobody to speak with but the parent. */
	if (strcmp(name, "ask_user") == 0)
		return false;
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (strcmp(name, rights[i].name) == 0)
			return *(const bool *)((const char *)role + rights[i].right);
	}
	return true;
}

static void offer_own(struct toolbox *toolbox, const struct role *role)
{
	for (size_t i = 0; i < N_TOOLS; i++) {
		cleanup_buf struct buf schema = BUF_INIT;
		struct json w = json_to(&schema);

		if (!is_offered(tools[i].name, role))
			continue;
		toolbox->own_of[toolbox->n_specs] = i;
		args_schema(tools[i].args, &w);
		add_spec(toolbox, wit_copy(str_of(tools[i].name)),
			 wit_copy(str_of(tools[i].sentences)), wit_take(&schema));
	}
	toolbox->n_own = toolbox->n_specs;
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static const seal_agent_llm_tool_spec_t *find_spec(const struct toolbox *toolbox, struct str name)
{
	for (size_t i = 0; i < toolbox->n_specs; i++) {
		if (str_eq(wit_str(toolbox->specs[i].name), name))
			return &toolbox->specs[i];
	}
	return NULL;
}

/* server__tool */
static void name_external(struct buf *out, const seal_agent_tools_tool_listing_t *tool)
{
	buf_add(out, wit_str(tool->server));
	buf_adds(out, "__");
	buf_add(out, wit_str(tool->name));
	for (size_t i = 0; i < out->len; i++) {
		if (!is_name_byte(out->data[i]))
			out->data[i] = '_';
	}
	if (out->len > TOOL_NAME_MAX) {
		out->len = TOOL_NAME_MAX;
		out->data[out->len] = '\0';
	}
}

static bool is_schema(struct str text)
{
	cleanup_json yyjson_doc *doc = json_read(text, NULL, NULL);

	return yyjson_is_obj(yyjson_doc_get_root(doc));
}

static void warn_skipped(struct str name, const char *why)
{
	cleanup_buf struct buf text = BUF_INIT;
	agent_string_t line;

	buf_adds(&text, "external tool ");
	shape_name(&text, name);
	buf_adds(&text, " is not offered: ");
	buf_adds(&text, why);
	alloc_check(&text);
	line = wit_borrow(buf_str(&text));
	seal_agent_console_warn(&line);
}

static void offer_external(struct toolbox *toolbox, size_t index)
{
	const seal_agent_tools_tool_listing_t *tool = &toolbox->external.ptr[index];
	cleanup_buf struct buf name = BUF_INIT, description = BUF_INIT;

	name_external(&name, tool);
	alloc_check(&name);
	if (find_spec(toolbox, buf_str(&name))) {
		warn_skipped(buf_str(&name), "another tool has its name");
		return;
	}
	if (!is_schema(wit_str(tool->input_schema_json))) {
		warn_skipped(buf_str(&name), "its schema is not a JSON object");
		return;
	}
	buf_adds(&description, "[from the server ");
	shape_name(&description, wit_str(tool->server));
	buf_adds(&description, "] ");
	buf_add(&description, wit_str(tool->description));
	toolbox->external_of[toolbox->n_specs - toolbox->n_own] = index;
	add_spec(toolbox, wit_take(&name), wit_take(&description),
		 wit_copy(wit_str(tool->input_schema_json)));
}

void dispatch_offer(struct toolbox *toolbox, const struct role *role)
{
	dispatch_fini(toolbox);
	seal_agent_tools_external_tools(&toolbox->external);
	toolbox->specs = alloc_bytes((N_TOOLS + toolbox->external.len) * sizeof(*toolbox->specs));
	toolbox->external_of = alloc_bytes(toolbox->external.len * sizeof(size_t));
	toolbox->own_of = alloc_bytes(N_TOOLS * sizeof(size_t));
	offer_own(toolbox, role);
	for (size_t i = 0; i < toolbox->external.len; i++)
		offer_external(toolbox, i);
}

void dispatch_fini(struct toolbox *toolbox)
{
	for (size_t i = 0; i < toolbox->n_specs; i++) {
		wit_free(&toolbox->specs[i].name);
		wit_free(&toolbox->specs[i].description);
		wit_free(&toolbox->specs[i].input_schema_json);
	}
	free(toolbox->specs);
	free(toolbox->external_of);
	free(toolbox->own_of);
	if (toolbox->external.len)
		seal_agent_tools_list_tool_listing_free(&toolbox->external);
	*toolbox = (struct toolbox){ 0 };
}

static void run_external(struct call *call, const seal_agent_tools_tool_listing_t *tool,
			 struct str input)
{
	agent_string_t server = tool->server, name = tool->name, json = wit_borrow(input), text;
	seal_agent_tools_tool_error_t error;

	if (!seal_agent_tools_external_call(&server, &name, &json, &text, &error)) {
		shape_error(call, &error);
		seal_agent_tools_tool_error_free(&error);
		return;
	}
	shape_untrusted(call->out, "server", wit_str(server), wit_str(text));
	wit_free(&text);
}

static void run_own(struct call *call, const struct tool *tool)
{
	cleanup_buf struct buf why = BUF_INIT;

	if (args_check(tool->args, call->args, &why)) {
		tool->run(call);
		return;
	}
	shape_refusal(call, "Not run: ");
	buf_add(call->out, buf_str(&why));
	buf_adds(call->out, ". Correct the arguments of ");
	buf_adds(call->out, tool->name);
	buf_adds(call->out, " and call it again.");
}

static void refuse_unknown(struct call *call, struct str name)
{
	const struct toolbox *toolbox = &call->agent->toolbox;

	shape_refusal(call, "Not run: there is no tool \"");
	shape_name(call->out, str_head(name, utf8_cut(name, 100)));
	buf_adds(call->out, "\". The tools are:");
	for (size_t i = 0; i < toolbox->n_specs; i++) {
		buf_addc(call->out, ' ');
		buf_add(call->out, wit_str(toolbox->specs[i].name));
	}
}

static const char json_advice[] =
	" Send the call again with one complete JSON object; in strings, escape quotes, "
	"backslashes and line ends.";

static void refuse_json(struct call *call, enum json_fault fault, size_t at)
{
	shape_refusal(call, "Not run: the arguments are ");
	if (fault == JSON_TOO_DEEP) {
		buf_adds(call->out, "nested too deeply.");
	} else if (fault == JSON_OK) {
		buf_adds(call->out, "not a JSON object.");
	} else {
		buf_adds(call->out, "not valid JSON (byte ");
		buf_addu(call->out, at);
		buf_adds(call->out, ").");
	}
	buf_adds(call->out, json_advice);
}

static void run(struct call *call, const seal_agent_types_tool_use_block_t *use)
{
	const struct toolbox *toolbox = &call->agent->toolbox;
	const seal_agent_llm_tool_spec_t *spec = find_spec(toolbox, wit_str(use->name));
	struct str input = use->input_json.len ? wit_str(use->input_json) : STR("{}");
	enum json_fault fault;
	size_t index, at = 0;
	cleanup_json yyjson_doc *doc = json_read(input, &fault, &at);

	call->args = yyjson_doc_get_root(doc);
	if (!spec) {
		refuse_unknown(call, wit_str(use->name));
		return;
	}
	if (!yyjson_is_obj(call->args)) {
		refuse_json(call, fault, at);
		return;
	}
	index = (size_t)(spec - toolbox->specs);
	if (index < toolbox->n_own)
		run_own(call, &tools[toolbox->own_of[index]]);
	else
		run_external(call, &toolbox->external.ptr[toolbox->external_of[index - toolbox->n_own]],
			     input);
}

static uint64_t add_hash(uint64_t hash, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * 1099511628211u;
	return hash;
}

static void note_repeat(struct call *call, const seal_agent_types_tool_use_block_t *use)
{
	struct repeat *repeat = &call->agent->repeat;
	uint64_t hash = add_hash(14695981039346656037u, wit_str(use->name));

	hash = add_hash(hash, wit_str(use->input_json));
	if (hash != repeat->hash || !call->is_error)
		repeat->n_failed = 0;
	repeat->hash = hash;
	repeat->n_failed += call->is_error;
	if (repeat->n_failed >= REPEAT_MAX)
		buf_adds(call->out, repeated);
}

struct done dispatch_run(struct agent *agent, const seal_agent_types_tool_use_block_t *use)
{
	cleanup_buf struct buf out = BUF_INIT;
	struct call call = { .agent = agent, .out = &out };

	run(&call, use);
	if (call.agent_id.len)
		return (struct done){ .agent_id = call.agent_id };
	note_repeat(&call, use);
	alloc_check(&out);
	if (out.len > RESULT_MAX) {
		out.len = utf8_cut(buf_str(&out), RESULT_MAX);
		buf_adds(&out, "\n(cut here: too long; what follows was not kept, ask for less of it at a "
		               "time)\n</untrusted>");
	}
	return (struct done){
		.result = history_result(wit_str(use->id), wit_take(&out), call.is_error),
		.image = call.image,
		.is_cancelled = call.is_cancelled,
	};
}
