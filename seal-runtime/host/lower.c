#include "host/lift.h"

#include "base/err.h"
#include "base/json.h"
#include "host/type.h"

/*
 * Each function below leaves in *ret what may be deleted, also when it fails:
 * vectors are made with all members in place (the engine fills them with
 * "false" and empty names) and then overwritten.
 */

static int lower_any(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
		     struct err *err);

static int unfit(const struct type *type, yyjson_val *json, struct err *err)
{
	return err_set(err, ERR_INPUT, "want %s, found %s", lift_kinds[type->kind].name,
		       json ? yyjson_get_type_desc(json) : "nothing");
}

static void lower_text(struct str text, wasm_name_t *ret)
{
	wasm_byte_vec_new_uninitialized(ret, text.len);
	if (text.len)
		memcpy(ret->data, text.data, text.len);
}

static int lower_number(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
			struct err *err)
{
	const struct lift_kind *kind = &lift_kinds[type->kind];
	uint64_t bits =
	    yyjson_is_sint(json) ? (uint64_t)yyjson_get_sint(json) : yyjson_get_uint(json);
	bool is_negative = yyjson_is_sint(json) && yyjson_get_sint(json) < 0;

	if (!yyjson_is_int(json))
		return unfit(type, json, err);
	if (is_negative ? (int64_t)bits < kind->min : bits > kind->max)
		return err_set(err, ERR_INPUT, "the number does not fit %s", kind->name);
	ret->kind = kind->val;
	/* Two's complement: the low bits are the number in every width. */
	switch (type->kind) {
	case TYPE_S8:
	case TYPE_U8:
		ret->of.u8 = (uint8_t)bits;
		return 0;
	case TYPE_S16:
	case TYPE_U16:
		ret->of.u16 = (uint16_t)bits;
		return 0;
	case TYPE_S32:
	case TYPE_U32:
		ret->of.u32 = (uint32_t)bits;
		return 0;
	default:
		ret->of.u64 = bits;
		return 0;
	}
}

static int lower_string(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
			struct err *err)
{
	if (!yyjson_is_str(json))
		return unfit(type, json, err);
	if (type->kind == TYPE_ENUM && !type_member_named(type, json_text(json)))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no name of this enum",
			       STR_ARG(json_text(json)));
	ret->kind = lift_kinds[type->kind].val;
	/* `string` and `enumeration` are the same union member by layout only. */
	lower_text(json_text(json),
		   type->kind == TYPE_ENUM ? &ret->of.enumeration : &ret->of.string);
	return 0;
}

static int lower_list(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
		      struct err *err)
{
	yyjson_val *item;
	size_t i, n;
	int r;

	if (!yyjson_is_arr(json))
		return unfit(type, json, err);
	wasmtime_component_vallist_new_uninit(&ret->of.list, yyjson_arr_size(json));
	ret->kind = WASMTIME_COMPONENT_LIST;
	yyjson_arr_foreach(json, i, n, item)
	{
		r = lower_any(type->members[0].type, item, &ret->of.list.data[i], err);
		if (r < 0)
			return err_wrap(err, "[%zu]", i);
	}
	return 0;
}

/* A JSON array whose items have the types of the members: tuples, arguments. */
static int lower_row(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret_vals,
		     struct err *err)
{
	yyjson_val *item;
	size_t i, n;
	int r;

	if (!yyjson_is_arr(json) || yyjson_arr_size(json) != type->n_members)
		return err_set(err, ERR_INPUT, "want an array of %zu", type->n_members);
	yyjson_arr_foreach(json, i, n, item)
	{
		r = lower_any(type->members[i].type, item, &ret_vals[i], err);
		if (r < 0)
			return type->members[i].name ? err_wrap(err, "%s", type->members[i].name)
						     : err_wrap(err, "[%zu]", i);
	}
	return 0;
}

static int lower_tuple(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
		       struct err *err)
{
	wasmtime_component_valtuple_new_uninit(&ret->of.tuple, type->n_members);
	ret->kind = WASMTIME_COMPONENT_TUPLE;
	return lower_row(type, json, ret->of.tuple.data, err);
}

