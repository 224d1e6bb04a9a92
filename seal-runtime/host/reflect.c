#include "host/reflect.h"

#include "base/buf.h"

static void spell(wasmtime_component_valtype_t *type, struct buf *buf);

/* Each takes the type over: the engine hands out owned copies. */

static void spell_name(struct buf *buf, size_t at, const char *name, size_t len)
{
	if (at > 0)
		buf_addc(buf, ',');
	buf_add(buf, (struct str){name, len});
}

static void spell_record(const wasmtime_component_record_type_t *record, struct buf *buf)
{
	size_t n = wasmtime_component_record_type_field_count(record);

	buf_adds(buf, "record{");
	for (size_t i = 0; i < n; i++) {
		wasmtime_component_valtype_t type;
		const char *name;
		size_t len;

		if (!wasmtime_component_record_type_field_nth(record, i, &name, &len, &type))
			break;
		spell_name(buf, i, name, len);
		buf_addc(buf, ':');
		spell(&type, buf);
	}
	buf_addc(buf, '}');
}

static void spell_variant(const wasmtime_component_variant_type_t *variant, struct buf *buf)
{
	size_t n = wasmtime_component_variant_type_case_count(variant);

	buf_adds(buf, "variant{");
	for (size_t i = 0; i < n; i++) {
		wasmtime_component_valtype_t type;
		const char *name;
		bool has_payload;
		size_t len;

		if (!wasmtime_component_variant_type_case_nth(variant, i, &name, &len, &has_payload,
							      &type))
			break;
		spell_name(buf, i, name, len);
		if (!has_payload)
			continue;
		buf_addc(buf, '(');
		spell(&type, buf);
		buf_addc(buf, ')');
	}
	buf_addc(buf, '}');
}

static void spell_tuple(const wasmtime_component_tuple_type_t *tuple, struct buf *buf)
{
	size_t n = wasmtime_component_tuple_type_types_count(tuple);

	buf_adds(buf, "tuple<");
	for (size_t i = 0; i < n; i++) {
		wasmtime_component_valtype_t type;

		if (!wasmtime_component_tuple_type_types_nth(tuple, i, &type))
			break;
		spell_name(buf, i, "", 0);
		spell(&type, buf);
	}
	buf_addc(buf, '>');
}

static void spell_enum(const wasmtime_component_enum_type_t *names, struct buf *buf)
{
	size_t n = wasmtime_component_enum_type_names_count(names), len;
	const char *name;

	buf_adds(buf, "enum{");
	for (size_t i = 0; i < n; i++)
		if (wasmtime_component_enum_type_names_nth(names, i, &name, &len))
			spell_name(buf, i, name, len);
	buf_addc(buf, '}');
}

static void spell_flags(const wasmtime_component_flags_type_t *flags, struct buf *buf)
{
	size_t n = wasmtime_component_flags_type_names_count(flags), len;
	const char *name;

	buf_adds(buf, "flags{");
	for (size_t i = 0; i < n; i++)
		if (wasmtime_component_flags_type_names_nth(flags, i, &name, &len))
			spell_name(buf, i, name, len);
	buf_addc(buf, '}');
}

static void spell_result(const wasmtime_component_result_type_t *result, struct buf *buf)
{
	wasmtime_component_valtype_t type;

	buf_adds(buf, "result<");
	if (wasmtime_component_result_type_ok(result, &type))
		spell(&type, buf);
	else
		buf_addc(buf, '_');
	buf_addc(buf, ',');
	if (wasmtime_component_result_type_err(result, &type))
		spell(&type, buf);
	else
		buf_addc(buf, '_');
	buf_addc(buf, '>');
}

static void spell_one(const char *name, wasmtime_component_valtype_t type, struct buf *buf)
{
	buf_adds(buf, name);
	buf_addc(buf, '<');
	spell(&type, buf);
	buf_addc(buf, '>');
}

