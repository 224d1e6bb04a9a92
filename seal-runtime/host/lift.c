#include "host/lift.h"

#include "base/err.h"
#include "base/json.h"
#include "host/type.h"

const struct lift_kind lift_kinds[] = {
    [TYPE_BOOL] = {"bool", WASMTIME_COMPONENT_BOOL, 0, 1},
    [TYPE_S8] = {"s8", WASMTIME_COMPONENT_S8, INT8_MIN, INT8_MAX},
    [TYPE_S16] = {"s16", WASMTIME_COMPONENT_S16, INT16_MIN, INT16_MAX},
    [TYPE_S32] = {"s32", WASMTIME_COMPONENT_S32, INT32_MIN, INT32_MAX},
    [TYPE_S64] = {"s64", WASMTIME_COMPONENT_S64, INT64_MIN, INT64_MAX},
    [TYPE_U8] = {"u8", WASMTIME_COMPONENT_U8, 0, UINT8_MAX},
    [TYPE_U16] = {"u16", WASMTIME_COMPONENT_U16, 0, UINT16_MAX},
    [TYPE_U32] = {"u32", WASMTIME_COMPONENT_U32, 0, UINT32_MAX},
    [TYPE_U64] = {"u64", WASMTIME_COMPONENT_U64, 0, UINT64_MAX},
    [TYPE_STRING] = {"string", WASMTIME_COMPONENT_STRING, 0, 0},
    [TYPE_LIST] = {"list", WASMTIME_COMPONENT_LIST, 0, 0},
    [TYPE_OPTION] = {"option", WASMTIME_COMPONENT_OPTION, 0, 0},
    [TYPE_RESULT] = {"result", WASMTIME_COMPONENT_RESULT, 0, 0},
    [TYPE_TUPLE] = {"tuple", WASMTIME_COMPONENT_TUPLE, 0, 0},
    [TYPE_RECORD] = {"record", WASMTIME_COMPONENT_RECORD, 0, 0},
    [TYPE_VARIANT] = {"variant", WASMTIME_COMPONENT_VARIANT, 0, 0},
    [TYPE_ENUM] = {"enum", WASMTIME_COMPONENT_ENUM, 0, 0},
    [TYPE_FLAGS] = {"flags", WASMTIME_COMPONENT_FLAGS, 0, 0},
    [TYPE_FUNC] = {"func", UINT8_MAX, 0, 0}, /* no value has this kind */
};

static struct str text_of(const wasm_name_t *name)
{
	return (struct str){name->data, name->size};
}

struct lift {
	struct json json;
	struct err *err;
};

static int lift_any(struct lift *lift, const struct type *type,
		    const wasmtime_component_val_t *val);

static int wrong(struct lift *lift, const struct type *type, const char *what)
{
	return err_set(lift->err, ERR_INTERNAL, "a value of type %s %s",
		       lift_kinds[type->kind].name, what);
}

static void lift_number(struct lift *lift, const wasmtime_component_val_t *val)
{
	/* A flat switch: one line for each width. */
	switch (val->kind) {
	case WASMTIME_COMPONENT_S8:
		return json_put_int(&lift->json, val->of.s8);
	case WASMTIME_COMPONENT_S16:
		return json_put_int(&lift->json, val->of.s16);
	case WASMTIME_COMPONENT_S32:
		return json_put_int(&lift->json, val->of.s32);
	case WASMTIME_COMPONENT_S64:
		return json_put_int(&lift->json, val->of.s64);
	case WASMTIME_COMPONENT_U8:
		return json_put_uint(&lift->json, val->of.u8);
	case WASMTIME_COMPONENT_U16:
		return json_put_uint(&lift->json, val->of.u16);
	case WASMTIME_COMPONENT_U32:
		return json_put_uint(&lift->json, val->of.u32);
	default:
		return json_put_uint(&lift->json, val->of.u64);
	}
}

static int lift_record(struct lift *lift, const struct type *type,
		       const wasmtime_component_valrecord_t *record)
{
	int r;

	if (record->size != type->n_members)
		return wrong(lift, type, "has another number of fields");
	json_object(&lift->json);
	for (size_t i = 0; i < record->size; i++) {
		if (!str_eq(text_of(&record->data[i].name), type_name_of(&type->members[i])))
			return wrong(lift, type, "has another field");
		json_key(&lift->json, type->members[i].name);
		r = lift_any(lift, type->members[i].type, &record->data[i].val);
		if (r < 0)
			return err_wrap(lift->err, "%s", type->members[i].name);
	}
	json_end(&lift->json);
	return 0;
}

