/*
 * What the opening of a log finds: everything behind its receipt, and everything
 * where there is none.  What stands before the receipt is `seal audit verify`'s.
 */
#include "audit/audit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/read.h"
#include "base/test.h"
#include "crypto/signer.h"
#include "crypto/test_home.h"

static const struct audit_header header = {
	.session_id = "s1", .root = "/p", .component_hash = "c0", .engine = "test 1",
	.manifest_text = { "x", 1 }, .manifest_hash = "m0", .model_json = { "{}", 2 }, .seal_version = "0",
};

#define EVENTS "log/events.jsonl"
#define RECORDS_MAX 200
#define SIGNED	5 /* calls of the turn that is signed; a denial is in it */
#define BEHIND	3 /* calls of the turn that is not */

static struct buf whole;	/* the log as it was written */
static size_t starts[RECORDS_MAX + 1], n_records, n_signed;

static void calls(struct audit *audit, unsigned int n)
{
	struct err err;
	uint64_t seq;

	for (unsigned int i = 0; i < n; i++) {
		MUST(audit_begin(audit, "tools.grep", STR("[\"a pattern\"]"), &seq, &err), &err);
		MUST(audit_decision(audit, seq, i ? "allow" : "deny", STR("r"), STR(""), &err), &err);
		MUST(audit_end(audit, seq, i ? "done" : "denied", STR("{\"ok\":1}"), false, &err), &err);
	}
}

static struct audit *open_log(void)
{
	struct crypto_signer *signer = NULL;
	struct audit *audit = NULL;
	struct err err;

	MUST(audit_open("log", &header, &audit, &err), &err);
	MUST(crypto_signer_open_receipt(&signer, &err), &err);
	audit_set_signer(audit, signer);
	return audit;
}

static void turn(struct audit *audit, unsigned int n)
{
	struct err err;
	uint64_t seq;

	MUST(audit_export_begin(audit, "handle-message", STR("[\"go on\"]"), &seq, &err), &err);
	calls(audit, n);
	MUST(audit_export_end(audit, seq, "ok", STR("{}"), 7, &err), &err);
}

static void read_whole(void)
{
	struct str rest, line;
	struct err err;

	buf_clear(&whole);
	MUST(fd_read_file(AT_FDCWD, EVENTS, BUF_LIMIT, &whole, &err), &err);
	n_records = 0;
	for (rest = buf_str(&whole); rest.len; (void)str_line(&rest, &line))
		starts[n_records++] = whole.len - rest.len;
	starts[n_records] = whole.len;
}

/* A turn that is signed, and half of one that a crash ended. */
static int make(void **state)
{
	struct audit *audit;
	struct err err;
	uint64_t seq;

	if (home_make(state) < 0)
		return -1;
	audit = open_log();
	turn(audit, SIGNED);
	audit_head(audit, (char[65]){ 0 }, &seq);
	n_signed = seq;
	MUST(audit_export_begin(audit, "handle-message", STR("[\"and on\"]"), &seq, &err), &err);
	calls(audit, BEHIND);
	audit_free(audit);
	read_whole();
	return 0;
}

static int drop(void **state)
{
	buf_fini(&whole);
	return home_drop(state);
}

static void put_log(struct str text)
{
	cleanup_close int fd = open(EVENTS, O_WRONLY | O_TRUNC | O_CLOEXEC);
	struct err err;

	MUST(fd_write_all(fd, text, &err), &err);
}

/* Opening writes a record when it succeeds: the log and its head are put back. */
static bool opens(struct err *err)
{
	cleanup_buf struct buf head = BUF_INIT;
	struct audit *audit = NULL;
	struct err ignored;
	bool is_open;

	MUST(fd_read_file(AT_FDCWD, "log/head", 4096, &head, &ignored), &ignored);
	is_open = audit_open("log", &header, &audit, err) == 0;
	audit_free(audit);
	MUST(fd_replace_path("log/head", buf_str(&head), 0600, &ignored), &ignored);
	return is_open;
}

