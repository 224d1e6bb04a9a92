#include "fs/fs_private.h"
#include "fs/test_tree.h"

static const struct edit_row {
	const char *name, *text, *old_text, *new_text;
	bool all;
	const char *want;	/* NULL: refused */
	const char *says;	/* in the refusal */
} edit_rows[] = {
	{ "one place is replaced", "a\nb\nc\n", "b", "x", false, "a\nx\nc\n", NULL },
	{ "a text may lose its last line break", "a\nb\n", "b\n", "b", false, "a\nb", NULL },
	{ "the end without a line break", "a\nb", "b", "c", false, "a\nc", NULL },
	{ "two places are refused", "a\na\n", "a", "b", false, NULL, "matches 2 times" },
	{ "two places with replace-all", "a\na\n", "a", "b", true, "b\nb\n", NULL },
	{ "no place names the closest line", "int main(void)\n{\n", "int main(int c)", "x", false, NULL,
	  "the closest line is 1" },
	{ "blanks are named as the difference", "\tif (x)\n", "    if (x)", "x", false, NULL,
	  "only blanks differ" },
	{ "a later line that differs is the one shown", "0\none\ntwo\n", "one\nthree", "x", false, NULL,
	  "the closest line is 3:\ntwo\nwanted:\nthree" },
	{ "of a later line only blanks may differ", "one\n\ttwo\n", "one\n  two", "x", false, NULL,
	  "the closest line is 2 (only blanks differ" },
	{ "a quotation longer than the file ends where it ends", "one\n", "one\ntwo", "x", false, NULL,
	  "(the file ends here)" },
	{ "nothing like it", "alpha\n", "zzzzqqqq", "x", false, NULL, "nor is any line like" },
	{ "an empty old text is refused", "a\n", "", "x", false, NULL, "is empty" },
	{ "no change is refused", "a\n", "a", "a", false, NULL, "change nothing" },
	{ "plain line breaks match CRLF and become CRLF", "a\r\nb\r\nc\r\n", "a\nb", "x\ny", false,
	  "x\r\ny\r\nc\r\n", NULL },
	{ "what is put into CRLF becomes CRLF", "a\r\nb\r\n", "b", "x\ny", false, "a\r\nx\r\ny\r\n", NULL },
	{ "CRLF given as CRLF matches", "a\r\nb\r\n", "a\r\nb", "c\r\nd", false, "c\r\nd\r\n", NULL },
	{ "mixed endings match as they are", "a\nb\r\n", "b\r", "c\r", false, "a\nc\r\n", NULL },
	{ "a byte-order mark stays in front", "\xef\xbb\xbf" "a\n", "a", "b", false, "\xef\xbb\xbf" "b\n", NULL },
	{ "overlapping places count from the left", "aaaa", "aa", "b", true, "bb", NULL },
};

TEST(edits)
{
	TEST_ROWS(edit_rows, row) {
		struct fs_edit edit = { str_of(row->old_text), str_of(row->new_text), row->all };
		struct buf out = BUF_INIT;
		struct err err = { 0 };
		int r = fs_edit_text(str_of(row->text), &edit, 1, &out, &err);

		EXPECT_EQ(row, r < 0, !row->want);
		if (row->want)
			EXPECT_STR(row, buf_str(&out), row->want);
		else if (!strstr(err.text, row->says))
			fail_msg("%s: it says \"%s\"", row->name, err.text);
		buf_fini(&out);
	}
}

static const struct diff_row {
	const char *name, *a, *b, *want;
} diff_rows[] = {
	{ "equal texts have no diff", "a\n", "a\n", "" },
	{ "a new file", "", "a\nb\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1,2 @@\n+a\n+b\n" },
	{ "a changed line with its context", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	  "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n" },
	{ "a lost line break at the end", "a\nb\n", "a\nb",
	  "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n" },
	{ "an insertion between", "a\nc\n", "a\nb\nc\n", "--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n a\n+b\n c\n" },
	{ "everything gone", "a\n", "", "--- a/f\n+++ b/f\n@@ -1,1 +0,0 @@\n-a\n" },
	{ "two places far apart are two hunks", "a\n1\n2\n3\n4\n5\n6\n7\n8\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\n8\nB\n",
	  "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -7,4 +7,4 @@\n 6\n 7\n 8\n-b\n+B\n" },
	{ "a moved line is one removed and one added", "a\nb\nc\n", "b\nc\na\n",
	  "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n-a\n b\n c\n+a\n" },
};

