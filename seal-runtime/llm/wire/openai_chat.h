/*
 * Private to llm/.  Chat Completions, as OpenAI, OpenRouter, Gemini, llama.cpp,
 * Ollama and others speak it: requests and events; both pure.
 */
#pragma once

#include "base/json.h"

struct err;
struct llm;
struct reply;
struct sse_event;

void chat_request(const struct llm *llm, yyjson_val *request, struct json *w);
int chat_event(struct reply *reply, const struct sse_event *event, struct err *err);
void chat_finish(struct reply *reply);
