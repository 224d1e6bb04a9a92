#include "base/err.h"
#include "base/test.h"
#include "gate/gate.h"
#include "host/contract.h"
#include "host/type.h"

static const struct row {
	const char *name;
	const char *text;
	const char *want; /* NULL: it is a type; else what the error says */
} rows[] = {
    {"a plain type is a type", "u64", NULL},
    {"lists nest", "list<list<string>>", NULL},
    {"either side of a result may carry nothing", "result<_,_>", NULL},
    {"a function may return nothing", "func(text:string)", NULL},
    {"a function may take nothing", "func()->bool", NULL},
    {"cases with and without payload stand together", "variant{a(u8),b}", NULL},
    {"names may hold digits and hyphens", "record{base64:bool,a-b2:s8}", NULL},
    {"an option of an option has no JSON form", "option<option<u8>>", "no option of an option"},
    {"an option of a list of options has one", "option<list<option<u8>>>", NULL},
    {"floats have no exact JSON form", "f64", "a type that JSON can carry"},
    {"a handle is no value", "own", "a type that JSON can carry"},
    {"a function is no value", "list<func()>", "a type that JSON can carry"},
    {"a field needs its type", "record{a}", "want ':'"},
    {"a bracket must be closed", "list<u8", "a closing bracket"},
    {"a result has two sides", "result<u8>", "another number of members"},
    {"nothing may follow", "u8 ", "byte 2: want the end"},
    {"nothing is no type", "", "byte 0"},
};

TEST(texts)
{
	TEST_ROWS(rows, row)
	{
		cleanup_with(type_free) struct type *type = NULL;
		struct err err = {0};
		int r = type_parse(str_of(row->text), &type, &err);

		if (!row->want) {
			if (r < 0)
				fail_msg("%s: %s", row->name, err.text);
			continue;
		}
		EXPECT_EQ(row, r, ERR_INPUT);
		if (!strstr(err.text, row->want))
			fail_msg("%s: \"%s\" does not say \"%s\"", row->name, err.text, row->want);
	}
}

TEST(depth_is_limited)
{
	cleanup_with(type_free) struct type *type = NULL;
	char text[40 * 5 + 3] = "";
	struct err err = {0};

	for (int i = 0; i < 40; i++)
		memcpy(text + i * 5, "list<", 5);
	memcpy(text + sizeof(text) - 3, "u8", 2);
	assert_int_equal(type_parse(str_of(text), &type, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "fewer levels"));
}

/* The table made from wit/agent.wit, both of its readers. */
TEST(the_contract_is_readable_and_has_ids)
{
	bool seen[64] = {false};
	int n_imports = 0;

	for (size_t i = 0; i < contract_len; i++) {
		cleanup_with(type_free) struct type *type = NULL;
		struct err err = {0};
		int id = contract_id(&contract[i]);

		MUST(type_parse(str_of(contract[i].type), &type, &err), &err);
		assert_int_equal(type->kind, TYPE_FUNC);
		if (!contract[i].interface[0])
			continue;
		if (id < 0 || seen[id])
			fail_msg("%s#%s: id %d", contract[i].interface, contract[i].name, id);
		seen[id] = true;
		n_imports++;
	}
	assert_int_equal(n_imports, GATE_CALL_MAX);
}

TEST_MAIN(RUN(texts), RUN(depth_is_limited), RUN(the_contract_is_readable_and_has_ids))
