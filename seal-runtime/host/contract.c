#include "host/contract.h"

#include <string.h>

#include <wasmtime.h>

#include "base/buf.h"
#include "base/err.h"
#include "gate/gate.h"
#include "host/engine.h"
#include "host/reflect.h"

const struct signature contract[] = {
#define SIGNATURE(interface, name, type) {interface, name, type},
#include "host/signatures.def"
#undef SIGNATURE
};
const size_t contract_len = sizeof(contract) / sizeof(contract[0]);

static const struct {
	const char *interface;
	const char *name;
} calls[GATE_CALL_MAX] = {
#define CALL(interface, name, wit_name, verb, title)                                               \
	[GATE_##interface##_##name] = {#interface, wit_name},
#include "gate/calls.def"
#undef CALL
};

const struct signature *contract_find(struct str interface, struct str name)
{
	for (size_t i = 0; i < contract_len; i++)
		if (str_is(interface, contract[i].interface) && str_is(name, contract[i].name))
			return &contract[i];
	return NULL;
}

/* "tools" of "seal:agent/tools@0.1.0" */
static struct str short_name(const char *interface)
{
	struct str name = str_of(interface);

	name = str_from(name, str_chr(name, '/') + 1);
	return str_head(name, str_chr(name, '@'));
}

int contract_id(const struct signature *signature)
{
	struct str interface = short_name(signature->interface);

	for (int i = 0; i < GATE_CALL_MAX; i++)
		if (str_is(interface, calls[i].interface) &&
		    strcmp(calls[i].name, signature->name) == 0)
			return i;
	return -1;
}

/* Where the two texts part, with a little of what stands before. */
static int tell_difference(struct str name, struct str found, struct str want, struct err *err)
{
	size_t at = 0, start;

	while (at < found.len && at < want.len && found.data[at] == want.data[at])
		at++;
	start = at > 40 ? at - 40 : 0;
	return err_set(err, ERR_INPUT,
		       "asks for %.*s with another type than wit/agent.wit gives it: \"%.*s\", "
		       "where the contract has \"%.*s\"; build it from this version's wit/",
		       STR_ARG(name), STR_ARG(str_head(str_from(found, start), 80)),
		       STR_ARG(str_head(str_from(want, start), 80)));
}

static int compare(const wasmtime_component_func_type_t *func, struct str interface,
		   struct str name, struct err *err)
{
	const struct signature *signature = contract_find(interface, name);
	cleanup_buf struct buf full = BUF_INIT, text = BUF_INIT;
	int r;

	buf_addf(&full, "%.*s%s%.*s", STR_ARG(interface), interface.len ? "#" : "", STR_ARG(name));
	reflect_func(func, &text);
	r = buf_check(&text, "a type", err);
	if (r < 0)
		return r;
	if (!signature)
		return err_set(err, ERR_INPUT,
			       "asks for %.*s, which wit/agent.wit does not have; build it from "
			       "this version's wit/",
			       STR_ARG(buf_str(&full)));
	if (!str_is(buf_str(&text), signature->type))
		return tell_difference(buf_str(&full), buf_str(&text), str_of(signature->type),
				       err);
	return 0;
}

static int foreign(struct str name, struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "asks for %.*s, which seal never provides; a component may import "
		       "seal:agent/* only (`seal-wit imports FILE` lists what it asks for)",
		       STR_ARG(name));
}

/* Interfaces that hold types only (seal:agent/types) give a component nothing. */
static int check_interface(const wasm_engine_t *engine, struct str interface,
			   const wasmtime_component_instance_type_t *type, struct err *err)
{
	size_t n = wasmtime_component_instance_type_export_count(type, engine);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		cleanup_with(wasmtime_component_item_delete) wasmtime_component_item_t item = {
		    .kind = WASMTIME_COMPONENT_ITEM_TYPE,
		    .of.type.kind = WASMTIME_COMPONENT_VALTYPE_BOOL,
		};
		struct str name = {0};

		if (!wasmtime_component_instance_type_export_nth(type, engine, i, &name.data,
								 &name.len, &item))
			break;
		if (item.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC)
			r = compare(item.of.component_func, interface, name, err);
		else if (item.kind != WASMTIME_COMPONENT_ITEM_TYPE)
			r = foreign(interface, err);
	}
	return r;
}

static int check_imports(const wasm_engine_t *engine, const wasmtime_component_type_t *type,
			 struct err *err)
{
	size_t n = wasmtime_component_type_import_count(type, engine);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		cleanup_with(wasmtime_component_item_delete) wasmtime_component_item_t item = {
		    .kind = WASMTIME_COMPONENT_ITEM_TYPE,
		    .of.type.kind = WASMTIME_COMPONENT_VALTYPE_BOOL,
		};
		struct str name = {0};

		if (!wasmtime_component_type_import_nth(type, engine, i, &name.data, &name.len,
							&item))
			break;
		if (item.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE &&
		    str_starts(name, STR("seal:agent/")))
			r = check_interface(engine, name, item.of.component_instance, err);
		else if (item.kind != WASMTIME_COMPONENT_ITEM_TYPE)
			r = foreign(name, err);
	}
	return r;
}

static int check_export(const wasm_engine_t *engine, const wasmtime_component_type_t *type,
			const struct signature *want, struct err *err)
{
	cleanup_with(wasmtime_component_item_delete) wasmtime_component_item_t item = {
	    .kind = WASMTIME_COMPONENT_ITEM_TYPE,
	    .of.type.kind = WASMTIME_COMPONENT_VALTYPE_BOOL,
	};

	if (!wasmtime_component_type_export_get(type, engine, want->name, strlen(want->name),
						&item) ||
	    item.kind != WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC)
		return err_set(err, ERR_INPUT,
			       "has no export \"%s\"; an agent exports what world agent of "
			       "wit/agent.wit says",
			       want->name);
	return compare(item.of.component_func, STR(""), str_of(want->name), err);
}

/* "x.wasm" + "asks for ..." is a sentence, so no colon as err_wrap() has. */
static int put_subject(struct err *err, const char *path)
{
	char text[ERR_TEXT_MAX];

	memcpy(text, err->text, sizeof(text));
	return err_set(err, err->code, "%s %s", path, text);
}

int contract_check(const wasm_engine_t *engine, const wasmtime_component_t *component,
		   const char *path, struct err *err)
{
	cleanup_with(wasmtime_component_type_delete) wasmtime_component_type_t *type =
	    wasmtime_component_type(component);
	int r;

	r = check_imports(engine, type, err);
	for (size_t i = 0; i < contract_len && r == 0; i++)
		if (contract[i].interface[0] == '\0')
			r = check_export(engine, type, &contract[i], err);
	return r < 0 ? put_subject(err, path) : 0;
}