static int lower_field(const struct type_member *field, yyjson_val *json,
		       wasmtime_component_valrecord_entry_t *ret, struct err *err)
{
	int r;

	lower_text(type_name_of(field), &ret->name);
	if (!json && field->type->kind == TYPE_OPTION) {
		ret->val.kind = WASMTIME_COMPONENT_OPTION;
		ret->val.of.option = NULL;
		return 0;
	}
	r = lower_any(field->type, json, &ret->val, err);
	return r < 0 ? err_wrap(err, "%s", field->name) : 0;
}

static int unknown_member(const struct type *type, yyjson_val *json, struct err *err)
{
	yyjson_val *key, *item;
	size_t i, n;

	yyjson_obj_foreach(json, i, n, key, item) if (
	    !type_member_named(type,
			       json_text(key))) return err_set(err, ERR_INPUT,
							       "\"%.*s\" is no member of this %s",
							       STR_ARG(json_text(key)),
							       lift_kinds[type->kind].name);
	return err_set(err, ERR_INPUT, "a member is there twice");
}

static int lower_record(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
			struct err *err)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(json);
	size_t n_found = 0;
	int r;

	if (!yyjson_is_obj(json))
		return unfit(type, json, err);
	wasmtime_component_valrecord_new_uninit(&ret->of.record, type->n_members);
	ret->kind = WASMTIME_COMPONENT_RECORD;
	for (size_t i = 0; i < type->n_members; i++) {
		const struct type_member *field = &type->members[i];
		yyjson_val *item = yyjson_obj_iter_getn(&iter, field->name, field->name_len);

		n_found += item != NULL;
		r = lower_field(field, item, &ret->of.record.data[i], err);
		if (r < 0)
			return r;
	}
	return n_found == yyjson_obj_size(json) ? 0 : unknown_member(type, json, err);
}

/* The payload on the engine's heap, or NULL where the case has none. */
static int lower_payload(const struct type_member *member, yyjson_val *json,
			 wasmtime_component_val_t **ret, struct err *err)
{
	cleanup_with(wasmtime_component_val_delete) wasmtime_component_val_t val = LIFT_NOTHING;
	int r;

	if (!member->type) {
		if (json && !yyjson_is_null(json))
			return err_set(err, ERR_INPUT, "%s: it carries nothing", member->name);
		return 0;
	}
	r = lower_any(member->type, json, &val, err);
	if (r < 0)
		return member->name ? err_wrap(err, "%s", member->name) : r;
	*ret = wasmtime_component_val_new(&val);
	val = LIFT_NOTHING; /* moved */
	return 0;
}

/* {"name": payload} or "name". */
static int split_case(const struct type *type, yyjson_val *json, struct str *ret_name,
		      yyjson_val **ret_payload, struct err *err)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(json);
	yyjson_val *key = yyjson_is_str(json) ? json : yyjson_obj_iter_next(&iter);

	if (!key || (json != key && yyjson_obj_size(json) != 1))
		return unfit(type, json, err);
	*ret_name = json_text(key);
	*ret_payload = json == key ? NULL : yyjson_obj_iter_get_val(key);
	return 0;
}

static int lower_variant(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
			 struct err *err)
{
	const struct type_member *member;
	yyjson_val *payload;
	struct str name;
	int r;

	r = split_case(type, json, &name, &payload, err);
	if (r < 0)
		return r;
	member = type_member_named(type, name);
	if (!member)
		return err_set(err, ERR_INPUT, "\"%.*s\" is no case of this variant",
			       STR_ARG(name));
	if (payload && !member->type)
		return err_set(err, ERR_INPUT, "%s: want the name alone", member->name);
	lower_text(name, &ret->of.variant.discriminant);
	ret->of.variant.val = NULL;
	ret->kind = WASMTIME_COMPONENT_VARIANT;
	return lower_payload(member, payload, &ret->of.variant.val, err);
}

static int lower_result(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
			struct err *err)
{
	const struct type_member *member;
	yyjson_val *payload;
	struct str name;
	int r;

	if (!yyjson_is_obj(json))
		return unfit(type, json, err);
	r = split_case(type, json, &name, &payload, err);
	if (r < 0)
		return r;
	if (!str_is(name, "ok") && !str_is(name, "err"))
		return err_set(err, ERR_INPUT, "want \"ok\" or \"err\", found \"%.*s\"",
			       STR_ARG(name));
	ret->of.result.is_ok = str_is(name, "ok");
	ret->of.result.val = NULL;
	ret->kind = WASMTIME_COMPONENT_RESULT;
	member = &type->members[ret->of.result.is_ok ? 0 : 1];
	return lower_payload(member, payload, &ret->of.result.val, err);
}

