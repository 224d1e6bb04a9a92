#include "llm/model.h"

#include "base/test.h"
#include "llm/reply.h"

static const struct find_row {
	const char *name, *provider, *model;
	long long context, output;
	enum model_thinking thinking;
} find_rows[] = {
    {"a model by its whole name", "anthropic", "claude-opus-5", 1000000, 128000, MODEL_ADAPTIVE},
    {"a dated name is its family's", "anthropic", "claude-haiku-4-5-20251001", 200000, 64000,
     MODEL_MANUAL},
    {"the longer prefix stands first", "anthropic", "claude-opus-4-5", 200000, 64000, MODEL_MANUAL},
    {"a model to come is treated as today's", "anthropic", "claude-next-9", 200000, 64000,
     MODEL_ADAPTIVE},
    {"an imitation gets nothing special", "anthropic", "qwen3", 200000, 8192, MODEL_NONE},
    {"both wires of OpenAI know its models", "openai-chat", "gpt-4.1-mini", 1047576, 32768,
     MODEL_NONE},
    {"a local model: its server decides", "local", "anything", 32768, 0, MODEL_NONE},
    {"a provider without rows", "elsewhere", "m", 32768, 0, MODEL_NONE},
};

TEST(find)
{
	TEST_ROWS(find_rows, row)
	{
		struct model model;

		model_find(str_of(row->provider), str_of(row->model), &model);
		EXPECT_EQ(row, model.context, row->context);
		EXPECT_EQ(row, model.max_output, row->output);
		EXPECT_EQ(row, model.thinking, row->thinking);
	}
}

/* Whatever the names are: a row behind one that is its prefix is never found. */
TEST(no_row_hides_another)
{
	static const struct {
		const char *provider, *prefix;
	} rows[] = {
#define MODEL(provider, prefix, ...) {provider, prefix},
#include "llm/models.def"
#undef MODEL
	};
	size_t n = sizeof(rows) / sizeof(rows[0]);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			if (strcmp(rows[i].provider, rows[k].provider) == 0 &&
			    str_starts(str_of(rows[k].prefix), str_of(rows[i].prefix)))
				fail_msg("\"%s\" is hidden by \"%s\"", rows[k].prefix,
					 rows[i].prefix);
		}
	}
}

static const struct cost_row {
	const char *name, *provider, *model;
	struct reply_usage usage;
	double want;
} cost_rows[] = {
    {"nothing costs nothing", "anthropic", "claude-opus-5", {0}, 0},
    {"each kind of token has its price",
     "anthropic",
     "claude-opus-5",
     {1000000, 1000000, 1000000, 1000000},
     5 + 25 + 0.5 + 6.25},
    {"a local model is free", "local", "m", {1000000, 1000000, 0, 0}, 0},
    {"a price that is not known is said to be so", "openrouter", "a/b", {1, 0, 0, 0}, -1},
};

TEST(cost)
{
	TEST_ROWS(cost_rows, row)
	{
		struct model model;
		double cost;

		model_find(str_of(row->provider), str_of(row->model), &model);
		cost = model_cost(&model, &row->usage);
		EXPECT_TRUE(row, cost > row->want - 1e-9 && cost < row->want + 1e-9);
	}
}

TEST_MAIN(RUN(find), RUN(no_row_hides_another), RUN(cost))