/* By the engine's kind; the ones without a line in spell(). */
static const char *const plain_names[] = {
    [WASMTIME_COMPONENT_VALTYPE_BOOL] = "bool",
    [WASMTIME_COMPONENT_VALTYPE_S8] = "s8",
    [WASMTIME_COMPONENT_VALTYPE_S16] = "s16",
    [WASMTIME_COMPONENT_VALTYPE_S32] = "s32",
    [WASMTIME_COMPONENT_VALTYPE_S64] = "s64",
    [WASMTIME_COMPONENT_VALTYPE_U8] = "u8",
    [WASMTIME_COMPONENT_VALTYPE_U16] = "u16",
    [WASMTIME_COMPONENT_VALTYPE_U32] = "u32",
    [WASMTIME_COMPONENT_VALTYPE_U64] = "u64",
    [WASMTIME_COMPONENT_VALTYPE_F32] = "f32",
    [WASMTIME_COMPONENT_VALTYPE_F64] = "f64",
    [WASMTIME_COMPONENT_VALTYPE_CHAR] = "char",
    [WASMTIME_COMPONENT_VALTYPE_STRING] = "string",
    [WASMTIME_COMPONENT_VALTYPE_OWN] = "own",
    [WASMTIME_COMPONENT_VALTYPE_BORROW] = "borrow",
    [WASMTIME_COMPONENT_VALTYPE_FUTURE] = "future",
    [WASMTIME_COMPONENT_VALTYPE_STREAM] = "stream",
    [WASMTIME_COMPONENT_VALTYPE_ERROR_CONTEXT] = "error-context",
    [WASMTIME_COMPONENT_VALTYPE_MAP] = "map",
};

static void spell_plain(size_t kind, struct buf *buf)
{
	size_t n = sizeof(plain_names) / sizeof(plain_names[0]);

	buf_adds(buf, kind < n && plain_names[kind] ? plain_names[kind] : "unknown");
}

static void spell(wasmtime_component_valtype_t *type, struct buf *buf)
{
	wasmtime_component_valtype_t inner;

	/* A flat switch: one line for each kind with members. */
	switch (type->kind) {
	case WASMTIME_COMPONENT_VALTYPE_LIST:
		wasmtime_component_list_type_element(type->of.list, &inner);
		spell_one("list", inner, buf);
		break;
	case WASMTIME_COMPONENT_VALTYPE_OPTION:
		wasmtime_component_option_type_ty(type->of.option, &inner);
		spell_one("option", inner, buf);
		break;
	case WASMTIME_COMPONENT_VALTYPE_RECORD:
		spell_record(type->of.record, buf);
		break;
	case WASMTIME_COMPONENT_VALTYPE_VARIANT:
		spell_variant(type->of.variant, buf);
		break;
	case WASMTIME_COMPONENT_VALTYPE_TUPLE:
		spell_tuple(type->of.tuple, buf);
		break;
	case WASMTIME_COMPONENT_VALTYPE_ENUM:
		spell_enum(type->of.enum_, buf);
		break;
	case WASMTIME_COMPONENT_VALTYPE_FLAGS:
		spell_flags(type->of.flags, buf);
		break;
	case WASMTIME_COMPONENT_VALTYPE_RESULT:
		spell_result(type->of.result, buf);
		break;
	default:
		spell_plain(type->kind, buf);
	}
	wasmtime_component_valtype_delete(type);
}

void reflect_func(const wasmtime_component_func_type_t *func, struct buf *buf)
{
	size_t n = wasmtime_component_func_type_param_count(func);
	wasmtime_component_valtype_t type;

	buf_adds(buf, wasmtime_component_func_type_async(func) ? "async func(" : "func(");
	for (size_t i = 0; i < n; i++) {
		const char *name;
		size_t len;

		if (!wasmtime_component_func_type_param_nth(func, i, &name, &len, &type))
			break;
		spell_name(buf, i, name, len);
		buf_addc(buf, ':');
		spell(&type, buf);
	}
	buf_addc(buf, ')');
	if (!wasmtime_component_func_type_result(func, &type))
		return;
	buf_adds(buf, "->");
	spell(&type, buf);
}
