#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/test.h"

static char dir[] = "/tmp/seal-test-fd-XXXXXX";

TEST(replace_keeps_the_old_file_on_failure)
{
	cleanup_close int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_buf struct buf got = BUF_INIT;
	struct err err;

	MUST(fd_replace_file(at, "a", STR("one"), 0600, &err), &err);
	MUST(fd_replace_file(at, "a", STR("two"), 0600, &err), &err);
	MUST(fd_read_file(at, "a", 100, &got, &err), &err);
	assert_string_equal(got.data, "two");
	assert_int_equal(mkdirat(at, "sub", 0700), 0);
	assert_int_equal(fd_replace_file(at, "sub", STR("x"), 0600, &err), ERR_SYS);
	assert_string_equal(err.text, "write sub: rename into place: Is a directory");
}

TEST(a_file_over_the_limit_is_refused)
{
	cleanup_close int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_buf struct buf got = BUF_INIT;
	struct err err;

	MUST(fd_replace_file(at, "b", STR("12345"), 0600, &err), &err);
	assert_int_equal(fd_read_file(at, "b", 4, &got, &err), ERR_LIMIT);
	assert_string_equal(err.text, "b: larger than 4 bytes");
}

TEST(a_link_is_not_followed)
{
	cleanup_close int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_buf struct buf got = BUF_INIT;
	struct err err;

	assert_int_equal(symlinkat("/etc/hostname", at, "link"), 0);
	assert_int_equal(fd_read_file(at, "link", 100, &got, &err), ERR_SYS);
}

TEST(a_descriptor_is_passed_on)
{
	int pair[2], got;
	struct err err;
	char byte;
	struct stat a, b;

	MUST(fd_pair(SOCK_SEQPACKET, pair, &err), &err);
	MUST(fd_send(pair[0], STR("x"), STDERR_FILENO, &err), &err);
	assert_int_equal(fd_recv(pair[1], &byte, 1, &got, &err), 1);
	assert_int_equal(fstat(got, &a) | fstat(STDERR_FILENO, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	close(got);
	close(pair[0]);
	assert_int_equal(fd_recv(pair[1], &byte, 1, &got, &err), 0);
	assert_int_equal(got, -1);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { RUN(replace_keeps_the_old_file_on_failure),
					    RUN(a_file_over_the_limit_is_refused),
					    RUN(a_link_is_not_followed),
					    RUN(a_descriptor_is_passed_on) };
	int r;

	if (!mkdtemp(dir))
		return 99;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	return r;
}
