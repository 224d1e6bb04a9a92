/*
 * What is known of a model from models.def: sizes, abilities,
 * prices.  Pure; never asks the provider.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct reply_usage;

enum model_thinking { MODEL_NONE, MODEL_MANUAL, MODEL_ADAPTIVE };

struct model {
	int64_t context, max_output; /* max_output 0: the server's own */
	enum model_thinking thinking;
	bool has_images;
	bool is_guess; /* from a row that fits more than one family of models */
	double input, output, cache_read, cache_write; /* USD for 1e6 tokens; < 0: not known */
};

void model_find(struct str provider, struct str name, struct model *ret_model);

/* Names of models of the provider whose price is known, in the table's order. */
typedef void model_name_fn(void *ctx, const char *name);
void model_each(struct str provider, model_name_fn *each, void *ctx);

/* USD; negative when a price that is needed is not known. */
double model_cost(const struct model *model, const struct reply_usage *usage);