static int lower_option(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
			struct err *err)
{
	if (!json)
		return unfit(type, json, err);
	ret->of.option = NULL;
	ret->kind = WASMTIME_COMPONENT_OPTION;
	return yyjson_is_null(json) ? 0
				    : lower_payload(&type->members[0], json, &ret->of.option, err);
}

static bool has_name(yyjson_val *array, const struct type_member *member)
{
	yyjson_val *item;
	size_t i, n;

	yyjson_arr_foreach(array, i, n,
			   item) if (yyjson_is_str(item) &&
				     str_eq(json_text(item), type_name_of(member))) return true;
	return false;
}

/* In the order of the type, whatever the order of the text: one form only. */
static int lower_flags(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
		       struct err *err)
{
	size_t n_set = 0, at = 0;

	if (!yyjson_is_arr(json))
		return unfit(type, json, err);
	for (size_t i = 0; i < type->n_members; i++)
		n_set += has_name(json, &type->members[i]);
	if (n_set != yyjson_arr_size(json))
		return err_set(err, ERR_INPUT, "a flag is unknown or there twice");
	wasmtime_component_valflags_new_uninit(&ret->of.flags, n_set);
	ret->kind = WASMTIME_COMPONENT_FLAGS;
	for (size_t i = 0; i < type->n_members; i++)
		if (has_name(json, &type->members[i]))
			lower_text(type_name_of(&type->members[i]), &ret->of.flags.data[at++]);
	return 0;
}

static int lower_any(const struct type *type, yyjson_val *json, wasmtime_component_val_t *ret,
		     struct err *err)
{
	/* A flat switch: one line for each kind. */
	switch (type->kind) {
	case TYPE_BOOL:
		if (!yyjson_is_bool(json))
			return unfit(type, json, err);
		ret->kind = WASMTIME_COMPONENT_BOOL;
		ret->of.boolean = yyjson_get_bool(json);
		return 0;
	case TYPE_STRING:
	case TYPE_ENUM:
		return lower_string(type, json, ret, err);
	case TYPE_LIST:
		return lower_list(type, json, ret, err);
	case TYPE_TUPLE:
		return lower_tuple(type, json, ret, err);
	case TYPE_RECORD:
		return lower_record(type, json, ret, err);
	case TYPE_VARIANT:
		return lower_variant(type, json, ret, err);
	case TYPE_OPTION:
		return lower_option(type, json, ret, err);
	case TYPE_RESULT:
		return lower_result(type, json, ret, err);
	case TYPE_FLAGS:
		return lower_flags(type, json, ret, err);
	case TYPE_FUNC:
		return err_set(err, ERR_INTERNAL, "a function is no value");
	default:
		return lower_number(type, json, ret, err);
	}
}

/* yyjson refuses text that is not UTF-8; the engine aborts on it. */
static int read_json(struct str json, yyjson_doc **ret_doc, struct err *err)
{
	enum json_fault fault;
	size_t at;

	*ret_doc = json_read(json, &fault, &at);
	if (*ret_doc)
		return 0;
	return fault == JSON_NO_MEMORY ? err_nomem(err)
	       : fault == JSON_TOO_DEEP
		   ? err_set(err, ERR_INPUT, "JSON deeper than %d levels", JSON_DEPTH_MAX)
		   : err_set(err, ERR_INPUT, "no JSON: byte %zu", at);
}

int lift_lower(const struct type *type, struct str json, wasmtime_component_val_t *ret,
	       struct err *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	int r;

	r = read_json(json, &doc, err);
	if (r < 0)
		return r;
	return lower_any(type, yyjson_doc_get_root(doc), ret, err);
}

int lift_lower_args(const struct type *func, struct str json, wasmtime_component_val_t *ret_args,
		    struct err *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	int r;

	r = read_json(json, &doc, err);
	if (r < 0)
		return r;
	return lower_row(func, yyjson_doc_get_root(doc), ret_args, err);
}
