#include "base/test.h"

#include "base/arena.h"

TEST(pieces_are_zeroed_aligned_and_apart)
{
	cleanup_arena struct arena arena = arena_make(1 << 20, NULL, NULL);
	char *last = NULL;

	for (size_t size = 1; size < 500; size++) {
		char *piece = arena_take(&arena, size);

		assert_non_null(piece);
		assert_int_equal((uintptr_t)piece % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 'x', size);
		if (last)
			assert_int_equal(*last, 'x');
		last = piece;
	}
}

static void count(void *ctx)
{
	++*(int *)ctx;
}

TEST(the_limit_calls_the_owner)
{
	int calls = 0;
	cleanup_arena struct arena arena = arena_make(20000, count, &calls);

	assert_non_null(arena_take(&arena, 10000));
	assert_null(arena_take(&arena, 10001));
	assert_int_equal(calls, 1);
	assert_null(arena_take(&arena, SIZE_MAX - 3));
	assert_int_equal(calls, 2);
}

TEST(copies_and_joins_are_terminated)
{
	cleanup_arena struct arena arena = arena_make(1 << 20, NULL, NULL);

	assert_string_equal(arena_copy(&arena, STR("abc")).data, "abc");
	assert_string_equal(arena_join(&arena, STR("a"), "/", "b", (char *)NULL).data, "a/b");
}

TEST_MAIN(RUN(pieces_are_zeroed_aligned_and_apart), RUN(the_limit_calls_the_owner),
	  RUN(copies_and_joins_are_terminated))
