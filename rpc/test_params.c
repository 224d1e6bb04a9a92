#include "base/test.h"

#include "base/err.h"
#include "rpc/params.h"

static const struct row {
	const char *name, *method, *params, *error; /* error: NULL is none */
} rows[] = {
	{ "all that is required is enough", "session/new", "{\"cwd\":\"/p\"}", NULL },
	{ "a missing parameter is named", "session/new", "{}",
	  "session/new: parameter \"cwd\" is missing: it must be a string" },
	{ "null is no value for what is required", "session/new", "{\"cwd\":null}",
	  "session/new: parameter \"cwd\" must be a string" },
	{ "null is absence for what is optional", "session/new",
	  "{\"cwd\":\"/p\",\"mcpServers\":null}", NULL },
	{ "the wrong type is named", "session/new", "{\"cwd\":7}",
	  "session/new: parameter \"cwd\" must be a string" },
	{ "an optional one must have its type too", "session/new",
	  "{\"cwd\":\"/p\",\"mcpServers\":{}}",
	  "session/new: parameter \"mcpServers\" must be an array" },
	{ "a fraction is no whole number", "initialize", "{\"protocolVersion\":1.5}",
	  "initialize: parameter \"protocolVersion\" must be a whole number" },
	{ "a number beyond 63 bits is refused", "initialize",
	  "{\"protocolVersion\":18446744073709551615}",
	  "initialize: parameter \"protocolVersion\" must be a whole number" },
	{ "parameters that later versions add are let pass", "session/new",
	  "{\"cwd\":\"/p\",\"new\":[]}", NULL },
	{ "params must be an object", "session/new", "[]",
	  "session/new: params must be an object" },
	{ "no params will do where none is required", "session/list", NULL, NULL },
};

TEST(parameters)
{
	TEST_ROWS (rows, row) {
		yyjson_doc *doc = row->params ? json_read(str_of(row->params), NULL, NULL) : NULL;
		struct rpc_params params;
		struct err err = { 0 };
		int r = rpc_params_read(rpc_method_find(str_of(row->method), RPC_TO_DAEMON),
		                        yyjson_doc_get_root(doc), &params, &err);

		EXPECT_EQ(row, r, row->error ? ERR_INPUT : 0);
		if (row->error)
			EXPECT_STR(row, str_of(err.text), row->error);
		json_free(doc);
	}
}

TEST(methods_are_found_by_name_and_way)
{
	static const struct {
		const char *name;
	} row = { "methods" };

	EXPECT_EQ(&row, rpc_method_find(STR("session/new"), RPC_TO_DAEMON), RPC_session_new);
	EXPECT_EQ(&row, rpc_method_find(STR("session/new"), RPC_TO_CLIENT), RPC_METHOD_MAX);
	EXPECT_EQ(&row, rpc_method_find(STR("session/nothing"), RPC_TO_DAEMON), RPC_METHOD_MAX);
	EXPECT_EQ(&row, rpc_method_is_request(RPC_session_cancel), false);
}

TEST_MAIN(RUN(parameters), RUN(methods_are_found_by_name_and_way))
