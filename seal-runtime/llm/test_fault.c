#include "llm/fault.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/test.h"
#include "base/utf8.h"

static const struct read_row {
	const char *name;
	long status;
	const char *body;
	enum fault_kind kind;
	const char *words;
} read_rows[] = {
    {"the provider's word counts more than the status", 400,
     "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}", FAULT_OVERLOADED, "m"},
    {"the code counts more than the type", 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"context_length_exceeded\","
     "\"message\":\"m\"}}",
     FAULT_CONTEXT_OVERFLOW, "m"},
    {"a detail counts more than both", 429,
     "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\",\"details\":"
     "{\"error_code\":\"enforced_spend_limit_reached\"}}}",
     FAULT_BUDGET, "m"},
    {"the status decides when no word is known", 401, "{\"error\":{\"message\":\"who?\"}}",
     FAULT_AUTH, "who?"},
    {"a number in the body stands for a status", 200,
     "{\"error\":{\"code\":429,\"message\":\"slow\"}}", FAULT_RATE_LIMITED, "slow"},
    {"a string is a message", 404, "{\"error\":\"no such model\"}", FAULT_INVALID, "no such model"},
    {"a list holds the error", 400, "[{\"error\":{\"message\":\"in a list\"}}]", FAULT_INVALID,
     "in a list"},
    {"text that is no JSON is the message", 502, "  Bad Gateway\n", FAULT_OVERLOADED,
     "Bad Gateway"},
    {"nothing at all", 500, "", FAULT_OVERLOADED, "no reason given"},
    {"bytes that are no text", 400, "\xff\xfe", FAULT_INVALID, "bytes that are no text"},
    {"an unknown status is a bad request", 451, "{}", FAULT_INVALID, "451"},
};

TEST(read)
{
	TEST_ROWS(read_rows, row)
	{
		struct fault fault = {0};

		fault_read(&fault, row->status, "p", str_of(row->body));
		EXPECT_EQ(row, fault.kind, row->kind);
		EXPECT_TRUE(row, strstr(fault.text, row->words));
		EXPECT_TRUE(row, strstr(fault.text, "; ")); /* the remedy */
		EXPECT_TRUE(row, utf8_valid(str_of(fault.text)));
	}
}

TEST(a_secret_is_covered_wherever_it_stands)
{
	struct fault fault = {0};

	fault_set(&fault, FAULT_AUTH, "bad key sk-1234, twice: sk-1234");
	fault_redact(&fault, STR("sk-1234"));
	assert_string_equal(fault.text, "bad key *******, twice: *******");
	fault_redact(&fault, STR(""));
	fault_redact(&fault, STR("ba"));
	assert_string_equal(fault.text, "bad key *******, twice: *******");
}

TEST(a_long_message_is_cut_between_characters)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct fault fault = {0};

	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "\xc3\xa9");
	buf_addc(&text, 'x');
	fault_set(&fault, FAULT_INVALID, "x%s", text.data);
	assert_true(utf8_valid(str_of(fault.text)));
	assert_true(strlen(fault.text) > 1000);
}

TEST(each_kind_has_its_name_of_the_contract)
{
	static const char *const names[] = {
	    "cancelled",        "auth",   "rate-limited", "overloaded",
	    "context-overflow", "budget", "network",      "invalid"};

	assert_int_equal(FAULT_KINDS - 1, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cleanup_buf struct buf text = BUF_INIT;
		struct json w = json_to(&text);
		struct fault fault = {.kind = fault_of(str_of(names[i])), .text = "t"};

		assert_int_equal(fault.kind, i + 1);
		assert_string_equal(fault_name(fault.kind), names[i]);
		fault_write(&fault, &w);
		assert_non_null(strstr(text.data, names[i]));
		assert_int_equal(text.data[0], fault.kind == FAULT_CANCELLED ? '"' : '{');
	}
	assert_int_equal(fault_of(STR("none")), FAULT_NONE);
}

TEST_MAIN(RUN(read), RUN(a_secret_is_covered_wherever_it_stands),
	  RUN(a_long_message_is_cut_between_characters),
	  RUN(each_kind_has_its_name_of_the_contract))
