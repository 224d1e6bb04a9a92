#include <stdlib.h>

#include "base/err.h"
#include "base/test.h"
#include "host/contract.h"
#include "host/lift.h"
#include "host/type.h"

static const struct row {
	const char *name;
	const char *type;
	const char *json;
	const char *want;  /* the same value lifted again; NULL: as it was */
	const char *fault; /* or what the error says */
} rows[] = {
    {"true is true", "bool", "true", NULL, NULL},
    {"a bool is no number", "bool", "1", NULL, "want bool, found uint"},
    {"the smallest s8", "s8", "-128", NULL, NULL},
    {"one below the smallest s8", "s8", "-129", NULL, "does not fit s8"},
    {"the largest u16", "u16", "65535", NULL, NULL},
    {"one above the largest u16", "u16", "65536", NULL, "does not fit u16"},
    {"the smallest s32", "s32", "-2147483648", NULL, NULL},
    {"one above the largest s32", "s32", "2147483648", NULL, "does not fit s32"},
    {"the smallest s64", "s64", "-9223372036854775808", NULL, NULL},
    {"one above the largest s64", "s64", "9223372036854775808", NULL, "does not fit s64"},
    {"the largest u64", "u64", "18446744073709551615", NULL, NULL},
    {"one above the largest u64", "u64", "18446744073709551616", NULL, "want u64, found real"},
    {"a negative number is no u64", "u64", "-1", NULL, "does not fit u64"},
    {"a fraction is no number", "u8", "1.5", NULL, "want u8, found real"},
    {"strings keep every character", "string", "\"a\\u0000\xc3\xa4\xf0\x9f\x98\x80\"", NULL, NULL},
    {"one form of an escape is written", "string", "\"\\u0041\\/\"", "\"A/\"", NULL},
    {"a lone surrogate is no text", "string", "\"\\ud800\"", NULL, "no JSON"},
    {"bytes that are not UTF-8 are no text", "string", "\"\xff\"", NULL, "no JSON"},
    {"an empty list", "list<u8>", "[]", NULL, NULL},
    {"the item that does not fit is named", "list<u8>", "[1,256]", NULL, "[1]: the number"},
    {"an object is no list", "list<u8>", "{}", NULL, "want list, found object"},
    {"none is null", "option<string>", "null", NULL, NULL},
    {"some is the value", "option<string>", "\"\"", NULL, NULL},
    {"ok without payload", "result<_,string>", "{\"ok\":null}", NULL, NULL},
    {"err with payload", "result<_,string>", "{\"err\":\"e\"}", NULL, NULL},
    {"ok must not carry what its type has not", "result<_,string>", "{\"ok\":1}", NULL,
     "ok: it carries nothing"},
    {"ok must carry what its type has", "result<u8,_>", "{\"ok\":null}", NULL,
     "ok: want u8, found null"},
    {"a result is ok or err", "result<_,_>", "{\"yes\":null}", NULL, "want \"ok\" or \"err\""},
    {"a result is not both", "result<_,_>", "{\"ok\":null,\"err\":null}", NULL, "want result"},
    {"a result is no word", "result<_,_>", "\"ok\"", NULL, "want result, found string"},
    {"a case without payload is its name", "variant{a,b(u8)}", "\"a\"", NULL, NULL},
    {"a case with payload is an object", "variant{a,b(u8)}", "{\"b\":7}", NULL, NULL},
    {"a payload must be there", "variant{a,b(u8)}", "\"b\"", NULL, "b: want u8, found nothing"},
    {"a payload must not be there", "variant{a,b(u8)}", "{\"a\":null}", NULL,
     "a: want the name alone"},
    {"an unknown case is named", "variant{a,b(u8)}", "{\"c\":7}", NULL, "\"c\" is no case"},
    {"a variant is one case", "variant{a,b(u8)}", "{\"b\":7,\"a\":1}", NULL, "want variant"},
    {"an enum is a name", "enum{user,assistant}", "\"user\"", NULL, NULL},
    {"an unknown name is named", "enum{user,assistant}", "\"root\"", NULL, "\"root\" is no name"},
    {"flags stand in the type's order", "flags{a,b,c}", "[\"c\",\"a\"]", "[\"a\",\"c\"]", NULL},
    {"a flag stands once", "flags{a,b}", "[\"a\",\"a\"]", NULL, "there twice"},
    {"a tuple is an array", "tuple<u8,string>", "[1,\"x\"]", NULL, NULL},
    {"a tuple is as long as its type", "tuple<u8,string>", "[1]", NULL, "want an array of 2"},
    {"a record's members stand in the type's order", "record{a:u8,b:u8}", "{\"b\":2,\"a\":1}",
     "{\"a\":1,\"b\":2}", NULL},
    {"a missing option is none", "record{a:option<u8>,b:u8}", "{\"b\":2}", "{\"a\":null,\"b\":2}",
     NULL},
    {"a missing member is named", "record{a:u8,b:u8}", "{\"a\":1}", NULL,
     "b: want u8, found nothing"},
    {"an unknown member is named", "record{a:u8}", "{\"a\":1,\"z\":1}", NULL, "\"z\" is no member"},
    {"a member stands once", "record{a:u8}", "{\"a\":1,\"a\":1}", NULL, "there twice"},
    {"the way to the fault is told", "list<record{a:variant{b(list<bool>)}}>",
     "[{\"a\":{\"b\":[true,0]}}]", NULL, "[0]: a: b: [1]: want bool"},
    {"text behind the value is refused", "u8", "1 1", NULL, "no JSON: byte 2"},
    {"nothing is no value", "u8", "", NULL, "no JSON"},
};

