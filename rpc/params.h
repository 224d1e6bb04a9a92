/*
 * Parameters of a message, read once by the rows of methods.def and params.def.
 * Behind this nobody looks at a parameter's type again.  Both sides of the
 * socket use it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"

struct err;

enum rpc_method {
#define METHOD(name, wire, way, kind, required, optional, sentence) RPC_##name,
#include "rpc/methods.def"
#undef METHOD
	RPC_METHOD_MAX
};

enum rpc_way { RPC_TO_DAEMON, RPC_TO_CLIENT };

/* What a parameter's row becomes in struct rpc_params. */
#define RPC_OF_TEXT   struct str
#define RPC_OF_NUMBER int64_t
#define RPC_OF_OBJECT yyjson_val *
#define RPC_OF_ARRAY  yyjson_val *
#define RPC_OF_ANY    yyjson_val *

/* Absent ones are zero: an empty str, 0, NULL.  Borrowed from the message. */
struct rpc_params {
#define PARAM(name, type) RPC_OF_##type name;
#include "rpc/params.def"
#undef PARAM
};

/* RPC_METHOD_MAX when no row has that name and way. */
enum rpc_method rpc_method_find(struct str wire, enum rpc_way way);
const char *rpc_method_name(enum rpc_method method);
bool rpc_method_is_request(enum rpc_method method);

/* ERR_INPUT names the parameter: `"cwd" must be a string`. */
int rpc_params_read(enum rpc_method method, yyjson_val *params, struct rpc_params *ret_params,
                    struct err *err);
