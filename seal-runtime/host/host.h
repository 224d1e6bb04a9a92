/*
 * The WASM host: loads one agent component, links its imports, calls its
 * exports.  Knows components; knows nothing of files, policy or users.
 *
 * Every import of the component lands in one callback, with the arguments as
 * JSON in the shape of the WIT types (gate/gate.h says how); what the callback
 * answers is lowered by the component's own types.  The gate stands behind
 * that callback in a session, the recorded log in a replay.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct host;

/* `id` is an enum gate_call_id.  < 0 traps the guest with err's text. */
typedef int host_call_fn(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
			 struct err *err);

#define HOST_MEMORY_MAX ((uint64_t)256 << 20)    /* bytes of linear memory */
#define HOST_FUEL_MAX   ((uint64_t)200000000000) /* per export call */

struct host_setup {
	const char *component; /* path: a component, or one compiled by host_compile() */
	host_call_fn *call;
	void *ctx;
	uint64_t memory_max; /* 0: HOST_MEMORY_MAX */
	uint64_t fuel_max;   /* 0: HOST_FUEL_MAX */
};

/*
 * Loads and links.  ERR_INPUT names the import when the component asks for
 * anything outside seal:agent, or for one of those with another type than
 * wit/agent.wit gives it; or the file when it is truncated or foreign.
 */
int host_new(const struct host_setup *setup, struct host **ret_host, struct err *err);
void host_free(struct host *host);
DEFINE_CLEANUP(struct host, host_free)

/*
 * Calls an export ("init", "handle-message") with a JSON array of arguments.
 * The result is the WIT result as JSON.  A trap (also: out of fuel or memory,
 * stack overflow) is ERR_GONE with the reason; after it the host is of no more
 * use and must be freed.  *ret_fuel is what the call consumed.
 */
int host_export(struct host *host, const char *name, struct str args, struct buf *ret_result,
		uint64_t *ret_fuel, struct err *err);

/* What each later export call may consume, instead of the setup's; 0: HOST_FUEL_MAX. */
void host_set_fuel_max(struct host *host, uint64_t fuel_max);

/* Async-signal-safe: makes a running export trap with ERR_CANCELLED soon. */
void host_interrupt(struct host *host);

/* Hash of the component's bytes (before compilation), and the engine's name,
 * version and settings, for the log's header. */
const char *host_component_hash(const struct host *host);
const char *host_engine_id(void);

/* Ahead-of-time: component bytes -> what host_new() loads without compiling.
 * The output carries the component's hash. */
int host_compile(const char *component, const char *output, struct err *err);
