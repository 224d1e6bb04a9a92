#include "base/json.h"

#include "base/cleanup.h"
#include "base/test.h"

static const struct read_row {
	const char *name, *text;
	enum json_fault want;
} read_rows[] = {
	{ "an object", "{\"a\":[1,2]}", JSON_OK },
	{ "a bare value", "3", JSON_OK },
	{ "nothing", "", JSON_SYNTAX },
	{ "trailing garbage", "{} x", JSON_SYNTAX },
	{ "a trailing comma", "[1,]", JSON_SYNTAX },
	{ "bad UTF-8 in a string", "\"\xff\"", JSON_SYNTAX },
	{ "half a surrogate", "\"\\ud800\"", JSON_SYNTAX },
};

TEST(read)
{
	TEST_ROWS (read_rows, row) {
		enum json_fault fault;
		cleanup_json yyjson_doc *doc = json_read(str_of(row->text), &fault, NULL);

		EXPECT_EQ(row, fault, row->want);
		EXPECT_EQ(row, doc != NULL, row->want == JSON_OK);
	}
}

TEST(depth_is_limited_outside_strings_only)
{
	cleanup_buf struct buf deep = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	enum json_fault fault;

	for (int i = 0; i < 200; i++)
		buf_addc(&deep, '[');
	assert_null(json_read(buf_str(&deep), &fault, NULL));
	assert_int_equal(fault, JSON_TOO_DEEP);
	buf_clear(&deep);
	buf_addc(&deep, '"');
	for (int i = 0; i < 200; i++)
		buf_adds(&deep, "[\\\"");
	buf_addc(&deep, '"');
	doc = json_read(buf_str(&deep), &fault, NULL);
	assert_non_null(doc);
}

/* A string ends where it ends, at whatever place of the eight bytes that are
 * looked at together; what follows counts again. */
TEST(depth_counts_again_behind_a_string_of_any_length)
{
	for (size_t len = 0; len < 40; len++) {
		cleanup_buf struct buf text = BUF_INIT;
		enum json_fault fault;

		buf_addc(&text, '[');
		buf_addc(&text, '"');
		for (size_t i = 0; i < len; i++)
			buf_adds(&text, i % 7 == 6 ? "\\\"" : i % 5 == 4 ? "\xc3\xa9" : "[");
		buf_adds(&text, "\",");
		for (int i = 0; i < 200; i++)
			buf_addc(&text, '[');
		assert_null(json_read(buf_str(&text), &fault, NULL));
		assert_int_equal(fault, JSON_TOO_DEEP);
	}
}

TEST(write)
{
	cleanup_buf struct buf buf = BUF_INIT;
	struct json w = json_to(&buf);

	json_object(&w);
	json_kv(&w, "t", STR("a\"\\\n\x01\x7f\xc3\xa9\xff"));
	json_key(&w, "l");
	json_array(&w);
	json_put_int(&w, INT64_MIN);
	json_put_uint(&w, UINT64_MAX);
	json_put_null(&w);
	json_object(&w);
	json_end(&w);
	json_end(&w);
	json_kv_bool(&w, "b", true);
	json_end(&w);
	assert_string_equal(
		buf.data, "{\"t\":\"a\\\"\\\\\\n\\u0001\\u007f\xc3\xa9\xef\xbf\xbd\","
			  "\"l\":[-9223372036854775808,18446744073709551615,null,{}],\"b\":true}");
}

/* Strings are looked at eight bytes at a time: each byte at each of their places,
 * beside neighbours that a borrow could come from or go to. */
TEST(every_byte_at_every_place_reads_back)
{
	static const char beside[] = "ax\x1f\x01 \"\\\x7f";

	for (unsigned int place = 0; place < 17; place++)
		for (unsigned int byte = 1; byte < 0x80; byte++)
			for (size_t i = 0; i + 1 < sizeof(beside); i++) {
				cleanup_buf struct buf buf = BUF_INIT;
				struct json w = json_to(&buf);
				char text[19];
				cleanup_json yyjson_doc *doc = NULL;

				memset(text, beside[i], sizeof(text));
				text[place] = (char)byte;
				json_put(&w, (struct str){ text, sizeof(text) });
				doc = json_read(buf_str(&buf), NULL, NULL);
				assert_non_null(doc);
				assert_true(str_eq(json_text(yyjson_doc_get_root(doc)),
				                   (struct str){ text, sizeof(text) }));
			}
}

TEST(what_is_written_reads_back)
{
	cleanup_buf struct buf buf = BUF_INIT;
	struct json w = json_to(&buf);
	cleanup_json yyjson_doc *doc = NULL;
	char all[256];

	for (int i = 0; i < 255; i++)
		all[i] = (char)(i % 127 + 1);
	json_put(&w, (struct str){ all, 255 });
	doc = json_read(buf_str(&buf), NULL, NULL);
	assert_non_null(doc);
	assert_true(str_eq(json_text(yyjson_doc_get_root(doc)), (struct str){ all, 255 }));
}

TEST_MAIN(RUN(read), RUN(depth_is_limited_outside_strings_only),
          RUN(depth_counts_again_behind_a_string_of_any_length), RUN(write),
          RUN(every_byte_at_every_place_reads_back), RUN(what_is_written_reads_back))
