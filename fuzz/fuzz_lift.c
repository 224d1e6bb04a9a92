/*
 * JSON -> values by the contract's own types -> JSON.  The first byte picks the
 * type: the arguments of a function, or its result.  What is lowered must lift,
 * and what is lifted must lower and lift to the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "host/contract.h"
#include "host/lift.h"
#include "host/type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int through(const struct type *type, struct str json, struct buf *buf, struct err *err)
{
	cleanup_with(wasmtime_component_val_delete) wasmtime_component_val_t val = LIFT_NOTHING;

	if (lift_lower(type, json, &val, err) < 0)
		return -1;
	if (lift_value(type, &val, buf, err) < 0)
		abort();
	return 0;
}

static int args_through(const struct type *func, struct str json, struct buf *buf, struct err *err)
{
	wasmtime_component_val_t vals[8] = {0};
	int r = lift_lower_args(func, json, vals, err);

	if (r == 0 && lift_args(func, vals, func->n_members, buf, err) < 0)
		abort();
	for (size_t i = 0; i < 8; i++)
		wasmtime_component_val_delete(&vals[i]);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_with(type_free) struct type *func = NULL;
	cleanup_buf struct buf once = BUF_INIT, twice = BUF_INIT;
	struct err err = {0};
	struct str json;
	bool is_result;
	int r;

	if (size == 0)
		return 0;
	is_result = data[0] & 0x80;
	if (type_parse(str_of(contract[(data[0] & 0x7f) % contract_len].type), &func, &err) < 0)
		abort();
	if (is_result && !func->result)
		return 0;
	json = (struct str){(const char *)data + 1, size - 1};
	r = is_result ? through(func->result, json, &once, &err)
		      : args_through(func, json, &once, &err);
	if (r < 0)
		return 0;
	r = is_result ? through(func->result, buf_str(&once), &twice, &err)
		      : args_through(func, buf_str(&once), &twice, &err);
	if (r < 0 || !str_eq(buf_str(&once), buf_str(&twice)))
		abort();
	return 0;
}
