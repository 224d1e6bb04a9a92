#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "gate/gate.h"
#include "host/artifact.h"
#include "host/contract.h"
#include "host/engine.h"
#include "host/host.h"
#include "host/lift.h"
#include "host/type.h"

/* A component of one core module with its adapters has a handful of each. */
#define HOST_TABLE_MAX    100000
#define HOST_INSTANCE_MAX 64
#define HOST_MEMORIES_MAX 8
#define HOST_START_FUEL   ((uint64_t)1000000000) /* before its first export: about a second */
#define HOST_ARGS_MAX     8
#define HOST_EXPORT_MAX   8

/* What one import's callback needs: which call it is, and its types. */
struct host_import {
	struct host *host;
	unsigned int id;
	struct type *type;
};

struct host_export {
	const char *name;
	struct type *type;
	wasmtime_component_func_t func;
};

struct host {
	host_call_fn *call;
	void *ctx;
	uint64_t fuel_max;
	wasm_engine_t *engine;
	struct artifact artifact;
	wasmtime_component_linker_t *linker;
	wasmtime_store_t *store;
	wasmtime_component_instance_t instance;
	struct host_import imports[GATE_CALL_MAX];
	struct host_export exports[HOST_EXPORT_MAX];
	size_t n_exports;
	struct buf args, result; /* of the call in flight: one at a time */
	struct err fault;        /* why the callback trapped the guest; code 0: it did not */
	bool is_spent;           /* it trapped: its memory is in an unknown state */
};

/* ---- a call of the guest ------------------------------------------------ */

static int pass(const struct host_import *import, const wasmtime_component_val_t *args,
		size_t n_args, struct err *err)
{
	struct host *host = import->host;
	int r;

	buf_clear(&host->args);
	buf_clear(&host->result);
	r = lift_args(import->type, args, n_args, &host->args, err);
	if (r < 0)
		return r;
	return host->call(host->ctx, import->id, buf_str(&host->args), &host->result, err);
}

static int answer(const struct host_import *import, wasmtime_component_val_t *rets, size_t n_rets,
		  struct err *err)
{
	struct str result = buf_str(&import->host->result);
	int r;

	if (n_rets != (import->type->result ? 1 : 0))
		return err_set(err, ERR_INTERNAL, "room for %zu results", n_rets);
	r = buf_check(&import->host->result, "a result", err);
	if (r < 0)
		return r;
	if (!import->type->result)
		return result.len == 0 || str_is(result, "null")
			   ? 0
			   : err_set(err, ERR_INTERNAL, "a result where none belongs");
	r = lift_lower(import->type->result, result, &rets[0], err);
	if (r < 0) {
		err->code = ERR_INTERNAL; /* what the gate answers is ours */
		return err_wrap(err, "the result does not fit its type");
	}
	return 0;
}

static const char *const call_names[GATE_CALL_MAX] = {
#define CALL(interface, name, wit_name, verb, title)                                               \
	[GATE_##interface##_##name] = #interface "." wit_name,
#include "gate/calls.def"
#undef CALL
};

/* Lift, pass, lower: the one callback of every import. */
static wasmtime_error_t *on_call(void *data, wasmtime_context_t *context,
				 const wasmtime_component_func_type_t *type,
				 wasmtime_component_val_t *args, size_t n_args,
				 wasmtime_component_val_t *rets, size_t n_rets)
{
	const struct host_import *import = data;
	struct err *fault = &import->host->fault;

	(void)context, (void)type; /* compared with the contract at load */
	if (pass(import, args, n_args, fault) >= 0 && answer(import, rets, n_rets, fault) >= 0)
		return NULL;
	if (fault->code == ERR_OK)
		(void)err_set(fault, ERR_INTERNAL, "failed without a reason");
	(void)err_wrap(fault, "%s", call_names[import->id]);
	return wasmtime_error_new("the call failed");
}

/* The engine's words for the traps that have a meaning here, and ours. */
static const struct trap {
	const char *says;
	enum err_code code;
	const char *reason;
} traps[] = {
    {"all fuel consumed", ERR_GONE, "used up its fuel: it computed without end"},
    {"call stack exhausted", ERR_GONE, "overflowed its stack"},
    {"wasm trap: interrupt", ERR_CANCELLED, "was interrupted"},
    {"unreachable", ERR_GONE, "gave up (unreachable): an assertion of its own, or no more memory"},
};

static int explain(struct host *host, wasmtime_error_t *error, struct err *err)
{
	(void)engine_fail(err, ERR_GONE, error);
	if (host->fault.code) {
		*err = host->fault;
		return err->code;
	}
	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++)
		if (str_find(str_of(err->text), str_of(traps[i].says), 0) != STR_NONE)
			return err_set(err, traps[i].code, "the agent %s", traps[i].reason);
	return err_wrap(err, "the agent trapped");
}

/* ---- load and link -------------------------------------------------------- */

