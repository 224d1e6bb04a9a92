#include "llm/reply.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/test.h"
#include "llm/llm.h"
#include "llm/wire/blocks.h"

static const struct input_row {
	const char *name, *input, *want;
} input_rows[] = {
    {"an object goes as the model wrote it, blanks too", "{\"a\":  1}", "{\"a\":  1}"},
    {"no input is an empty object", "", "{}"},
    {"blanks are no input", " \n", "{}"},
    {"half an object is wrapped", "{\"a\":", "{\"invalid-json\":\"{\\\"a\\\":\"}"},
    {"a list is wrapped", "[1]", "{\"invalid-json\":\"[1]\"}"},
};

TEST(input)
{
	TEST_ROWS(input_rows, row)
	{
		cleanup_buf struct buf value = BUF_INIT, text = BUF_INIT;
		struct json w = json_to(&value), t = json_to(&text);
		cleanup_json yyjson_doc *doc = NULL;

		block_put_input(&w, str_of(row->input));
		EXPECT_STR(row, buf_str(&value), row->want);
		block_put_input_text(&t, str_of(row->input));
		doc = json_read(buf_str(&text), NULL, NULL);
		EXPECT_STR(row, json_text(yyjson_doc_get_root(doc)), row->want);
	}
}

static void make_call(struct reply *reply, const char *input, bool is_whole)
{
	struct reply_block *block;
	struct err err;

	MUST(reply_add(reply, REPLY_TOOL, 0, &block, &err), &err);
	MUST(reply_grow_part(reply, &block->id, STR("i"), &err), &err);
	MUST(reply_grow_part(reply, &block->name, STR("n"), &err), &err);
	MUST(reply_grow(reply, block, str_of(input), &err), &err);
	block->is_whole = is_whole;
}

static const struct cut_row {
	const char *name, *input;
	bool is_whole;
	enum reply_stop stop;
	bool is_kept;
} cut_rows[] = {
    {"a whole call", "{\"a\":1}", true, REPLY_TOOL_USE, true},
    {"a whole call before the limit", "{\"a\":1}", true, REPLY_MAX_TOKENS, true},
    {"a call without input before the limit", "", true, REPLY_MAX_TOKENS, true},
    {"a call that the limit cut", "{\"a\":", true, REPLY_MAX_TOKENS, false},
    {"a call whose end was not heard", "{\"a\":1}", false, REPLY_MAX_TOKENS, false},
    {"bad input without a limit is for the agent to answer", "{\"a\":", true, REPLY_TOOL_USE, true},
};

TEST(a_call_that_was_cut_is_left_out)
{
	TEST_ROWS(cut_rows, row)
	{
		cleanup_reply struct reply reply = {0};
		cleanup_buf struct buf text = BUF_INIT;
		struct json w = json_to(&text);

		reply_init(&reply, NULL);
		make_call(&reply, row->input, row->is_whole);
		reply.stop = row->stop;
		reply_write(&reply, &w);
		EXPECT_EQ(row, strstr(text.data, "tool-use\":{") != NULL, row->is_kept);
	}
}

TEST(a_reply_has_a_largest_size)
{
	static char page[1 << 20];
	cleanup_reply struct reply reply = {0};
	struct reply_block *block;
	struct err err;
	int r = 0;

	reply_init(&reply, NULL);
	MUST(reply_add(&reply, REPLY_TEXT, 0, &block, &err), &err);
	for (size_t i = 0; r == 0 && i < REPLY_SIZE_MAX / sizeof(page); i++)
		r = reply_grow(&reply, block, (struct str){page, sizeof(page)}, &err);
	assert_int_equal(r, 0);
	assert_int_equal(reply_grow(&reply, block, STR("x"), &err), ERR_LIMIT);
	reply_reset(&reply);
	for (int i = 0; i < REPLY_BLOCKS_MAX; i++)
		MUST(reply_add(&reply, REPLY_TEXT, i, &block, &err), &err);
	assert_int_equal(reply_add(&reply, REPLY_TEXT, 0, &block, &err), ERR_LIMIT);
}

TEST_MAIN(RUN(input), RUN(a_call_that_was_cut_is_left_out), RUN(a_reply_has_a_largest_size))
