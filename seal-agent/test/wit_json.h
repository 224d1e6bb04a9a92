/*
 * WIT values from and to JSON in the shape of gate/gate.h, for world_fake.c.
 * Lenient: what is missing or of another type is empty.
 */
#pragma once

#include <yyjson.h>

#include "base/str.h"
#include "seal-agent/wit.h"

struct buf;
struct json;

/* As the host allocates: nothing, at an address that is none, when empty. */
agent_string_t wit_json_copy(struct str text);
agent_string_t wit_json_string(yyjson_val *object, const char *key);

seal_agent_tools_tool_error_t wit_json_tool_error(yyjson_val *val);
seal_agent_llm_llm_error_t wit_json_llm_error(yyjson_val *val);
seal_agent_llm_reply_t wit_json_reply(yyjson_val *val);
seal_agent_tools_listing_t wit_json_listing(yyjson_val *val);
seal_agent_tools_matches_t wit_json_matches(yyjson_val *val);
seal_agent_tools_command_outcome_t wit_json_outcome(yyjson_val *val);
seal_agent_tools_list_tool_listing_t wit_json_tools(yyjson_val *val);

void wit_json_request(struct buf *out, const seal_agent_llm_request_t *request);
void wit_json_option_u32(struct json *w, agent_option_u32_t val);
void wit_json_option_string(struct json *w, agent_option_string_t val);
