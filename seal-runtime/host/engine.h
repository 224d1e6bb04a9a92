/*
 * The deterministic engine: one set of settings, used to compile, to run and to
 * replay.  Private to host/.
 */
#pragma once

#include <wasmtime.h>

#include "base/cleanup.h"

struct err;

/* Fixed, so that a recursion that overflows does so at the same call always. */
#define ENGINE_STACK_MAX (1024 * 1024)

int engine_new(wasm_engine_t **ret_engine, struct err *err);

/* "wasmtime 48.0.8; x86_64; fuel; ...": what is compiled under one id runs
 * under it only, and fuel can be compared under equal ids only. */
const char *engine_id(void);

/* Takes the error over: its message, from `from` on the first line that says why. */
int engine_fail(struct err *err, int code, wasmtime_error_t *error);

/* The engine's own delete functions do not accept NULL. */
#define ENGINE_CLEANUP(type, func)                                                                 \
	static inline void func##p(type **p)                                                       \
	{                                                                                          \
		if (*p)                                                                            \
			func(*p);                                                                  \
	}
ENGINE_CLEANUP(wasm_engine_t, wasm_engine_delete)
ENGINE_CLEANUP(wasmtime_component_type_t, wasmtime_component_type_delete)
ENGINE_CLEANUP(wasmtime_component_linker_instance_t, wasmtime_component_linker_instance_delete)
ENGINE_CLEANUP(wasmtime_component_export_index_t, wasmtime_component_export_index_delete)
static inline void wasm_byte_vec_deletep(wasm_byte_vec_t *vec)
{
	wasm_byte_vec_delete(vec);
}
static inline void wasmtime_component_item_deletep(wasmtime_component_item_t *item)
{
	wasmtime_component_item_delete(item);
}