static int round_trip(const struct type *type, struct str json, struct buf *buf, struct err *err)
{
	cleanup_with(wasmtime_component_val_delete) wasmtime_component_val_t val = LIFT_NOTHING;
	int r;

	r = lift_lower(type, json, &val, err);
	if (r < 0)
		return r;
	return lift_value(type, &val, buf, err);
}

TEST(values)
{
	TEST_ROWS(rows, row)
	{
		cleanup_with(type_free) struct type *type = NULL;
		cleanup_buf struct buf buf = BUF_INIT;
		struct err err = {0};
		int r;

		MUST(type_parse(str_of(row->type), &type, &err), &err);
		r = round_trip(type, str_of(row->json), &buf, &err);
		if (!row->fault) {
			if (r < 0)
				fail_msg("%s: %s", row->name, err.text);
			EXPECT_STR(row, buf_str(&buf), row->want ? row->want : row->json);
			continue;
		}
		EXPECT_EQ(row, r, ERR_INPUT);
		if (!strstr(err.text, row->fault))
			fail_msg("%s: \"%s\" does not say \"%s\"", row->name, err.text, row->fault);
	}
}

/* A value whose kind is not its type's is our own fault, found before JSON is written. */
TEST(a_wrong_kind_is_refused)
{
	static const struct {
		const char *name;
		const char *made_as, *taken_as;
		const char *json;
	} pairs[] = {
	    {"a number of another width", "u32", "u64", "1"},
	    {"a string for an enum", "string", "enum{a}", "\"a\""},
	    {"a name the enum has not", "enum{a,b}", "enum{a}", "\"b\""},
	    {"a case the variant has not", "variant{a,b}", "variant{a}", "\"b\""},
	    {"a payload the variant has not", "variant{a(u8)}", "variant{a}", "{\"a\":1}"},
	    {"a payload the result has not", "result<u8,_>", "result<_,_>", "{\"ok\":1}"},
	    {"a field too few", "record{a:u8}", "record{a:u8,b:u8}", "{\"a\":1}"},
	    {"a field of another name", "record{a:u8}", "record{b:u8}", "{\"a\":1}"},
	    {"a tuple of another length", "tuple<u8>", "tuple<u8,u8>", "[1]"},
	    {"an item of another kind", "list<u8>", "list<s8>", "[1]"},
	    {"an option of another kind", "option<u8>", "option<s8>", "1"},
	    {"a flag the type has not", "flags{a,b}", "flags{a}", "[\"b\"]"},
	};

	TEST_ROWS(pairs, row)
	{
		cleanup_with(wasmtime_component_val_delete) wasmtime_component_val_t val =
		    LIFT_NOTHING;
		cleanup_with(type_free) struct type *made = NULL, *taken = NULL;
		cleanup_buf struct buf buf = BUF_INIT;
		struct err err = {0};

		MUST(type_parse(str_of(row->made_as), &made, &err), &err);
		MUST(type_parse(str_of(row->taken_as), &taken, &err), &err);
		MUST(lift_lower(made, str_of(row->json), &val, &err), &err);
		EXPECT_EQ(row, lift_value(taken, &val, &buf, &err), ERR_INTERNAL);
	}
}

