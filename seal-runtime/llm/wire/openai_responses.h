/*
 * Private to llm/.  OpenAI's Responses, without anything kept at the server:
 * sealed reasoning comes back with each request.  Both pure.
 */
#pragma once

#include "base/json.h"

struct err;
struct llm;
struct reply;
struct sse_event;

void responses_request(const struct llm *llm, yyjson_val *request, struct json *w);
void responses_count(const struct llm *llm, yyjson_val *request, struct json *w);
int responses_event(struct reply *reply, const struct sse_event *event, struct err *err);