/* {"name": payload}; without a payload "name", or null where `always` wants the object. */
static int lift_case(struct lift *lift, const struct type_member *member,
		     const wasmtime_component_val_t *payload, bool always)
{
	int r = 0;

	if (!payload && !always) {
		json_put(&lift->json, type_name_of(member));
		return 0;
	}
	json_object(&lift->json);
	json_key(&lift->json, member->name);
	if (payload)
		r = lift_any(lift, member->type, payload);
	else
		json_put_null(&lift->json);
	if (r < 0)
		return err_wrap(lift->err, "%s", member->name);
	json_end(&lift->json);
	return 0;
}

static int lift_variant(struct lift *lift, const struct type *type,
			const wasmtime_component_valvariant_t *variant)
{
	const struct type_member *member = type_member_named(type, text_of(&variant->discriminant));

	if (!member)
		return wrong(lift, type, "has an unknown case");
	if (!member->type != !variant->val)
		return wrong(lift, type, "has a payload too many or too few");
	return lift_case(lift, member, variant->val, false);
}

static int lift_result(struct lift *lift, const struct type *type,
		       const wasmtime_component_valresult_t *result)
{
	const struct type_member *member = &type->members[result->is_ok ? 0 : 1];

	if (!member->type != !result->val)
		return wrong(lift, type, "has a payload too many or too few");
	return lift_case(lift, member, result->val, true);
}

static int lift_enum(struct lift *lift, const struct type *type, const wasm_name_t *name)
{
	if (!type_member_named(type, text_of(name)))
		return wrong(lift, type, "has an unknown name");
	json_put(&lift->json, text_of(name));
	return 0;
}

static int lift_flags(struct lift *lift, const struct type *type,
		      const wasmtime_component_valflags_t *flags)
{
	int r;

	json_array(&lift->json);
	for (size_t i = 0; i < flags->size; i++) {
		r = lift_enum(lift, type, &flags->data[i]);
		if (r < 0)
			return r;
	}
	json_end(&lift->json);
	return 0;
}

static int lift_list(struct lift *lift, const struct type *type,
		     const wasmtime_component_val_t *vals, size_t n_vals)
{
	int r;

	if (type->kind != TYPE_LIST && n_vals != type->n_members)
		return wrong(lift, type, "has another number of members");
	json_array(&lift->json);
	for (size_t i = 0; i < n_vals; i++) {
		r = lift_any(lift, type->members[type->kind == TYPE_LIST ? 0 : i].type, &vals[i]);
		if (r < 0)
			return err_wrap(lift->err, "[%zu]", i);
	}
	json_end(&lift->json);
	return 0;
}

static int lift_option(struct lift *lift, const struct type *type,
		       const wasmtime_component_val_t *val)
{
	if (val)
		return lift_any(lift, type->members[0].type, val);
	json_put_null(&lift->json);
	return 0;
}

static int lift_any(struct lift *lift, const struct type *type, const wasmtime_component_val_t *val)
{
	if (val->kind != lift_kinds[type->kind].val)
		return wrong(lift, type, "is of another kind");
	/* A flat switch: one line for each kind. */
	switch (type->kind) {
	case TYPE_BOOL:
		json_put_bool(&lift->json, val->of.boolean);
		return 0;
	case TYPE_STRING:
		json_put(&lift->json, text_of(&val->of.string));
		return 0;
	case TYPE_LIST:
		return lift_list(lift, type, val->of.list.data, val->of.list.size);
	case TYPE_TUPLE:
		return lift_list(lift, type, val->of.tuple.data, val->of.tuple.size);
	case TYPE_RECORD:
		return lift_record(lift, type, &val->of.record);
	case TYPE_VARIANT:
		return lift_variant(lift, type, &val->of.variant);
	case TYPE_ENUM:
		return lift_enum(lift, type, &val->of.enumeration);
	case TYPE_OPTION:
		return lift_option(lift, type, val->of.option);
	case TYPE_RESULT:
		return lift_result(lift, type, &val->of.result);
	case TYPE_FLAGS:
		return lift_flags(lift, type, &val->of.flags);
	default:
		lift_number(lift, val);
		return 0;
	}
}

int lift_value(const struct type *type, const wasmtime_component_val_t *val, struct buf *buf,
	       struct err *err)
{
	struct lift lift = {json_to(buf), err};
	int r;

	r = lift_any(&lift, type, val);
	if (r < 0)
		return r;
	return buf_check(buf, "JSON of a value", err);
}

int lift_args(const struct type *func, const wasmtime_component_val_t *args, size_t n_args,
	      struct buf *buf, struct err *err)
{
	struct lift lift = {json_to(buf), err};
	int r;

	if (n_args != func->n_members)
		return err_set(err, ERR_INTERNAL, "%zu arguments, not %zu", n_args,
			       func->n_members);
	json_array(&lift.json);
	for (size_t i = 0; i < n_args; i++) {
		r = lift_any(&lift, func->members[i].type, &args[i]);
		if (r < 0)
			return err_wrap(err, "%s", func->members[i].name);
	}
	json_end(&lift.json);
	return buf_check(buf, "arguments of a call", err);
}
