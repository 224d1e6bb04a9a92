#include "rpc/params.h"

#include <stddef.h>

#include "base/err.h"

enum param_type { TEXT, NUMBER, OBJECT, ARRAY, ANY };

enum param_index {
#define PARAM(name, type) PARAM_##name,
#include "rpc/params.def"
#undef PARAM
	PARAM_MAX
};

_Static_assert(PARAM_MAX <= 32, "a row's parameters are bits of 32");

static const struct {
	const char *name;
	enum param_type type;
	size_t offset;
} params_known[PARAM_MAX] = {
#define PARAM(name, type) { #name, type, offsetof(struct rpc_params, name) },
#include "rpc/params.def"
#undef PARAM
};

static const char *const type_names[] = {
	[TEXT] = "a string",  [NUMBER] = "a whole number", [OBJECT] = "an object",
	[ARRAY] = "an array", [ANY] = "a value",
};

#define P(name)   (1u << PARAM_##name)
#define TO_DAEMON RPC_TO_DAEMON
#define TO_CLIENT RPC_TO_CLIENT
#define REQUEST   true
#define NOTICE    false

static const struct {
	const char *wire;
	enum rpc_way way;
	bool is_request;
	uint32_t required, optional;
} methods[RPC_METHOD_MAX] = {
#define METHOD(name, wire, way, kind, required, optional, sentence)                                \
	{ wire, way, kind, required, optional },
#include "rpc/methods.def"
#undef METHOD
};

enum rpc_method rpc_method_find(struct str wire, enum rpc_way way)
{
	for (size_t i = 0; i < RPC_METHOD_MAX; i++)
		if (methods[i].way == way && str_is(wire, methods[i].wire))
			return (enum rpc_method)i;
	return RPC_METHOD_MAX;
}

const char *rpc_method_name(enum rpc_method method)
{
	return methods[method].wire;
}

bool rpc_method_is_request(enum rpc_method method)
{
	return methods[method].is_request;
}

/* false: the value has another type than its row says. */
static bool store(size_t index, yyjson_val *val, struct rpc_params *params)
{
	void *at = (char *)params + params_known[index].offset;

	switch (params_known[index].type) {
	case TEXT:
		if (!yyjson_is_str(val))
			return false;
		*(struct str *)at = json_text(val);
		return true;
	case NUMBER:
		if (!yyjson_is_int(val) ||
		    (yyjson_is_uint(val) && yyjson_get_uint(val) > INT64_MAX))
			return false;
		*(int64_t *)at = yyjson_get_sint(val);
		return true;
	case OBJECT: *(yyjson_val **)at = val; return yyjson_is_obj(val);
	case ARRAY: *(yyjson_val **)at = val; return yyjson_is_arr(val);
	case ANY: *(yyjson_val **)at = val; return true;
	}
	return false;
}

/* null counts as absent for an optional parameter: some clients send it so. */
static int read_one(enum rpc_method method, size_t index, yyjson_val *params,
                    struct rpc_params *ret_params, struct err *err)
{
	const char *name = params_known[index].name;
	bool is_required = methods[method].required & (1u << index);
	yyjson_val *val = yyjson_obj_get(params, name);

	if (!is_required && (!val || yyjson_is_null(val)))
		return 0;
	if (!val)
		return err_set(err, ERR_INPUT, "%s: parameter \"%s\" is missing: it must be %s",
		               methods[method].wire, name, type_names[params_known[index].type]);
	if (!store(index, val, ret_params))
		return err_set(err, ERR_INPUT, "%s: parameter \"%s\" must be %s",
		               methods[method].wire, name, type_names[params_known[index].type]);
	return 0;
}

int rpc_params_read(enum rpc_method method, yyjson_val *params, struct rpc_params *ret_params,
                    struct err *err)
{
	uint32_t wanted = methods[method].required | methods[method].optional;
	struct rpc_params found = { 0 };

	if (params && !yyjson_is_obj(params))
		return err_set(err, ERR_INPUT, "%s: params must be an object",
		               methods[method].wire);
	for (size_t i = 0; i < PARAM_MAX; i++)
		if ((wanted & (1u << i)) && read_one(method, i, params, &found, err) < 0)
			return err->code;
	*ret_params = found;
	return 0;
}
