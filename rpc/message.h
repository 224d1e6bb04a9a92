/*
 * One JSON-RPC 2.0 message: JSON text <-> request, notice, reply, failure.
 * Both sides of the socket and the worker use it.  Knows no method.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"

struct err;

enum message_kind {
	MESSAGE_NONE = 0,
	MESSAGE_REQUEST, /* method, id, params */
	MESSAGE_NOTICE,  /* method, params */
	MESSAGE_REPLY,   /* id, result */
	MESSAGE_FAILURE, /* id, error */
};

enum rpc_code {
	RPC_PARSE = -32700,
	RPC_INVALID = -32600,
	RPC_NO_METHOD = -32601,
	RPC_PARAMS = -32602,
	RPC_INTERNAL = -32603,
	RPC_CANCELLED = -32800,
	RPC_NOT_FOUND = -32002,
};

/* An id longer than this (as JSON) is refused. */
#define MESSAGE_ID_MAX 256

/* Values are borrowed from doc. */
struct message {
	enum message_kind kind;
	yyjson_doc *doc;
	struct str method;
	yyjson_val *id, *params, *result, *error;
};

void message_fini(struct message *message);
static inline void message_finip(struct message *message)
{
	message_fini(message);
}
#define cleanup_message cleanup_with(message_fini)

/*
 * ERR_INPUT when the text is no message: *ret_code then says how to answer
 * (RPC_PARSE, RPC_INVALID), and ret_message holds the id if there was one.
 * The caller frees ret_message in every case.
 */
int message_read(struct str line, struct message *ret_message, enum rpc_code *ret_code,
                 struct err *err);

/* Each appends one line.  `id` is JSON ("7", "\"a\""), params and result are
 * JSON; empty params are left out, an empty result is {}. */
void message_request(struct buf *buf, struct str id, const char *method, struct str params);
void message_notice(struct buf *buf, const char *method, struct str params);
void message_reply(struct buf *buf, struct str id, struct str result);

/* `kind` tells programs what failed ("manifest", "model", "sandbox", ...): it
 * becomes error.data.seal.  NULL leaves data out. */
void message_failure(struct buf *buf, struct str id, enum rpc_code code, struct str text,
                     const char *kind);

/* The value as JSON text, appended. */
void message_value(struct buf *buf, yyjson_val *val);

/* The id of a message that a peer answers, when it is one of ours: a number.
 * 0 otherwise; ours start at 1. */
uint64_t message_number(yyjson_val *id);
