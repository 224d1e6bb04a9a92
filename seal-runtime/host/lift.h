/*
 * Component values <-> JSON, by type (gate/gate.h has the mapping).  With
 * reflect.c the only file that touches the engine's unions: every kind and
 * count is checked, because the engine's C interface checks none of them.
 *
 * Lifting writes one form only: the same value always gives the same bytes.
 * Lowering takes members of a record in any order, refuses unknown ones, and
 * reads a missing member as null where the type is an option.
 *
 * Private to host/ and its fuzz target.
 */
#pragma once

#include <wasmtime.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct type;

static inline void wasmtime_component_val_deletep(wasmtime_component_val_t *val)
{
	wasmtime_component_val_delete(val);
}

/* A value that owns nothing, safe to delete: what lowering starts from. */
#define LIFT_NOTHING ((wasmtime_component_val_t){.kind = WASMTIME_COMPONENT_BOOL})

/* By enum type_kind: what it is called, the engine's kind, the range of a number. */
struct lift_kind {
	const char *name;
	wasmtime_component_valkind_t val;
	int64_t min;
	uint64_t max;
};
extern const struct lift_kind lift_kinds[];

/* Appends the JSON of a value.  ERR_INTERNAL: the value is not of that type. */
int lift_value(const struct type *type, const wasmtime_component_val_t *val, struct buf *buf,
	       struct err *err);

/* Appends the JSON array of a function's arguments. */
int lift_args(const struct type *func, const wasmtime_component_val_t *args, size_t n_args,
	      struct buf *buf, struct err *err);

/*
 * JSON -> value.  ERR_INPUT says where the text does not fit the type.  *ret
 * must hold LIFT_NOTHING; after a failure too it is to be deleted.
 */
int lift_lower(const struct type *type, struct str json, wasmtime_component_val_t *ret,
	       struct err *err);

/* The same for a JSON array of arguments; `ret_args` has func->n_members. */
int lift_lower_args(const struct type *func, struct str json, wasmtime_component_val_t *ret_args,
		    struct err *err);
