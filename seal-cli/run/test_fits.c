#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/test.h"
#include "seal-cli/run/fits.h"

static const struct row {
	const char *name, *schema, *value;
	const char *why; /* NULL: it fits */
} rows[] = {
	{ "the empty schema takes everything", "{}", "[1]", NULL },
	{ "a type is a type", "{\"type\":\"object\"}", "[]",
	  "the answer: must be of type \"object\"" },
	{ "one of two types", "{\"type\":[\"string\",\"null\"]}", "null", NULL },
	{ "1.0 is an integer", "{\"type\":\"integer\"}", "1.0", NULL },
	{ "1.5 is none", "{\"type\":\"integer\"}", "1.5",
	  "the answer: must be of type \"integer\"" },
	{ "true is no number", "{\"type\":\"number\"}", "true",
	  "the answer: must be of type \"number\"" },
	{ "a member that is required and missing", "{\"required\":[\"a\"]}", "{}",
	  "the answer: lacks the member \"a\"" },
	{ "a member of a wrong type is named",
	  "{\"properties\":{\"a\":{\"items\":{\"type\":\"string\"}}}}", "{\"a\":[\"x\",2]}",
	  "/a/1: must be of type \"string\"" },
	{ "a member too many", "{\"properties\":{\"a\":{}},\"additionalProperties\":false}",
	  "{\"a\":1,\"b\":2}", "/b: must not be there" },
	{ "a member too many with a schema", "{\"additionalProperties\":{\"type\":\"string\"}}",
	  "{\"b\":2}", "/b: must be of type \"string\"" },
	{ "one of a list", "{\"enum\":[\"a\",2]}", "2", NULL },
	{ "none of a list", "{\"enum\":[\"a\",2]}", "\"b\"",
	  "the answer: must be one of [\"a\",2]" },
	{ "a constant", "{\"const\":{\"a\":1}}", "{\"a\":2}", "the answer: must be {\"a\":1}" },
	{ "anyOf", "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1",
	  "the answer: fits none of anyOf" },
	{ "oneOf that both fit", "{\"oneOf\":[{},{}]}", "1",
	  "the answer: must fit exactly one of oneOf" },
	{ "allOf", "{\"allOf\":[{},{\"minimum\":3}]}", "2", "the answer: must be at least 3" },
	{ "a reference", "{\"$ref\":\"#/$defs/n\",\"$defs\":{\"n\":{\"maximum\":3}}}", "4",
	  "the answer: must be at most 3" },
	{ "a reference in a circle ends", "{\"$ref\":\"#\"}", "4",
	  "the answer: is nested too deeply for the schema" },
	{ "characters, not bytes", "{\"maxLength\":2}", "\"\xc3\xa4\xc3\xb6\"", NULL },
	{ "too long", "{\"maxLength\":2}", "\"abc\"", "the answer: is longer than 2" },
	{ "too few", "{\"minItems\":1}", "[]", "the answer: has fewer items than 1" },
};

TEST(values)
{
	TEST_ROWS (rows, row) {
		cleanup_json yyjson_doc *schema = json_read(str_of(row->schema), NULL, NULL);
		cleanup_json yyjson_doc *value = json_read(str_of(row->value), NULL, NULL);
		cleanup_buf struct buf why = BUF_INIT;
		struct err err = { 0 };

		EXPECT_EQ(row, fits_check_schema(yyjson_doc_get_root(schema), &err), 0);
		EXPECT_EQ(row, fits(yyjson_doc_get_root(schema), yyjson_doc_get_root(value), &why),
		          row->why == NULL);
		EXPECT_STR(row, buf_str(&why), row->why ? row->why : "");
	}
}

static const struct bad_row {
	const char *name, *schema, *says;
} bad_rows[] = {
	{ "a keyword that is not checked is refused, however deep",
	  "{\"properties\":{\"a\":{\"pattern\":\"x\"}}}", "\"pattern\"" },
	{ "a wrong form", "{\"required\":\"a\"}", "\"required\"" },
	{ "a reference to nowhere", "{\"$ref\":\"#/a\"}", "\"$ref\"" },
	{ "a reference to the network", "{\"$ref\":\"http://example.com/a\"}", "\"$ref\"" },
	{ "a schema that is none", "[]", "an object" },
	{ "a schema in a list that is none", "{\"anyOf\":[1]}", "an object" },
};

TEST(schemas)
{
	TEST_ROWS (bad_rows, row) {
		cleanup_json yyjson_doc *schema = json_read(str_of(row->schema), NULL, NULL);
		struct err err = { 0 };

		EXPECT_EQ(row, fits_check_schema(yyjson_doc_get_root(schema), &err), ERR_INPUT);
		if (!strstr(err.text, row->says))
			fail_msg("%s: %s", row->name, err.text);
	}
}

TEST_MAIN(RUN(values), RUN(schemas))
