#include "llm/keys.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/test.h"

static char config[] = "/tmp/seal-keys-XXXXXX";

static void remove_all(void)
{
	static const char *const names[] = {"/seal/keys/openai", "/seal/keys", "/seal", ""};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cleanup_buf struct buf path = BUF_INIT;

		buf_addf(&path, "%s%s", config, names[i]);
		(void)remove(path.data);
	}
}

static const struct bad_row {
	const char *name, *provider, *key, *words;
} bad_rows[] = {
    {"a provider without a key", "replay", "sk", "replay"},
    {"a provider that is not known", "../x", "sk", "../x"},
    {"no key at all", "openai", " \n", "no key"},
    {"a key of two lines", "openai", "a\nb", "no key"},
    {"a key with a blank", "openai", "a b", "no key"},
    {"a key with bytes that no header holds", "openai", "a\x01", "no key"},
};

TEST(what_is_no_key_is_not_stored)
{
	TEST_ROWS(bad_rows, row)
	{
		cleanup_buf struct buf place = BUF_INIT;
		struct err err;

		EXPECT_EQ(row, keys_store(str_of(row->provider), str_of(row->key), KEYS_ANYWHERE,
					  &place, &err), ERR_INPUT);
		EXPECT_TRUE(row, strstr(err.text, row->words));
	}
}

TEST(a_stored_key_is_found_and_is_for_its_owner_only)
{
	cleanup_buf struct buf path = BUF_INIT, place = BUF_INIT;
	cleanup_key struct key key = {0};
	struct stat st;
	struct err err;

	assert_int_equal(keys_find(STR("openai"), &key, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "keys/openai (not there)"));
	MUST(keys_store(STR("openai"), STR("sk-1234\n"), KEYS_ANYWHERE, &place, &err), &err);
	assert_non_null(strstr(place.data, "/seal/keys/openai, readable by you alone (no Secret "
					   "Service: no session bus)"));
	buf_addf(&path, "%s/seal/keys/openai", config);
	assert_int_equal(stat(path.data, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	MUST(keys_find(STR("openai"), &key, &err), &err);
	assert_string_equal(key.text, "sk-1234");
	assert_int_equal(key.form, KEY_BEARER);
}

TEST(a_file_that_others_may_read_is_refused_without_its_text)
{
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_key struct key key = {0};
	struct err err;

	buf_addf(&path, "%s/seal/keys/openai", config);
	assert_int_equal(chmod(path.data, 0640), 0);
	assert_int_equal(keys_find(STR("openai"), &key, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "chmod 600"));
	assert_null(strstr(err.text, "sk-1234"));
}

TEST(the_environment_goes_first)
{
	cleanup_key struct key key = {0};
	struct err err;

	assert_int_equal(setenv("OPENAI_API_KEY", "sk-env", 1), 0);
	MUST(keys_find(STR("openai"), &key, &err), &err);
	assert_string_equal(key.text, "sk-env");
	assert_string_equal(key.place, "OPENAI_API_KEY");
}

TEST(what_is_forgotten_is_gone)
{
	cleanup_buf struct buf place = BUF_INIT;
	cleanup_key struct key key = {0};
	struct err err;

	assert_int_equal(unsetenv("OPENAI_API_KEY"), 0);
	MUST(keys_forget(STR("openai"), &place, &err), &err);
	assert_string_equal(place.data, "seal's config folder");
	assert_int_equal(keys_find(STR("openai"), &key, &err), ERR_INPUT);
	assert_int_equal(keys_forget(STR("openai"), &place, &err), ERR_INPUT);
}

static int prepare(void **state)
{
	(void)state;
	(void)unsetenv("OPENAI_API_KEY");
	(void)unsetenv("DBUS_SESSION_BUS_ADDRESS");
	(void)unsetenv("XDG_RUNTIME_DIR");
	return mkdtemp(config) && setenv("XDG_CONFIG_HOME", config, 1) == 0 ? 0 : -1;
}

static int clear(void **state)
{
	(void)state;
	remove_all();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUN(what_is_no_key_is_not_stored),
	    RUN(a_stored_key_is_found_and_is_for_its_owner_only),
	    RUN(a_file_that_others_may_read_is_refused_without_its_text),
	    RUN(the_environment_goes_first),
	    RUN(what_is_forgotten_is_gone),
	};

	return cmocka_run_group_tests(tests, prepare, clear);
}
