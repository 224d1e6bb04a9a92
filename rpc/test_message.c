#include "base/test.h"

#include "base/err.h"
#include "rpc/message.h"

static const struct row {
	const char *name, *line;
	enum message_kind kind;
	int code; /* of a refusal */
} rows[] = {
	{ "method and id make a request", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}",
	  MESSAGE_REQUEST, 0 },
	{ "an id may be text", "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"a\"}",
	  MESSAGE_REQUEST, 0 },
	{ "without id it is a notice", "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":{}}",
	  MESSAGE_NOTICE, 0 },
	{ "a null id counts as none", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"a\"}",
	  MESSAGE_NOTICE, 0 },
	{ "a null result is a reply", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}",
	  MESSAGE_REPLY, 0 },
	{ "an error is a failure", "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}", MESSAGE_FAILURE,
	  0 },
	{ "an error may lack an id", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}",
	  MESSAGE_FAILURE, 0 },
	{ "result and error together are refused",
	  "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{}}", 0, RPC_INVALID },
	{ "half a message is refused", "{\"jsonrpc\":\"2.0\",\"id\":1,", 0, RPC_PARSE },
	{ "two values on a line are refused", "{} {}", 0, RPC_PARSE },
	{ "bytes that are no UTF-8 are refused", "{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}", 0,
	  RPC_PARSE },
	{ "a batch is refused", "[]", 0, RPC_INVALID },
	{ "another version is refused", "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"a\"}", 0,
	  RPC_INVALID },
	{ "no version is refused", "{\"id\":1,\"method\":\"a\"}", 0, RPC_INVALID },
	{ "an object as id is refused", "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"a\"}", 0,
	  RPC_INVALID },
	{ "a fraction as id is refused", "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"a\"}", 0,
	  RPC_INVALID },
	{ "a number as method is refused", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":1}", 0,
	  RPC_INVALID },
	{ "an empty object is refused", "{}", 0, RPC_INVALID },
};

TEST(reading)
{
	TEST_ROWS (rows, row) {
		cleanup_message struct message message = { 0 };
		enum rpc_code code = 0;
		struct err err;
		int r = message_read(str_of(row->line), &message, &code, &err);

		EXPECT_EQ(row, r, row->code ? ERR_INPUT : 0);
		EXPECT_EQ(row, code, row->code);
		if (!row->code)
			EXPECT_EQ(row, message.kind, row->kind);
	}
}

TEST(deep_nesting_is_refused)
{
	static const struct {
		const char *name;
	} row = { "deep nesting" };
	cleanup_message struct message message = { 0 };
	cleanup_buf struct buf line = BUF_INIT;
	enum rpc_code code = 0;
	struct err err;

	for (size_t i = 0; i < 100000; i++)
		buf_addc(&line, '[');
	EXPECT_EQ(&row, message_read(buf_str(&line), &message, &code, &err), ERR_INPUT);
	EXPECT_EQ(&row, code, RPC_PARSE);
}

TEST(writing)
{
	static const struct {
		const char *name;
	} row = { "what is written" };
	cleanup_buf struct buf line = BUF_INIT;

	message_request(&line, STR("7"), "a/b", STR("{\"c\":1}"));
	EXPECT_STR(&row, buf_str(&line),
	           "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"a/b\",\"params\":{\"c\":1}}\n");
	buf_clear(&line);
	message_notice(&line, "a", STR(""));
	EXPECT_STR(&row, buf_str(&line), "{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n");
	buf_clear(&line);
	message_reply(&line, STR("\"x\""), STR(""));
	EXPECT_STR(&row, buf_str(&line), "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}\n");
	buf_clear(&line);
	message_failure(&line, STR(""), RPC_PARSE, STR("a \"b\"\n"), "fault");
	EXPECT_STR(&row, buf_str(&line),
	           "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"a "
	           "\\\"b\\\"\\n\","
	           "\"data\":{\"seal\":\"fault\"}}}\n");
}

TEST_MAIN(RUN(reading), RUN(deep_nesting_is_refused), RUN(writing))
