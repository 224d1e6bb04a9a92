#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"
#include "host/host.h"
#include "host/test/guests.h"

#define HEADER_LEN 296

static char folder[] = "/tmp/seal-artifact-XXXXXX";
static char compiled[64], changed[64];

static int nothing(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
		   struct err *err)
{
	(void)ctx, (void)id, (void)args, (void)err;
	buf_adds(ret_result, "null");
	return 0;
}

static int load(const char *path, struct host **ret_host, struct err *err)
{
	struct host_setup setup = {.component = path, .call = nothing};

	return host_new(&setup, ret_host, err);
}

static int set_up(void **state)
{
	struct err err = {0};
	char path[512];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(compiled, sizeof(compiled), "%s/guest.cwasm", folder);
	(void)snprintf(changed, sizeof(changed), "%s/changed", folder);
	if (host_compile(guest_path("guest.wasm", path), compiled, &err) == 0)
		return 0;
	print_error("%s\n", err.text);
	return -1;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(compiled);
	(void)unlink(changed);
	return rmdir(folder);
}

TEST(a_compiled_component_runs_like_the_component)
{
	cleanup_with(host_free) struct host *fast = NULL, *slow = NULL;
	cleanup_buf struct buf result = BUF_INIT;
	uint64_t fuel[2] = {0, 1};
	struct err err = {0};
	char path[512];

	MUST(load(compiled, &fast, &err), &err);
	MUST(load(guest_path("guest.wasm", path), &slow, &err), &err);
	assert_string_equal(host_component_hash(fast), host_component_hash(slow));
	assert_int_equal(strlen(host_component_hash(fast)), 64);
	MUST(host_export(fast, "handle-message", STR("[\"print 9\"]"), &result, &fuel[0], &err),
	     &err);
	MUST(host_export(slow, "handle-message", STR("[\"print 9\"]"), &result, &fuel[1], &err),
	     &err);
	assert_int_equal(fuel[0], fuel[1]);
}

/* What is done to the file's bytes, and what the error must say. */
static const struct damage {
	const char *name;
	enum { CUT, FLIP, PUT, ADD } how;
	size_t at;
	const char *bytes;
	const char *says;
} damages[] = {
    {"an empty file", CUT, 0, NULL, "is empty"},
    {"a file cut within its first word", CUT, 9, NULL, "is neither a component nor"},
    {"a file cut within its header", CUT, 200, NULL, "cut short within its header"},
    {"a header alone", CUT, HEADER_LEN, NULL, "is cut short"},
    {"a file cut within its code", CUT, HEADER_LEN + 5000, NULL, "is cut short"},
    {"a byte too many", ADD, 0, NULL, "has bytes too many"},
    {"a bit of the code turned", FLIP, HEADER_LEN + 70, NULL, "its hash does not match"},
    {"a bit of the component's hash turned", FLIP, 220, NULL, "its hash does not match"},
    {"a bit of the hash itself turned", FLIP, 20, NULL, "its hash does not match"},
    {"another engine", PUT, 48, "wasmtime 47.0.0; x86_64",
     "was compiled for another engine (\"wasmtime 47.0.0; x86_64"},
    {"an engine name without end", PUT, 48 + 167, "x", "is damaged"},
    {"a program", PUT, 0,
     "\x7f"
     "ELF\x02\x01\x01",
     "is neither a component nor"},
    {"a core module", PUT, 0, "MODULE", "is a core module"},
};

static void do_damage(const struct damage *row, struct buf *file)
{
	if (row->how == CUT)
		file->len = row->at;
	else if (row->how == FLIP)
		file->data[row->at] ^= 4;
	else if (row->how == ADD)
		buf_addc(file, 'x');
	else if (strcmp(row->bytes, "MODULE") == 0)
		memcpy(file->data, "\0asm\x01\0\0\0", 8);
	else
		memcpy(file->data + row->at, row->bytes, strlen(row->bytes));
}

TEST(a_damaged_or_foreign_file_is_refused_in_words)
{
	TEST_ROWS(damages, row)
	{
		cleanup_buf struct buf file = BUF_INIT;
		struct host *host = NULL;
		struct err err = {0};

		MUST(fd_read_file(AT_FDCWD, compiled, 64 << 20, &file, &err), &err);
		do_damage(row, &file);
		MUST(fd_replace_file(AT_FDCWD, changed, buf_str(&file), 0600, &err), &err);
		EXPECT_EQ(row, load(changed, &host, &err), ERR_INPUT);
		if (!strstr(err.text, row->says) || !strstr(err.text, changed))
			fail_msg("%s: \"%s\" does not say \"%s\"", row->name, err.text, row->says);
	}
}

TEST(what_may_not_be_loaded_is_not_compiled_either)
{
	struct err err = {0};
	char path[512];

	assert_int_equal(host_compile(guest_path("guest_wasi.wasm", path), changed, &err),
			 ERR_INPUT);
	assert_non_null(strstr(err.text, "guest_wasi.wasm asks for wasi:cli/environment@0.2.0"));
	assert_int_equal(access(compiled, R_OK), 0);
}

TEST(a_stack_smaller_than_a_guest_may_use_is_told)
{
	struct rlimit before, small;
	struct err err = {0};
	int r;

	assert_int_equal(getrlimit(RLIMIT_STACK, &before), 0);
	small = before;
	small.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_STACK, &small), 0);
	r = host_compile(compiled, changed, &err);
	assert_int_equal(setrlimit(RLIMIT_STACK, &before), 0);
	assert_int_equal(r, ERR_LIMIT);
	assert_non_null(strstr(err.text, "the stack limit is 1024 KiB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUN(a_compiled_component_runs_like_the_component),
	    RUN(a_damaged_or_foreign_file_is_refused_in_words),
	    RUN(what_may_not_be_loaded_is_not_compiled_either),
	    RUN(a_stack_smaller_than_a_guest_may_use_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
