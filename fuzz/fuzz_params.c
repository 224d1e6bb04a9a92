/*
 * A line from a peer: read as a message, then as parameters of every method.
 * What is read can be written again, and reads the same.
 */
#include <assert.h>
#include <stdint.h>

#include "base/err.h"
#include "rpc/message.h"
#include "rpc/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct message *message)
{
	cleanup_message struct message again = { 0 };
	cleanup_buf struct buf line = BUF_INIT;
	cleanup_buf struct buf id = BUF_INIT;
	cleanup_buf struct buf result = BUF_INIT;
	enum rpc_code code;
	struct err err;

	message_value(&id, message->id);
	message_value(&result, message->result);
	message_reply(&line, buf_str(&id), buf_str(&result));
	/* The newline is the frame's. */
	assert(message_read(str_head(buf_str(&line), line.len - 1), &again, &code, &err) == 0);
	assert(again.kind == MESSAGE_REPLY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_message struct message message = { 0 };
	struct rpc_params params;
	enum rpc_code code;
	struct err err;

	if (message_read((struct str){ (const char *)data, size }, &message, &code, &err) < 0) {
		assert(err.code == ERR_INPUT && (code == RPC_PARSE || code == RPC_INVALID));
		return 0;
	}
	for (size_t i = 0; i < RPC_METHOD_MAX; i++)
		(void)rpc_params_read((enum rpc_method)i, message.params, &params, &err);
	(void)rpc_method_find(message.method, RPC_TO_DAEMON);
	if (message.kind == MESSAGE_REPLY && yyjson_get_num(message.result) == 0)
		write_again(&message);
	return 0;
}
