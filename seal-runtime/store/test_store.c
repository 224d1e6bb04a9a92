#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/test.h"

static char dir[64];
static struct store *store;

static void begin(void)
{
	struct err err;

	snprintf(dir, sizeof(dir), "/tmp/seal-store-XXXXXX");
	assert_non_null(mkdtemp(dir));
	MUST(store_open(dir, &store, &err), &err);
}

static void again(void)
{
	struct err err;

	store_free(store);
	MUST(store_open(dir, &store, &err), &err);
}

static void remove_in(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (entry->d_type != DT_DIR)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	(void)rmdir(folder);
}

static void end(void)
{
	char storage[96];

	store_free(store);
	snprintf(storage, sizeof(storage), "%s/storage", dir);
	remove_in(storage);
	remove_in(dir);
}

static const struct key_row {
	const char *name;
	struct str key;
	bool good;
} key_rows[] = {
	{ "a plain key", STR("history"), true },
	{ "a key with folders", STR("a/b/c"), true },
	{ "a key that only looks like a way up", STR("../../etc/passwd"), true },
	{ "a single dot", STR("."), true },
	{ "an empty key", STR(""), false },
	{ "a capital letter", STR("History"), false },
	{ "a NUL byte", STR("a\0b"), false },
	{ "a plus, which stands for a slash on disk", STR("a+b"), false },
	{ "a letter that is not ASCII", STR("\xc3\xa4"), false },
	{ "a blank", STR("a b"), false },
};

TEST(keys)
{
	begin();
	TEST_ROWS(key_rows, row) {
		struct err err;
		struct buf got = BUF_INIT;
		bool found = false;
		int r = store_save(store, row->key, row->key, &err);

		EXPECT_EQ(row, r >= 0, row->good);
		if (row->good) {
			MUST(store_load(store, row->key, &found, &got, &err), &err);
			EXPECT_TRUE(row, found && str_eq(buf_str(&got), row->key));
		} else {
			EXPECT_EQ(row, r, ERR_INPUT);
		}
		buf_fini(&got);
	}
	end();
}

TEST(lists_in_key_order_and_by_prefix)
{
	struct err err;
	struct buf json = BUF_INIT;
	const char *keys[] = { "a/b", "a-c", "b", "a" };

	begin();
	for (size_t i = 0; i < 4; i++)
		MUST(store_save(store, str_of(keys[i]), STR("x"), &err), &err);
	MUST(store_list(store, STR("a"), &json, &err), &err);
	assert_string_equal(json.data, "[\"a\",\"a-c\",\"a/b\"]");
	MUST(store_delete(store, STR("a-c"), &err), &err);
	MUST(store_delete(store, STR("never"), &err), &err);
	buf_clear(&json);
	MUST(store_list(store, STR(""), &json, &err), &err);
	assert_string_equal(json.data, "[\"a\",\"a/b\",\"b\"]");
	buf_fini(&json);
	end();
}

TEST(a_longest_key_fits_and_a_longer_one_does_not)
{
	char key[STORE_KEY_MAX + 1];
	struct err err;

	begin();
	memset(key, 'k', sizeof(key));
	MUST(store_save(store, (struct str){ key, STORE_KEY_MAX }, STR("v"), &err), &err);
	assert_int_equal(store_save(store, (struct str){ key, STORE_KEY_MAX + 1 }, STR("v"), &err),
			 ERR_INPUT);
	end();
}

TEST(the_quota_counts_what_is_there_after_a_restart)
{
	struct buf big = BUF_INIT;
	struct err err;
	char key[2] = "a";
	int r = 0;

	begin();
	assert_non_null(buf_reserve(&big, STORE_VALUE_MAX + 1));
	memset(big.data, 'x', STORE_VALUE_MAX + 1);
	assert_int_equal(store_save(store, STR("a"), (struct str){ big.data, STORE_VALUE_MAX + 1 }, &err),
			 ERR_LIMIT);
	/* Sparse files stand in for values: the quota is about their size. */
	for (key[0] = 'a'; key[0] < 'h'; key[0]++) {
		char path[128];
		int fd;

		snprintf(path, sizeof(path), "%s/storage/=%s", dir, key);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		assert_int_equal(ftruncate(fd, STORE_VALUE_MAX), 0);
		close(fd);
	}
	again();
	r = store_save(store, STR("z"), (struct str){ big.data, STORE_VALUE_MAX / 2 }, &err);
	assert_int_equal(r, 0);
	r = store_save(store, STR("y"), (struct str){ big.data, STORE_VALUE_MAX / 2 + 1 }, &err);
	assert_int_equal(r, ERR_LIMIT);
	MUST(store_delete(store, STR("a"), &err), &err);
	MUST(store_save(store, STR("y"), (struct str){ big.data, STORE_VALUE_MAX / 2 + 1 }, &err), &err);
	buf_fini(&big);
	end();
}

TEST(what_a_crash_left_is_no_key)
{
	char path[128];
	struct buf json = BUF_INIT;
	struct err err;
	int fd;

	begin();
	MUST(store_save(store, STR("k"), STR("old"), &err), &err);
	snprintf(path, sizeof(path), "%s/storage/.seal-0123.tmp", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	again();
	MUST(store_list(store, STR(""), &json, &err), &err);
	assert_string_equal(json.data, "[\"k\"]");
	buf_fini(&json);
	end();
}

TEST(a_missing_key_is_not_found)
{
	struct buf got = BUF_INIT;
	struct err err;
	bool found = true;

	begin();
	MUST(store_load(store, STR("nope"), &found, &got, &err), &err);
	assert_false(found);
	end();
}

TEST_MAIN(RUN(keys), RUN(lists_in_key_order_and_by_prefix),
	  RUN(a_longest_key_fits_and_a_longer_one_does_not),
	  RUN(the_quota_counts_what_is_there_after_a_restart), RUN(what_a_crash_left_is_no_key),
	  RUN(a_missing_key_is_not_found))
