/*
 * Private to llm/.  What is asked of a provider besides replies: how large a
 * model is, and how many tokens a request has.  An answer that does not come
 * within seconds is done without.
 */
#pragma once

#include <stdint.h>

#include "base/json.h"
#include "base/str.h"

struct err;
struct http_head;
struct llm;

/*
 * Context, ceiling, abilities and prices of a model that models.def only guesses
 * at, as far as the provider tells them; the manifest's own words win.  Asks once;
 * whatever is not answered stays as it was.
 */
void ask_sizes(struct llm *llm);

/* The tokens of a request by the provider's count; -1 when it does not count. */
int64_t ask_tokens(struct llm *llm, yyjson_val *request, int cancel_fd);

/* What is told of the model in an answer of a models API, into llm->model; pure.
 * `doc` may be a list, of which the entry with the model's name counts. */
void ask_read_sizes(struct llm *llm, yyjson_val *doc);

/* One question: a GET, or with a body a POST.  NULL without an answer of JSON with
 * status 200. */
yyjson_doc *ask_json(struct llm *llm, const char *url, struct str body, int cancel_fd);
