
#include "base/test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/hash.h"

static const struct row {
	const char *name, *text, *want;
} rows[] = {
    /* As `b2sum -l 256` prints them. */
    {"nothing has a hash", "", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
    {"abc is the known value", "abc",
     "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
};

TEST(bytes)
{
	TEST_ROWS(rows, row)
	{
		char hex[HASH_HEX];

		hash_hex(str_of(row->text), hex);
		EXPECT_STR(row, str_of(hex), row->want);
	}
}

TEST(a_file_hashes_like_its_bytes_from_its_offset)
{
	static char big[200000];
	cleanup_close int fd = memfd_create("hash", MFD_CLOEXEC);
	char want[HASH_HEX], got[HASH_HEX];
	struct err err;

	memset(big, 'x', sizeof(big));
	MUST(fd_write_all(fd, (struct str){big, sizeof(big)}, &err), &err);
	assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
	MUST(hash_fd_hex(fd, got, &err), &err);
	hash_hex((struct str){big, sizeof(big) - 1}, want);
	assert_string_equal(got, want);
	assert_true(hash_fd_hex(-1, got, &err) < 0);
}

TEST_MAIN(RUN(bytes), RUN(a_file_hashes_like_its_bytes_from_its_offset))