static bool opens_with_flip(size_t at, struct err *err)
{
	bool is_open;

	whole.data[at] ^= 0x01;
	put_log(buf_str(&whole));
	is_open = opens(err);
	whole.data[at] ^= 0x01;
	return is_open;
}

TEST(each_byte_behind_the_receipt_and_of_the_record_it_names_is_held_to_it)
{
	struct err err;

	for (size_t at = starts[n_signed - 1]; at < whole.len - 1; at++)
		if (opens_with_flip(at, &err))
			fail_msg("byte %zu flipped: opened", at);
	put_log(buf_str(&whole));
	assert_true(opens(&err));
}

TEST(a_record_behind_the_receipt_that_is_gone_doubled_or_moved_is_found)
{
	struct err err;

	for (size_t i = n_signed; i + 1 < n_records; i++) {
		size_t a = starts[i], b = starts[i + 1], c = starts[i + 2];
		cleanup_buf struct buf text = BUF_INIT;

		buf_add(&text, str_head(buf_str(&whole), a));
		buf_add(&text, str_from(buf_str(&whole), b));
		put_log(buf_str(&text));
		assert_false(opens(&err));
		buf_clear(&text);
		buf_add(&text, str_head(buf_str(&whole), b));
		buf_add(&text, str_from(buf_str(&whole), a));
		put_log(buf_str(&text));
		assert_false(opens(&err));
		buf_clear(&text);
		buf_add(&text, str_head(buf_str(&whole), a));
		buf_add(&text, str_head(str_from(buf_str(&whole), b), c - b));
		buf_add(&text, str_head(str_from(buf_str(&whole), a), b - a));
		buf_add(&text, str_from(buf_str(&whole), c));
		put_log(buf_str(&text));
		assert_false(opens(&err));
	}
}

TEST(what_the_receipt_covers_is_verified_by_verify_and_not_by_opening)
{
	struct audit_summary summary;
	struct err err;

	assert_true(opens_with_flip(starts[n_signed - 3] + 20, &err));
	whole.data[starts[n_signed - 3] + 20] ^= 0x01;
	put_log(buf_str(&whole));
	assert_int_equal(audit_summarize("log", &summary, &err), ERR_INPUT);
}

TEST(without_a_receipt_each_record_is_verified_and_the_log_says_that_none_was_signed)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;

	assert_int_equal(unlink("log/receipt.sig"), 0);
	for (size_t i = 0; i < n_records; i++)
		if (opens_with_flip(starts[i] + 20, &err))
			fail_msg("record %zu flipped: opened", i);
	put_log(buf_str(&whole));
	assert_true(opens(&err));
	MUST(fd_read_file(AT_FDCWD, EVENTS, BUF_LIMIT, &text, &err), &err);
	assert_int_not_equal(str_find(buf_str(&text), STR("\"signed\":0}"), 0), STR_NONE);
}

TEST(a_receipt_that_was_changed_or_is_of_another_log_is_found)
{
	cleanup_buf struct buf sig = BUF_INIT;
	struct err err;

	MUST(fd_read_file(AT_FDCWD, "log/receipt.sig", 1 << 16, &sig, &err), &err);
	for (size_t at = 0; at < sig.len; at += 13) {
		sig.data[at] ^= 0x01;
		MUST(fd_replace_path("log/receipt.sig", buf_str(&sig), 0600, &err), &err);
		sig.data[at] ^= 0x01;
		if (opens(&err))
			fail_msg("byte %zu of the receipt flipped: opened", at);
	}
	MUST(fd_replace_path("log/receipt.sig", buf_str(&sig), 0600, &err), &err);
	assert_true(opens(&err));
}

