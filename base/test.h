/*
 * Table-driven tests on top of cmocka.  The names of the rows are sentences:
 * the table is the specification and a failure reads as one.
 *
 *   static const struct row { const char *name; ... } rows[] = { ... };
 *   TEST(adds) { TEST_ROWS(rows, row) { EXPECT_EQ(row, f(row->in), row->want); } }
 *   TEST_MAIN(RUN(adds), RUN(other))
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define TEST(name) static void test_##name(void **test_state_ __attribute__((unused)))
#define RUN(name)  cmocka_unit_test_prefix(name)
#define cmocka_unit_test_prefix(name_) { #name_, test_##name_, NULL, NULL, NULL }

#define TEST_ROWS(rows, row) \
	for (__typeof__(&(rows)[0]) row = (rows); row < (rows) + sizeof(rows) / sizeof((rows)[0]); row++)

#define TEST_MAIN(...)                                                     \
	int main(void)                                                     \
	{                                                                  \
		const struct CMUnitTest tests[] = { __VA_ARGS__ };         \
		return cmocka_run_group_tests(tests, NULL, NULL);          \
	}

#define EXPECT_EQ(row, got, want)                                                            \
	do {                                                                                 \
		long long got_ = (long long)(got), want_ = (long long)(want);                \
		if (got_ != want_)                                                           \
			fail_msg("%s: %s is %lld, want %lld", (row)->name, #got, got_, want_); \
	} while (0)

#define EXPECT_TRUE(row, what)                                        \
	do {                                                          \
		if (!(what))                                          \
			fail_msg("%s: not so: %s", (row)->name, #what); \
	} while (0)

/* got: struct str; want: C string */
#define EXPECT_STR(row, got, want)                                                        \
	do {                                                                              \
		struct str got_ = (got);                                                  \
		if (!str_is(got_, want))                                                  \
			fail_msg("%s: %s is \"%.*s\", want \"%s\"", (row)->name, #got,    \
				 STR_ARG(got_), want);                                    \
	} while (0)

/* A call that must succeed; prints the error's sentence when it does not. */
#define MUST(call, err)                                              \
	do {                                                         \
		if ((call) < 0)                                      \
			fail_msg("%s: %s", #call, (err)->text);      \
	} while (0)
