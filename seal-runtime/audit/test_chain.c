/*
 * Whatever is done to a finished log is found: each record dropped, doubled,
 * swapped with the next; a byte of each record flipped in each of its fields;
 * each blob changed, emptied, removed or replaced by another.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/read.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"

#define CALLS 200

static char dir[64];
static struct buf log_text;
static size_t starts[CALLS * 4];
static size_t n_records;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void write_log(void)
{
	struct audit_header header = { .session_id = "s", .root = "/p", .component_hash = "c",
				       .engine = "e", .manifest_hash = "m", .seal_version = "0",
				       .manifest_text = STR("x"), .model_json = STR("{}") };
	struct audit *audit = NULL;
	struct err err;
	uint64_t seq;

	MUST(audit_open(dir, &header, &audit, &err), &err);
	for (unsigned int i = 0; i < CALLS; i++) {
		char args[2048];
		int n = snprintf(args, sizeof(args), "[\"call %u %0*u\"]", i, i % 8 ? 3 : 900, i);

		MUST(audit_begin(audit, "tools.grep", (struct str){ args, (size_t)n }, &seq, &err), &err);
		MUST(audit_decision(audit, seq, "allow", STR("r"), STR("{\"parts\":[]}"), &err), &err);
		MUST(audit_end(audit, seq, "done", STR("{\"ok\":1}"), false, &err), &err);
	}
	audit_free(audit);
}

static int log_file(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/events.jsonl", dir);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int set_up(void **state)
{
	struct err err;
	struct str rest, line;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/seal-chain-XXXXXX");
	assert_non_null(mkdtemp(dir));
	write_log();
	{
		cleanup_close int fd = log_file();

		MUST(fd_read_all(fd, BUF_LIMIT, &log_text, &err), &err);
	}
	rest = buf_str(&log_text);
	while (rest.len) {
		starts[n_records++] = log_text.len - rest.len;
		(void)str_line(&rest, &line);
	}
	starts[n_records] = log_text.len;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&log_text);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The log with records in the given order. */
static void put_log(const size_t *order, size_t n)
{
	cleanup_close int fd = log_file();
	cleanup_buf struct buf out = BUF_INIT;
	struct err err;

	for (size_t i = 0; i < n; i++)
		buf_add(&out, (struct str){ log_text.data + starts[order[i]],
					    starts[order[i] + 1] - starts[order[i]] });
	assert_int_equal(ftruncate(fd, 0), 0);
	MUST(fd_write_all(fd, buf_str(&out), &err), &err);
}

static bool verifies(struct err *err)
{
	struct audit_summary summary;

	return audit_summarize(dir, &summary, err) == 0;
}

TEST(the_untouched_log_verifies)
{
	struct err err;

	assert_true(verifies(&err));
	assert_int_equal(n_records, 1 + 3 * CALLS);
}

/* The record that is named is the one, or the next, which is the first that its
 * change can be seen at. */
static bool names(const struct err *err, size_t record)
{
	const char *at = strstr(err->text, "record ");
	size_t named = at ? strtoull(at + strlen("record "), NULL, 10) : SIZE_MAX;

	return named == record || named == record + 1;
}

/* what(i, order) fills the order; every i must be found out at record i or i+1. */
static void each_record(size_t (*what)(size_t at, size_t *order), const char *name)
{
	static size_t order[CALLS * 4];
	struct err err;

	for (size_t i = 0; i < n_records; i++) {
		size_t n = what(i, order);

		if (n == 0)
			continue;
		put_log(order, n);
		if (verifies(&err))
			fail_msg("%s: record %zu: not found", name, i);
		if (!names(&err, i))
			fail_msg("%s: record %zu: found as \"%s\"", name, i, err.text);
	}
	for (size_t i = 0; i < n_records; i++)
		order[i] = i;
	put_log(order, n_records);
	assert_true(verifies(&err));
}

static size_t drop(size_t at, size_t *order)
{
	size_t n = 0;

	for (size_t i = 0; i < n_records; i++)
		if (i != at)
			order[n++] = i;
	return n;
}

static size_t cut_from(size_t at, size_t *order)
{
	for (size_t i = 0; i < at; i++)
		order[i] = i;
	return at;
}

static size_t twice(size_t at, size_t *order)
{
	size_t n = 0;

	for (size_t i = 0; i < n_records; i++) {
		order[n++] = i;
		if (i == at)
			order[n++] = i;
	}
	return n;
}

static size_t swap(size_t at, size_t *order)
{
	for (size_t i = 0; i < n_records; i++)
		order[i] = i;
	if (at + 1 == n_records)
		return 0;
	order[at] = at + 1;
	order[at + 1] = at;
	return n_records;
}

TEST(a_dropped_record_is_found)
{
	each_record(drop, "dropped");
}

TEST(a_missing_end_is_found)
{
	each_record(cut_from, "cut");
}

TEST(a_doubled_record_is_found)
{
	each_record(twice, "doubled");
}

TEST(two_swapped_records_are_found)
{
	each_record(swap, "swapped");
}

static void flip(int fd, size_t record, size_t at, unsigned char by)
{
	char c = (char)(log_text.data[at] ^ by);
	struct err err;

	assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
	if (verifies(&err))
		fail_msg("byte %zu flipped by %u: not found", at, by);
	if (!names(&err, record))
		fail_msg("byte %zu of record %zu: found as \"%s\"", at, record, err.text);
	assert_int_equal(pwrite(fd, &log_text.data[at], 1, (off_t)at), 1);
}

/* In each record one byte, each time further to the right, so that every field
 * and every separator is met; all bytes of the last record, which no other
 * record follows. */
TEST(a_flipped_byte_is_found)
{
	static const unsigned char masks[] = { 0x01, 0x20, 0x80 };
	cleanup_close int fd = log_file();
	struct err err;

	for (size_t i = 0; i < n_records; i++) {
		size_t len = starts[i + 1] - starts[i];

		flip(fd, i, starts[i] + i * 7 % len, masks[i % 3]);
	}
	for (size_t at = starts[n_records - 1]; at < log_text.len; at++)
		flip(fd, n_records - 1, at, masks[at % 3]);
	assert_true(verifies(&err));
}

static int hurt(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	struct err err;
	int fd;

	(void)st, (void)ftw;
	if (flag != FTW_F || !strstr(path, "/blobs/"))
		return 0;
	MUST(fd_read_file(AT_FDCWD, path, 1 << 20, &bytes, &err), &err);
	assert_int_equal(unlink(path), 0);
	assert_false(verifies(&err));
	for (size_t at = 0; at < bytes.len; at += bytes.len > 64 ? bytes.len / 16 : 1) {
		bytes.data[at] ^= 0x01;
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		MUST(fd_write_all(fd, buf_str(&bytes), &err), &err);
		close(fd);
		if (verifies(&err))
			fail_msg("%s: byte %zu flipped: not found", path, at);
		bytes.data[at] ^= 0x01;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_false(verifies(&err));
	MUST(fd_write_all(fd, buf_str(&bytes), &err), &err);
	close(fd);
	return 0;
}

TEST(a_blob_that_was_touched_is_found)
{
	struct err err;

	(void)nftw(dir, hurt, 16, FTW_PHYS);
	assert_true(verifies(&err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_untouched_log_verifies), RUN(a_dropped_record_is_found),
		RUN(a_missing_end_is_found), RUN(a_doubled_record_is_found),
		RUN(two_swapped_records_are_found), RUN(a_flipped_byte_is_found),
		RUN(a_blob_that_was_touched_is_found),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