TEST(a_torn_line_is_cut_off_and_a_lost_end_is_counted)
{
	cleanup_buf struct buf text = BUF_INIT;
	char lost[32];
	struct err err;

	put_log(str_head(buf_str(&whole), starts[n_signed - 2] + 9));
	assert_true(opens(&err));
	MUST(fd_read_file(AT_FDCWD, EVENTS, BUF_LIMIT, &text, &err), &err);
	(void)snprintf(lost, sizeof(lost), "\"lost\":%zu,", n_records - n_signed + 2);
	assert_int_not_equal(str_find(buf_str(&text), STR("\"torn\":9,"), 0), STR_NONE);
	assert_int_not_equal(str_find(buf_str(&text), str_of(lost), 0), STR_NONE);
	assert_int_not_equal(str_find(buf_str(&text), STR("\"signed\":0}"), 0), STR_NONE);
}

/* What is counted from the receipt on is what a count of the whole log says. */
TEST(the_next_receipt_counts_on)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct audit_summary summary;
	struct audit *audit = open_log();
	char counted[64];
	struct err err;

	turn(audit, 2);
	audit_free(audit);
	MUST(audit_summarize("log", &summary, &err), &err);
	assert_int_equal(summary.n_calls, SIGNED + BEHIND + 2);
	assert_int_equal(summary.n_denied, 3);
	assert_int_equal(summary.receipt_records, summary.n_records);
	MUST(fd_read_file(AT_FDCWD, "log/receipt.sig", 1 << 16, &text, &err), &err);
	(void)snprintf(counted, sizeof(counted), "\"calls\":%u,\"denied\":3", SIGNED + BEHIND + 2);
	assert_int_not_equal(str_find(buf_str(&text), str_of(counted), 0), STR_NONE);
}

/* The steps backwards grow until the receipt's record is met. */
TEST(a_receipt_is_found_behind_more_than_is_read_at_first)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct audit *audit = open_log();
	struct err err;

	calls(audit, 2000);
	audit_free(audit);
	audit_free(open_log());
	MUST(fd_read_file(AT_FDCWD, EVENTS, BUF_LIMIT, &text, &err), &err);
	assert_true(text.len > 400000);
	assert_int_not_equal(str_find(buf_str(&text), STR("\"signed\":18}"), text.len - 100), STR_NONE);
	assert_int_equal(n_signed, 18);
}

TEST(the_last_records_begin_with_a_call_and_are_held_to_each_other)
{
	struct audit_record record;
	uint64_t first, n = 0;
	struct err err;
	bool more = true;

	for (size_t size = 1; size < whole.len + 300; size += 101) {
		cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;

		MUST(audit_reader_open_last("log", size, &reader, &first, &err), &err);
		for (n = first, more = true; more; n += more) {
			MUST(audit_next(reader, &record, &more, &err), &err);
			assert_true(!more || record.seq == n);
			assert_true(!more || n != first || n == 0 || record.kind == AUDIT_BEGIN ||
				    record.kind == AUDIT_EXPORT_BEGIN);
		}
		assert_int_equal(n, n_records);
		assert_true((first == 0) == (size >= whole.len));
	}
	whole.data[starts[n_records - 2] + 20] ^= 0x01;
	put_log(buf_str(&whole));
	{
		cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
		int r;

		MUST(audit_reader_open_last("log", 2000, &reader, &first, &err), &err);
		while ((r = audit_next(reader, &record, &more, &err)) == 0 && more)
			;
		assert_int_equal(r, ERR_INPUT);
	}
}

#define WITH_LOG(name) { #name, test_##name, make, drop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOG(each_byte_behind_the_receipt_and_of_the_record_it_names_is_held_to_it),
		WITH_LOG(a_record_behind_the_receipt_that_is_gone_doubled_or_moved_is_found),
		WITH_LOG(what_the_receipt_covers_is_verified_by_verify_and_not_by_opening),
		WITH_LOG(without_a_receipt_each_record_is_verified_and_the_log_says_that_none_was_signed),
		WITH_LOG(a_receipt_that_was_changed_or_is_of_another_log_is_found),
		WITH_LOG(a_torn_line_is_cut_off_and_a_lost_end_is_counted),
		WITH_LOG(the_next_receipt_counts_on),
		WITH_LOG(a_receipt_is_found_behind_more_than_is_read_at_first),
		WITH_LOG(the_last_records_begin_with_a_call_and_are_held_to_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
