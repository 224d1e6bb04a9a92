/*
 * What the generated glue has for the component: releasing what the host
 * returned.  Empty strings and lists own nothing, as there.
 */
#include <stdlib.h>

#include "seal-agent/wit.h"

void seal_agent_tools_tool_error_free(seal_agent_tools_tool_error_t *error)
{
	switch (error->tag) {
	case SEAL_AGENT_TYPES_TOOL_ERROR_DENIED:
		wit_free(&error->val.denied.target);
		wit_free(&error->val.denied.operation);
		wit_free(&error->val.denied.rule);
		wit_free(&error->val.denied.hint);
		break;
	case SEAL_AGENT_TYPES_TOOL_ERROR_INVALID:
	case SEAL_AGENT_TYPES_TOOL_ERROR_FAILED:
		wit_free(&error->val.failed);
		break;
	}
}

void seal_agent_agents_tool_error_free(seal_agent_agents_tool_error_t *error)
{
	seal_agent_tools_tool_error_free(error);
}

void seal_agent_llm_llm_error_free(seal_agent_llm_llm_error_t *error)
{
	if (error->tag != SEAL_AGENT_LLM_LLM_ERROR_CANCELLED)
		wit_free(&error->val.auth);
}

void seal_agent_llm_model_free(seal_agent_llm_model_t *model)
{
	wit_free(&model->provider);
	wit_free(&model->name);
}

void agent_list_string_free(agent_list_string_t *list)
{
	for (size_t i = 0; i < list->len; i++)
		wit_free(&list->ptr[i]);
	if (list->len)
		free(list->ptr);
}

void seal_agent_tools_file_content_free(seal_agent_tools_file_content_t *content)
{
	wit_free(&content->text);
	wit_free(&content->encoding);
}

void seal_agent_tools_write_outcome_free(seal_agent_tools_write_outcome_t *outcome)
{
	wit_free(&outcome->diff);
}

void seal_agent_tools_listing_free(seal_agent_tools_listing_t *listing)
{
	for (size_t i = 0; i < listing->entries.len; i++)
		wit_free(&listing->entries.ptr[i].path);
	if (listing->entries.len)
		free(listing->entries.ptr);
}

void seal_agent_tools_matches_free(seal_agent_tools_matches_t *matches)
{
	for (size_t i = 0; i < matches->lines.len; i++) {
		wit_free(&matches->lines.ptr[i].path);
		wit_free(&matches->lines.ptr[i].text);
	}
	if (matches->lines.len)
		free(matches->lines.ptr);
}

void seal_agent_tools_command_outcome_free(seal_agent_tools_command_outcome_t *outcome)
{
	wit_free(&outcome->output);
	if (outcome->spilled_to.is_some)
		wit_free(&outcome->spilled_to.val);
	if (outcome->job.is_some)
		wit_free(&outcome->job.val);
	agent_list_string_free(&outcome->denials);
}

void seal_agent_tools_fetched_free(seal_agent_tools_fetched_t *page)
{
	wit_free(&page->url);
	wit_free(&page->content_type);
	wit_free(&page->text);
}

void seal_agent_tools_list_tool_listing_free(seal_agent_tools_list_tool_listing_t *tools)
{
	for (size_t i = 0; i < tools->len; i++) {
		wit_free(&tools->ptr[i].server);
		wit_free(&tools->ptr[i].name);
		wit_free(&tools->ptr[i].description);
		wit_free(&tools->ptr[i].input_schema_json);
	}
	if (tools->len)
		free(tools->ptr);
}