TEST(diffs)
{
	TEST_ROWS(diff_rows, row) {
		struct buf out = BUF_INIT;

		fs_diff(str_of(row->a), str_of(row->b), "/f", &out);
		EXPECT_STR(row, buf_str(&out), row->want);
		buf_fini(&out);
	}
}

/* patch(1) is the judge: random texts, the diff applied to a gives b. */
static void random_text(unsigned int *seed, struct buf *out)
{
	unsigned int n = rand_r(seed) % 40;

	for (unsigned int i = 0; i < n; i++)
		buf_addf(out, "%u\n", rand_r(seed) % 6);
	if (rand_r(seed) % 3 == 0)
		buf_adds(out, "tail");
}

/* Applies a unified diff by reading it: keeps ' ' and '+', checks ' ' and '-'. */
static bool apply(struct str text, struct str diff, struct buf *out)
{
	struct str line;
	unsigned int at = 1;

	(void)str_line(&diff, &line), (void)str_line(&diff, &line);
	while (str_line(&diff, &line)) {
		unsigned int from = 0, n = 0;
		struct str next = diff, note;
		bool bare = str_line(&next, &note) && note.data[0] == '\\';
		size_t len = line.len - 1 + !bare;

		if (line.data[0] == '\\')
			continue;
		if (line.data[0] == '@') {
			sscanf(line.data, "@@ -%u,%u", &from, &n);
			for (from += n == 0; at < from; at++) {
				struct str before = text, kept;

				if (!str_line(&text, &kept))
					return false;
				buf_add(out, str_head(before, before.len - text.len));
			}
			continue;
		}
		if (line.data[0] != '+') {
			if (text.len < len || memcmp(text.data, line.data + 1, len) != 0)
				return false;
			text = str_from(text, len);
			at++;
		}
		if (line.data[0] != '-')
			buf_add(out, (struct str){ line.data + 1, len });
	}
	buf_add(out, text);
	return true;
}

TEST(a_diff_applied_gives_the_new_text)
{
	unsigned int seed = 7;

	for (unsigned int i = 0; i < 3000; i++) {
		cleanup_buf struct buf a = BUF_INIT;
		cleanup_buf struct buf b = BUF_INIT;
		cleanup_buf struct buf diff = BUF_INIT;
		cleanup_buf struct buf got = BUF_INIT;

		random_text(&seed, &a);
		random_text(&seed, &b);
		fs_diff(buf_str(&a), buf_str(&b), "/f", &diff);
		if (!diff.len)
			continue;
		if (!apply(buf_str(&a), buf_str(&diff), &got) || !str_eq(buf_str(&got), buf_str(&b)))
			fail_msg("round %u:\n%s\n%s\n%s", i, a.data, b.data, diff.data);
	}
}

TEST(texts_with_nothing_in_common_are_bounded)
{
	cleanup_buf struct buf a = BUF_INIT;
	cleanup_buf struct buf b = BUF_INIT;
	cleanup_buf struct buf diff = BUF_INIT;

	for (unsigned int i = 0; i < 50000; i++) {
		buf_addf(&a, "a%u\n", i);
		buf_addf(&b, "b%u\n", i);
	}
	fs_diff(buf_str(&a), buf_str(&b), "/f", &diff);
	assert_true(diff.len > 1000 && diff.len < FS_DIFF_MAX + 200);
	assert_non_null(strstr(diff.data, "the rest of the diff is left out"));
}

TEST(all_edits_or_none)
{
	struct fs_edit edits[2] = { { STR("a"), STR("x"), false }, { STR("zz"), STR("y"), false } };
	struct fs_pin pin = FS_PIN_NONE;
	struct fs_written written = { 0 };
	struct grant_file grant;
	struct err err;

	tree_begin();
	tree_file("p/f", STR("a\nb\n"));
	MUST(fs_pin(roots, STR("f"), FS_WRITE, &pin, &err), &err);
	grant = tree_grant(&pin);
	assert_int_equal(fs_edit(&grant, edits, 2, &written, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "edit 2"));
	assert_true(tree_is("p/f", STR("a\nb\n")));
	edits[1].old_text = STR("b");
	MUST(fs_edit(&grant, edits, 2, &written, &err), &err);
	assert_true(tree_is("p/f", STR("x\ny\n")));
	assert_non_null(strstr(written.diff.data, "-a\n-b\n+x\n+y\n"));
	buf_fini(&written.diff);
	fs_pin_fini(&pin);
	tree_end();
}

TEST_MAIN(RUN(edits), RUN(diffs), RUN(a_diff_applied_gives_the_new_text),
	  RUN(texts_with_nothing_in_common_are_bounded), RUN(all_edits_or_none))
