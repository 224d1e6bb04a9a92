#include "llm/model.h"

#include <stddef.h>
#include <string.h>

#include "llm/reply.h"

static const struct row {
	const char *provider, *prefix;
	struct model model;
} rows[] = {
#define MODEL(provider, prefix, context, output, thinking, images, in, out, read, write)           \
	{provider, prefix,                                                                         \
	 {context, output, MODEL_##thinking, images, false, in, out, read, write}},
#include "llm/models.def"
#undef MODEL
};

/* Shorter ones, "claude-" and "", fit what is not known. */
#define FAMILY_PREFIX_MIN 8

void model_find(struct str provider, struct str name, struct model *ret_model)
{
	/* The two wires of OpenAI have the same models. */
	if (str_is(provider, "openai-chat"))
		provider = STR("openai");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_is(provider, rows[i].provider) &&
		    str_starts(name, str_of(rows[i].prefix))) {
			*ret_model = rows[i].model;
			ret_model->is_guess = strlen(rows[i].prefix) < FAMILY_PREFIX_MIN;
			return;
		}
	}
	*ret_model = (struct model){
	    .is_guess = true,
	    .context = 32768,
	    .input = -1, .output = -1, .cache_read = -1, .cache_write = -1};
}

void model_each(struct str provider, model_name_fn *each, void *ctx)
{
	if (str_is(provider, "openai-chat"))
		provider = STR("openai");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_is(provider, rows[i].provider) && rows[i].model.input >= 0 &&
		    strlen(rows[i].prefix) >= 2 && !str_ends(str_of(rows[i].prefix), STR("-")))
			each(ctx, rows[i].prefix);
}

double model_cost(const struct model *model, const struct reply_usage *usage)
{
	const struct {
		uint64_t tokens;
		double price;
	} parts[] = {
	    {usage->input, model->input},
	    {usage->output, model->output},
	    {usage->cache_read, model->cache_read},
	    {usage->cache_write, model->cache_write},
	};
	double cost = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].tokens && parts[i].price < 0)
			return -1;
		cost += (double)parts[i].tokens * parts[i].price / 1e6;
	}
	return cost;
}