/* ---- every value of every type of the contract ------------------------------ */

static uint64_t state = 88172645463325252u;

static uint32_t chance(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % n;
}

static void invent(const struct type *type, struct buf *buf);

static void invent_members(const struct type *type, struct buf *buf)
{
	for (size_t i = 0; i < type->n_members; i++) {
		if (i)
			buf_addc(buf, ',');
		if (type->kind == TYPE_RECORD)
			buf_addf(buf, "\"%s\":", type->members[i].name);
		invent(type->members[i].type, buf);
	}
}

static void invent_string(struct buf *buf)
{
	static const char *const pieces[] = {"a",        "\\\"", "\\n", "\\u0001",
					     "\xc3\xa4", "{}",   "\\\\"};

	buf_addc(buf, '"');
	for (uint32_t i = chance(6); i; i--)
		buf_adds(buf, pieces[chance(7)]);
	buf_addc(buf, '"');
}

static void invent_case(const struct type *type, struct buf *buf)
{
	const struct type_member *member = &type->members[chance((uint32_t)type->n_members)];

	if (!member->type && type->kind != TYPE_RESULT) {
		buf_addf(buf, "\"%s\"", member->name);
		return;
	}
	buf_addf(buf, "{\"%s\":", member->name);
	if (member->type)
		invent(member->type, buf);
	else
		buf_adds(buf, "null");
	buf_addc(buf, '}');
}

static void invent_list(const struct type *type, struct buf *buf)
{
	buf_addc(buf, '[');
	for (uint32_t n = chance(4), i = 0; i < n; i++) {
		if (i)
			buf_addc(buf, ',');
		invent(type->members[0].type, buf);
	}
	buf_addc(buf, ']');
}

static void invent_number(const struct type *type, struct buf *buf)
{
	const struct lift_kind *kind = &lift_kinds[type->kind];

	if (kind->min < 0 && chance(2))
		buf_addf(buf, "%lld", (long long)(chance(2) ? kind->min : -1));
	else
		buf_addu(buf, chance(2) ? kind->max : chance(100));
}

static void invent(const struct type *type, struct buf *buf)
{
	switch (type->kind) {
	case TYPE_BOOL:
		return buf_adds(buf, chance(2) ? "true" : "false");
	case TYPE_STRING:
		return invent_string(buf);
	case TYPE_LIST:
		return invent_list(type, buf);
	case TYPE_OPTION:
		return chance(2) ? buf_adds(buf, "null") : invent(type->members[0].type, buf);
	case TYPE_RECORD:
		buf_addc(buf, '{');
		invent_members(type, buf);
		return buf_addc(buf, '}');
	case TYPE_RESULT:
	case TYPE_VARIANT:
	case TYPE_ENUM:
		return invent_case(type, buf);
	default:
		return invent_number(type, buf);
	}
}

static void check_args(const struct type *func)
{
	wasmtime_component_val_t vals[8] = {0};
	cleanup_buf struct buf json = BUF_INIT, again = BUF_INIT;
	struct err err = {0};

	buf_addc(&json, '[');
	invent_members(func, &json);
	buf_addc(&json, ']');
	assert_true(func->n_members <= 8);
	MUST(lift_lower_args(func, buf_str(&json), vals, &err), &err);
	MUST(lift_args(func, vals, func->n_members, &again, &err), &err);
	for (size_t i = 0; i < 8; i++)
		wasmtime_component_val_delete(&vals[i]);
	assert_string_equal(again.data, json.data);
}

TEST(what_is_lowered_is_lifted_the_same)
{
	for (size_t i = 0; i < contract_len * 200; i++) {
		cleanup_with(type_free) struct type *func = NULL;
		cleanup_buf struct buf json = BUF_INIT, again = BUF_INIT;
		struct err err = {0};

		MUST(type_parse(str_of(contract[i % contract_len].type), &func, &err), &err);
		check_args(func);
		if (!func->result)
			continue;
		invent(func->result, &json);
		if (round_trip(func->result, buf_str(&json), &again, &err) < 0)
			fail_msg("%s: %s", json.data, err.text);
		assert_string_equal(again.data, json.data);
	}
}

TEST_MAIN(RUN(values), RUN(a_wrong_kind_is_refused), RUN(what_is_lowered_is_lifted_the_same))
