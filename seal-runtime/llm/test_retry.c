#include "llm/retry.h"

#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"
#include "llm/http.h"

static const struct wanted_row {
	const char *name;
	enum http_outcome outcome;
	bool is_lasting;
	long status;
	const char *should_retry;
	bool want;
} wanted_rows[] = {
    {"a request that timed out at the server", HTTP_DONE, false, 408, "", true},
    {"a conflict", HTTP_DONE, false, 409, "", true},
    {"too many requests", HTTP_DONE, false, 429, "", true},
    {"an internal error", HTTP_DONE, false, 500, "", true},
    {"overloaded", HTTP_DONE, false, 529, "", true},
    {"a bad request stays bad", HTTP_DONE, false, 400, "", false},
    {"a bad key stays bad", HTTP_DONE, false, 401, "", false},
    {"success is not tried again", HTTP_DONE, false, 200, "", false},
    {"the server's no counts more than the status", HTTP_DONE, false, 503, "false", false},
    {"the server's yes counts more than the status", HTTP_DONE, false, 400, "true", true},
    {"a word that is neither yes nor no does not count", HTTP_DONE, false, 400, "maybe", false},
    {"a connection that broke", HTTP_BROKEN, false, 0, "", true},
    {"a certificate that is not trusted stays so", HTTP_BROKEN, true, 0, "", false},
    {"what was cancelled stays cancelled", HTTP_CANCELLED, false, 500, "true", false},
};

static void copy(char *to, size_t size, const char *text)
{
	(void)snprintf(to, size, "%s", text);
}

TEST(wanted)
{
	TEST_ROWS(wanted_rows, row)
	{
		struct http_result result = {.outcome = row->outcome,
					     .is_lasting = row->is_lasting};

		result.head.status = row->status;
		copy(result.head.should_retry, sizeof(result.head.should_retry), row->should_retry);
		EXPECT_EQ(row, retry_is_wanted(&result), row->want);
	}
}

#define NOW 1445412440 /* Wed, 21 Oct 2015 07:27:20 GMT */

static const struct asked_row {
	const char *name, *after, *after_ms;
	long long want;
} asked_rows[] = {
    {"nothing is asked", "", "", -1},
    {"seconds", "2", "", 2000},
    {"parts of a second", "0.25", "", 250},
    {"milliseconds go first", "2", "30", 30},
    {"a date to come", "Wed, 21 Oct 2015 07:28:00 GMT", "", 40000},
    {"a date that is past means now", "Wed, 21 Oct 2015 07:00:00 GMT", "", 0},
    {"less than nothing is nothing", "-5", "", -1},
    {"what is no number is nothing", "soon", "", -1},
    {"a number with a tail is nothing", "5 apples", "", -1},
    {"not a number", "nan", "inf", -1},
    {"a date with a tail is nothing", "Wed, 21 Oct 2015 07:28:00 GMT+1", "", -1},
};

TEST(asked)
{
	TEST_ROWS(asked_rows, row)
	{
		struct http_result result = {.outcome = HTTP_DONE};

		copy(result.head.retry_after, sizeof(result.head.retry_after), row->after);
		copy(result.head.retry_after_ms, sizeof(result.head.retry_after_ms), row->after_ms);
		EXPECT_EQ(row, retry_asked_ms(&result, NOW), row->want);
	}
}

static const struct reset_row {
	const char *name, *text;
	long long want;
} reset_rows[] = {
    {"a date to come", "2015-10-21T07:28:00Z", 40000},
    {"a date with a fraction", "2015-10-21T07:28:00.5Z", 40000},
    {"a date that is past means now", "2015-10-21T07:00:00Z", 0},
    {"a duration of two units", "1m30s", 90000},
    {"milliseconds", "250ms", 250},
    {"seconds with a fraction", "1.5s", 1500},
    {"hours", "2h0m0s", 7200000},
    {"seconds since 1970", "1445412482", 42000},
    {"milliseconds since 1970", "1445412441500", 1500},
    {"a unit that is not known", "5d", -1},
    {"a number that is no time", "5", -1},
    {"less than nothing", "-5s", -1},
    {"not a number", "nan", -1},
    {"nothing", "", -1},
};

TEST(resets)
{
	TEST_ROWS(reset_rows, row) EXPECT_EQ(row, retry_reset_ms(row->text, NOW), row->want);
}

TEST(the_limit_that_is_used_up_longest_is_waited_for)
{
	struct http_result result = {.outcome = HTTP_DONE, .head = {.status = 429}};
	struct http_limit *limits = result.head.limits;

	limits[0] = (struct http_limit){"0", "2015-10-21T07:27:25Z"};
	limits[1] = (struct http_limit){"7", "2015-10-21T07:40:00Z"};
	limits[5] = (struct http_limit){"0", "9s"};
	assert_int_equal(retry_asked_ms(&result, NOW), 9000);
	copy(result.head.retry_after, sizeof(result.head.retry_after), "2");
	assert_int_equal(retry_asked_ms(&result, NOW), 2000);
	result.head.retry_after[0] = '\0';
	result.head.status = 500;
	assert_int_equal(retry_asked_ms(&result, NOW), -1);
}

static const struct backoff_row {
	const char *name;
	unsigned int tries;
	long long most;
} backoff_rows[] = {
    {"half a second at first", 0, 500},
    {"then a second", 1, 1000},
    {"eight seconds at most", 4, 8000},
    {"also much later", 60, 8000},
};

TEST(backoff_is_spread_over_a_quarter)
{
	TEST_ROWS(backoff_rows, row)
	{
		bool is_spread = false;
		int64_t first = retry_backoff_ms(row->tries);

		for (int i = 0; i < 100; i++) {
			int64_t ms = retry_backoff_ms(row->tries);

			EXPECT_TRUE(row, ms <= row->most && ms >= row->most * 3 / 4);
			is_spread = is_spread || ms != first;
		}
		EXPECT_TRUE(row, is_spread);
	}
}

TEST(waiting_ends_with_the_time_or_the_cancel)
{
	int fds[2];
	int64_t started = retry_now_ms();

	assert_int_equal(pipe(fds), 0);
	assert_false(retry_is_cancelled(-1));
	assert_false(retry_is_cancelled(fds[0]));
	assert_false(retry_wait(fds[0], 20));
	assert_true(retry_now_ms() - started >= 20);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_true(retry_wait(fds[0], 60000));
	assert_true(retry_is_cancelled(fds[0]));
	(void)close(fds[0]);
	(void)close(fds[1]);
}

TEST_MAIN(RUN(wanted), RUN(asked), RUN(resets), RUN(the_limit_that_is_used_up_longest_is_waited_for),
	  RUN(backoff_is_spread_over_a_quarter),
	  RUN(waiting_ends_with_the_time_or_the_cancel))
