/*
 * The types of a loaded component, spelt as `seal-wit signatures` spells the
 * contract's, so that the two can be compared as text.  Private to host/.
 */
#pragma once

#include <wasmtime.h>

struct buf;
struct err;

/* Appends "func(path:string)->..."; a type the contract has no place for gets
 * a name that no contract has, so that it differs. */
void reflect_func(const wasmtime_component_func_type_t *func, struct buf *buf);
