/* Private to llm/.  The Messages API: requests and events; both pure. */
#pragma once

#include "base/json.h"

struct err;
struct llm;
struct reply;
struct sse_event;

void anthropic_request(const struct llm *llm, yyjson_val *request, struct json *w);
void anthropic_count(const struct llm *llm, yyjson_val *request, struct json *w);
int anthropic_event(struct reply *reply, const struct sse_event *event, struct err *err);