static int link_function(struct host *host, wasmtime_component_linker_instance_t *instance,
			 const struct signature *row, struct err *err)
{
	int id = contract_id(row);
	struct host_import *import;
	wasmtime_error_t *error;
	int r;

	if (id < 0)
		return err_set(err, ERR_INTERNAL, "gate/calls.def has no row for %s#%s",
			       row->interface, row->name);
	import = &host->imports[id];
	import->host = host;
	import->id = (unsigned int)id;
	r = type_parse(str_of(row->type), &import->type, err);
	if (r < 0)
		return r;
	error = wasmtime_component_linker_instance_add_func(instance, row->name, strlen(row->name),
							    on_call, import, NULL);
	return error ? engine_fail(err, ERR_INTERNAL, error) : 0;
}

/* Links the rows of one interface; *at moves behind them. */
static int link_interface(struct host *host, wasmtime_component_linker_instance_t *root, size_t *at,
			  struct err *err)
{
	cleanup_with(wasmtime_component_linker_instance_delete)
	    wasmtime_component_linker_instance_t *instance = NULL;
	const char *name = contract[*at].interface;
	wasmtime_error_t *error;
	int r;

	error =
	    wasmtime_component_linker_instance_add_instance(root, name, strlen(name), &instance);
	if (error)
		return engine_fail(err, ERR_INTERNAL, error);
	for (; *at < contract_len && strcmp(contract[*at].interface, name) == 0; (*at)++) {
		r = link_function(host, instance, &contract[*at], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int link_imports(struct host *host, struct err *err)
{
	cleanup_with(wasmtime_component_linker_instance_delete)
	    wasmtime_component_linker_instance_t *root =
		wasmtime_component_linker_root(host->linker);
	size_t at = 0;
	int r = 0;

	while (at < contract_len && r == 0) {
		if (contract[at].interface[0])
			r = link_interface(host, root, &at, err);
		else
			at++;
	}
	return r;
}

static int find_export(struct host *host, const struct signature *row, struct err *err)
{
	wasmtime_context_t *context = wasmtime_store_context(host->store);
	cleanup_with(wasmtime_component_export_index_delete)
	    wasmtime_component_export_index_t *index = wasmtime_component_instance_get_export_index(
		&host->instance, context, NULL, row->name, strlen(row->name));
	struct host_export *found = &host->exports[host->n_exports];

	if (host->n_exports == HOST_EXPORT_MAX || !index ||
	    !wasmtime_component_instance_get_func(&host->instance, context, index, &found->func))
		return err_set(err, ERR_INTERNAL, "export \"%s\" is not to be found", row->name);
	found->name = row->name;
	host->n_exports++;
	return type_parse(str_of(row->type), &found->type, err);
}

static int set_limits(struct host *host, const struct host_setup *setup, struct err *err)
{
	wasmtime_context_t *context = wasmtime_store_context(host->store);
	uint64_t memory_max = setup->memory_max ? setup->memory_max : HOST_MEMORY_MAX;
	wasmtime_error_t *error;

	wasmtime_store_limiter(host->store, (int64_t)memory_max, HOST_TABLE_MAX, HOST_INSTANCE_MAX,
			       HOST_INSTANCE_MAX, HOST_MEMORIES_MAX);
	/* One epoch ahead: the next tick, which only host_interrupt() makes, traps. */
	wasmtime_context_set_epoch_deadline(context, 1);
	error = wasmtime_context_set_fuel(context, HOST_START_FUEL);
	return error ? engine_fail(err, ERR_INTERNAL, error) : 0;
}

static int instantiate(struct host *host, const struct host_setup *setup, struct err *err)
{
	wasmtime_error_t *error;
	int r;

	host->linker = wasmtime_component_linker_new(host->engine);
	r = link_imports(host, err);
	if (r < 0)
		return r;
	host->store = wasmtime_store_new(host->engine, NULL, NULL);
	r = set_limits(host, setup, err);
	if (r < 0)
		return r;
	error =
	    wasmtime_component_linker_instantiate(host->linker, wasmtime_store_context(host->store),
						  host->artifact.component, &host->instance);
	if (error) {
		(void)explain(host, error, err);
		return err->code = ERR_INPUT; /* it is the file that will not do */
	}
	for (size_t i = 0; i < contract_len && r == 0; i++)
		if (contract[i].interface[0] == '\0')
			r = find_export(host, &contract[i], err);
	return r;
}

static int load(struct host *host, const struct host_setup *setup, struct err *err)
{
	int r;

	r = engine_new(&host->engine, err);
	if (r < 0)
		return r;
	r = artifact_load(host->engine, setup->component, &host->artifact, err);
	if (r < 0)
		return err_wrap(err, "%s", setup->component);
	r = contract_check(host->engine, host->artifact.component, setup->component, err);
	if (r < 0)
		return r;
	r = instantiate(host, setup, err);
	return r < 0 ? err_wrap(err, "%s", setup->component) : 0;
}

int host_new(const struct host_setup *setup, struct host **ret_host, struct err *err)
{
	cleanup_with(host_free) struct host *host = calloc(1, sizeof(*host));
	int r;

	if (!host)
		return err_nomem(err);
	host->call = setup->call;
	host->ctx = setup->ctx;
	host_set_fuel_max(host, setup->fuel_max);
	r = load(host, setup, err);
	if (r < 0)
		return r;
	*ret_host = take_ptr(host);
	return 0;
}

void host_free(struct host *host)
{
	if (!host)
		return;
	if (host->store)
		wasmtime_store_delete(host->store);
	if (host->linker)
		wasmtime_component_linker_delete(host->linker);
	if (host->artifact.component)
		wasmtime_component_delete(host->artifact.component);
	if (host->engine)
		wasm_engine_delete(host->engine);
	for (size_t i = 0; i < GATE_CALL_MAX; i++)
		type_free(host->imports[i].type);
	for (size_t i = 0; i < host->n_exports; i++)
		type_free(host->exports[i].type);
	buf_fini(&host->args);
	buf_fini(&host->result);
	free(host);
}

/* ---- a call into the guest ------------------------------------------------ */

static struct host_export *export_named(struct host *host, const char *name)
{
	for (size_t i = 0; i < host->n_exports; i++)
		if (strcmp(host->exports[i].name, name) == 0)
			return &host->exports[i];
	return NULL;
}

static int run(struct host *host, const struct host_export *export,
	       const wasmtime_component_val_t *args, struct buf *ret_result, struct err *err)
{
	cleanup_with(wasmtime_component_val_delete) wasmtime_component_val_t result = LIFT_NOTHING;
	wasmtime_context_t *context = wasmtime_store_context(host->store);
	const struct type *type = export->type;
	wasmtime_error_t *error;

	error = wasmtime_component_func_call(&export->func, context, args, type->n_members, &result,
					     type->result ? 1 : 0);
	if (error) {
		host->is_spent = true;
		return explain(host, error, err);
	}
	return type->result ? lift_value(type->result, &result, ret_result, err) : 0;
}

static int call_export(struct host *host, const struct host_export *export, struct str args,
		       struct buf *ret_result, struct err *err)
{
	wasmtime_component_val_t vals[HOST_ARGS_MAX] = {0};
	size_t n = export->type->n_members;
	int r;

	if (n > HOST_ARGS_MAX)
		return err_set(err, ERR_INTERNAL, "more than %d parameters", HOST_ARGS_MAX);
	r = lift_lower_args(export->type, args, vals, err);
	if (r == 0)
		r = run(host, export, vals, ret_result, err);
	for (size_t i = 0; i < n; i++)
		wasmtime_component_val_delete(&vals[i]);
	return r;
}

/* Each call starts with the whole of its fuel and no interrupt pending. */
static int refuel(struct host *host, struct err *err)
{
	wasmtime_context_t *context = wasmtime_store_context(host->store);
	wasmtime_error_t *error;

	host->fault.code = ERR_OK;
	wasmtime_context_set_epoch_deadline(context, 1);
	error = wasmtime_context_set_fuel(context, host->fuel_max);
	return error ? engine_fail(err, ERR_INTERNAL, error) : 0;
}

static uint64_t fuel_used(struct host *host)
{
	uint64_t left = host->fuel_max;
	wasmtime_error_t *error =
	    wasmtime_context_get_fuel(wasmtime_store_context(host->store), &left);

	if (error)
		wasmtime_error_delete(error);
	return host->fuel_max - left;
}

int host_export(struct host *host, const char *name, struct str args, struct buf *ret_result,
		uint64_t *ret_fuel, struct err *err)
{
	const struct host_export *export = export_named(host, name);
	int r;

	if (!export)
		return err_set(err, ERR_INTERNAL, "no export \"%s\"", name);
	if (host->is_spent)
		return err_set(err, ERR_GONE, "the agent ended in an earlier call");
	r = refuel(host, err);
	if (r < 0)
		return r;
	r = call_export(host, export, args, ret_result, err);
	*ret_fuel = fuel_used(host);
	return r < 0 ? err_wrap(err, "%s", name) : 0;
}

void host_set_fuel_max(struct host *host, uint64_t fuel_max)
{
	host->fuel_max = fuel_max ? fuel_max : HOST_FUEL_MAX;
}

void host_interrupt(struct host *host)
{
	wasmtime_engine_increment_epoch(host->engine);
}

const char *host_component_hash(const struct host *host)
{
	return host->artifact.hash;
}

const char *host_engine_id(void)
{
	return engine_id();
}

int host_compile(const char *component, const char *output, struct err *err)
{
	cleanup_with(wasm_engine_delete) wasm_engine_t *engine = NULL;
	struct artifact artifact = {0};
	int r;

	r = engine_new(&engine, err);
	if (r < 0)
		return r;
	r = artifact_load(engine, component, &artifact, err);
	if (r < 0)
		return err_wrap(err, "%s", component);
	r = contract_check(engine, artifact.component, component, err);
	if (r == 0)
		r = artifact_save(&artifact, output, err);
	wasmtime_component_delete(artifact.component);
	return r;
}
