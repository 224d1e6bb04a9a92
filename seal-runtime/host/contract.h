/*
 * What a component may ask of seal: the functions of wit/agent.wit with their
 * types, as text, and the comparison of a component with them.  Private to
 * host/ and its fuzz target.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

struct signature {
	const char *interface; /* "seal:agent/tools@0.1.0"; "" for an export */
	const char *name;      /* "file-read" */
	const char *type;      /* "func(path:string)->..." */
};

/* Made from wit/agent.wit by the build; rows of one interface stand together. */
extern const struct signature contract[];
extern const size_t contract_len;

/* NULL when the contract has no such function. */
const struct signature *contract_find(struct str interface, struct str name);

/* The enum gate_call_id of an import; < 0 when calls.def has no row for it. */
int contract_id(const struct signature *signature);

/*
 * ERR_INPUT names the first import that seal does not provide, or provides with
 * another type, or the export that is missing.  `path` is for the sentence.
 */
struct wasm_engine_t;
struct wasmtime_component_t;
int contract_check(const struct wasm_engine_t *engine, const struct wasmtime_component_t *component,
		   const char *path, struct err *err);
