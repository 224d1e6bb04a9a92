/*
 * Component files: a component (.wasm), or one compiled ahead of time (.cwasm).
 * Private to host/.
 *
 * The engine's loader of compiled code trusts its bytes.  So a .cwasm starts
 * with a header of seal's own: what engine it was made for and a hash over all
 * the rest.  It is read into memory, checked there, and handed on from there:
 * a file cut short, of another version, or changed meanwhile is an error
 * before the loader sees a byte.  The hash finds accidents; who can write the
 * file can also replace seald, and is not kept out by it.
 */
#pragma once

#include <wasmtime.h>

#include "crypto/hash.h"

struct err;

#define ARTIFACT_SIZE_MAX ((size_t)64 << 20)

struct artifact {
	wasmtime_component_t *component; /* the caller's */
	char hash[HASH_HEX];             /* of the component's bytes, before compilation */
};

/* ERR_INPUT names what is wrong with the file. */
int artifact_load(const wasm_engine_t *engine, const char *path, struct artifact *ret_artifact,
		  struct err *err);

int artifact_save(const struct artifact *artifact, const char *path, struct err *err);
