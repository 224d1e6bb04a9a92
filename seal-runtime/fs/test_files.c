/* Reading, writing, deleting, walking and searching, on a real disk. */
#include "fs/fs_private.h"
#include "fs/test_tree.h"

static const struct read_row {
	const char *name;
	struct str bytes;
	uint32_t offset, limit;
	const char *want, *encoding;
	uint32_t total, first;
	int r;
} read_rows[] = {
	{ "the whole file", STR("a\nb\n"), 0, 0, "a\nb\n", "utf-8", 2, 1, 0 },
	{ "no line break at the end", STR("a\nb"), 0, 0, "a\nb", "utf-8", 2, 1, 0 },
	{ "an empty file", STR(""), 0, 0, "", "utf-8", 0, 1, 0 },
	{ "a range", STR("1\n2\n3\n4\n"), 2, 2, "2\n3\n", "utf-8", 4, 2, 0 },
	{ "a range past the end", STR("1\n2\n"), 5, 2, "", "utf-8", 2, 5, 0 },
	{ "from a line to the end", STR("1\n2\n3"), 3, 0, "3", "utf-8", 3, 3, 0 },
	{ "CRLF is kept", STR("a\r\nb\r\n"), 0, 0, "a\r\nb\r\n", "utf-8", 2, 1, 0 },
	{ "a byte-order mark is named, not shown", STR("\xef\xbb\xbf" "a\n"), 0, 0, "a\n", "utf-8-bom", 1, 1, 0 },
	{ "bytes that are no text come as base64", STR("\x00\x01\x02"), 0, 0, "AAEC", "binary", 0, 1, 0 },
	{ "so do bytes that are no UTF-8", STR("\xff\xfe"), 0, 0, "//4=", "binary", 0, 1, 0 },
	{ "an image is named by its first bytes", STR("\x89PNG\r\n\x1a\n\x00"), 0, 0, "iVBORw0KGgoA", "image/png", 0, 1, 0 },
	{ "whatever its name, a GIF too", STR("GIF89a\x00"), 0, 0, "R0lGODlhAA==", "image/gif", 0, 1, 0 },
	{ "a binary file has no lines", STR("\x00\n\n"), 2, 1, NULL, NULL, 0, 0, ERR_INPUT },
	{ "more than the limit is refused whole", STR("0123456789012345678901234567890123456789012345678901234567890123456789"),
	  0, 0, NULL, NULL, 0, 0, ERR_LIMIT },
	{ "and in parts that are too long", STR("0123456789012345678901234567890123456789012345678901234567890123456789"),
	  1, 1, NULL, NULL, 0, 0, ERR_LIMIT },
};

TEST(reads)
{
	tree_begin();
	TEST_ROWS(read_rows, row) {
		struct fs_pin pin = FS_PIN_NONE;
		struct fs_content content = { 0 };
		struct grant_file grant;
		struct err err;
		int r;

		tree_file("p/f", row->bytes);
		MUST(fs_pin(roots, STR("f"), FS_READ, &pin, &err), &err);
		grant = tree_grant(&pin);
		r = fs_read(&grant, row->offset, row->limit, 64, &content, &err);
		EXPECT_EQ(row, r, row->r);
		if (r == 0) {
			EXPECT_STR(row, buf_str(&content.text), row->want);
			EXPECT_STR(row, str_of(content.encoding), row->encoding);
			EXPECT_EQ(row, content.total_lines, row->total);
			EXPECT_EQ(row, content.first_line, row->first);
		}
		buf_fini(&content.text);
		fs_pin_fini(&pin);
	}
	tree_end();
}

static void fill_lines(const char *name, unsigned int n_lines)
{
	cleanup_close int fd = open(tree_path(name), O_WRONLY | O_TRUNC | O_CLOEXEC);
	cleanup_buf struct buf lines = BUF_INIT;
	struct err err;

	for (unsigned int i = 1; i <= n_lines; i++) {
		buf_addf(&lines, "line %u %0100d\n", i, 0);
		if (lines.len > 1 << 20) {
			MUST(fd_write_all(fd, buf_str(&lines), &err), &err);
			buf_clear(&lines);
		}
	}
	MUST(fd_write_all(fd, buf_str(&lines), &err), &err);
}

/* 80 MB: more than is ever taken whole. */
TEST(lines_of_a_huge_file_come_without_the_rest)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct fs_content content = { 0 };
	struct grant_file grant;
	uint64_t digest;
	struct err err;

	tree_begin();
	tree_file("p/huge", STR(""));
	fill_lines("p/huge", 720000);
	MUST(fs_pin(roots, STR("huge"), FS_READ, &pin, &err), &err);
	grant = tree_grant(&pin);
	MUST(fs_read(&grant, 700001, 2, 262144, &content, &err), &err);
	assert_true(str_starts(buf_str(&content.text), STR("line 700001 ")));
	assert_int_equal(content.total_lines, 720000);
	assert_int_equal(content.first_line, 700001);
	MUST(fs_digest(&grant, &digest, &err), &err);
	assert_true(digest == content.digest);
	buf_fini(&content.text);
	assert_int_equal(fs_read(&grant, 5, 0, 262144, &content, &err), ERR_LIMIT);
	assert_non_null(strstr(err.text, "limit"));
	MUST(fs_read(&grant, 800000, 2, 262144, &content, &err), &err);
	assert_int_equal(content.text.len, 0);
	fs_pin_fini(&pin);
	tree_end();
}

TEST(a_sparse_gigabyte_is_refused_by_its_size)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct fs_content content = { 0 };
	struct grant_file grant;
	struct err err;

	tree_begin();
	tree_file("p/big", STR(""));
	assert_int_equal(truncate(tree_path("p/big"), 1 << 30), 0);
	MUST(fs_pin(roots, STR("big"), FS_READ, &pin, &err), &err);
	grant = tree_grant(&pin);
	assert_int_equal(fs_read(&grant, 0, 0, 262144, &content, &err), ERR_LIMIT);
	assert_non_null(strstr(err.text, "offset and limit"));
	assert_int_equal(fs_read(&grant, 1, 10, 262144, &content, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "binary"));
	fs_pin_fini(&pin);
	tree_end();
}

static void write_to(const char *name, struct str text, struct fs_written *ret, struct err *err)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct grant_file grant;

	MUST(fs_pin(roots, str_of(name), FS_WRITE, &pin, err), err);
	grant = tree_grant(&pin);
	*ret = (struct fs_written){ 0 };
	MUST(fs_write(&grant, text, ret, err), err);
	buf_fini(&ret->diff);
	fs_pin_fini(&pin);
}

TEST(writes)
{
	struct fs_written written;
	struct stat st;
	struct err err;

	tree_begin();
	write_to("new/sub/f", STR("one\n"), &written, &err);
	assert_true(written.created && tree_is("p/new/sub/f", STR("one\n")));
	assert_int_equal(chmod(tree_path("p/new/sub/f"), 0750), 0);
	write_to("new/sub/f", STR("two\n"), &written, &err);
	assert_false(written.created);
	assert_int_equal(stat(tree_path("p/new/sub/f"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	tree_file("p/bom", STR("\xef\xbb\xbfold"));
	write_to("bom", STR("new"), &written, &err);
	assert_true(tree_is("p/bom", STR("\xef\xbb\xbfnew")));
	tree_link("bom", "p/link");
	write_to("link", STR("through"), &written, &err);
	assert_int_equal(lstat(tree_path("p/link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_true(tree_is("p/bom", STR("\xef\xbb\xbfthrough")));
	tree_end();
}

TEST(a_hard_link_elsewhere_keeps_its_bytes)
{
	struct fs_written written;
	struct err err;

	tree_begin();
	tree_file("out/secret", STR("secret"));
	assert_int_equal(link(tree_path("out/secret"), tree_path("p/hard")), 0);
	write_to("hard", STR("mine"), &written, &err);
	assert_true(tree_is("p/hard", STR("mine")));
	assert_true(tree_is("out/secret", STR("secret")));
	tree_end();
}

TEST(deletes_names_not_folders)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct grant_file grant;
	struct stat st;
	struct err err;

	tree_begin();
	tree_folder("p/d");
	tree_file("p/f", STR("f"));
	tree_link("f", "p/link");
	MUST(fs_pin(roots, STR("d"), FS_DELETE, &pin, &err), &err);
	grant = tree_grant(&pin);
	assert_int_equal(fs_delete(&grant, &err), ERR_INPUT);
	fs_pin_fini(&pin);
	MUST(fs_pin(roots, STR("link"), FS_DELETE, &pin, &err), &err);
	grant = tree_grant(&pin);
	MUST(fs_delete(&grant, &err), &err);
	fs_pin_fini(&pin);
	assert_int_equal(stat(tree_path("p/f"), &st), 0);
	assert_int_equal(lstat(tree_path("p/link"), &st), -1);
	tree_end();
}

static struct buf seen;

static bool note_entry(void *ctx, const struct fs_entry *entry)
{
	(void)ctx;
	buf_addf(&seen, "%c:%s ", entry->kind, entry->path);
	return true;
}

static void plant_project(void)
{
	tree_folder("p/src");
	tree_folder("p/build");
	tree_folder("p/.git");
	tree_file("p/.git/config", STR("x"));
	tree_file("p/.gitignore", STR("# c\nbuild/\n*.o\n!keep.o\n/top.txt\ndocs/*.tmp\n"));
	tree_file("p/build/out", STR("needle\n"));
	tree_file("p/src/a.c", STR("one\nneedle two\nthree\nfour\nNEEDLE\n"));
	tree_file("p/src/a.o", STR("needle"));
	tree_file("p/src/keep.o", STR("needle\n"));
	tree_file("p/src/top.txt", STR("needle\n"));
	tree_file("p/top.txt", STR("needle\n"));
	tree_file("p/src/bin", STR("needle\0\n"));
	tree_link("../../out", "p/src/out");
}

static struct grant_file pin_folder(const char *name, struct fs_pin *pin)
{
	struct err err;

	*pin = FS_PIN_NONE;
	MUST(fs_pin(roots, str_of(name), FS_READ, pin, &err), &err);
	return tree_grant(pin);
}

TEST(walks_in_name_order_and_knows_gitignore)
{
	struct fs_walk walk = { .recursive = true, .start = "", .each = note_entry };
	struct fs_pin pin;
	struct grant_file grant;
	const char *rest;
	struct err err;

	tree_begin();
	plant_project();
	grant = pin_folder(".", &pin);
	MUST(fs_list(&grant, false, note_entry, NULL, NULL, &err), &err);
	assert_string_equal(seen.data, "d:.git f:.gitignore d:build d:src f:top.txt ");
	buf_clear(&seen);
	assert_true(fs_root_of(roots, pin.path, &walk.top, &rest));
	MUST(fs_walk(&grant, &walk, &err), &err);
	assert_string_equal(seen.data,
			    "f:.gitignore d:src f:src/a.c f:src/bin f:src/keep.o l:src/out f:src/top.txt ");
	fs_pin_fini(&pin);
	buf_clear(&seen);
	grant = pin_folder("src", &pin);
	walk.start = "src";
	MUST(fs_walk(&grant, &walk, &err), &err);
	assert_string_equal(seen.data, "f:a.c f:bin f:keep.o l:out f:top.txt ");
	fs_pin_fini(&pin);
	buf_fini(&seen);
	tree_end();
}

static bool note_line(void *ctx, const char *path, uint32_t number, struct str text, bool context)
{
	(void)ctx;
	buf_addf(&seen, "%s%c%u%c%.*s\n", path, context ? '-' : ':', number, context ? '-' : ':',
		 STR_ARG(text));
	return true;
}

static bool not_keep(void *ctx, const struct fs_entry *entry)
{
	(void)ctx;
	return !strstr(entry->path, "keep");
}

static const struct search_row {
	const char *name, *pattern, *only_files;
	uint32_t context;
	bool ignore_case;
	const char *want; /* NULL: refused */
} search_rows[] = {
	{ "lines that match", "needle", NULL, 0, false, "src/a.c:2:needle two\nsrc/top.txt:1:needle\n" },
	{ "case is ignored when told", "needle", "*.c", 0, true, "src/a.c:2:needle two\nsrc/a.c:5:NEEDLE\n" },
	{ "context on both sides", "needle", "src/*.c", 1, false,
	  "src/a.c-1-one\nsrc/a.c:2:needle two\nsrc/a.c-3-three\n" },
	{ "context of two hits is not doubled", "needle|four", "*.c", 2, false,
	  "src/a.c-1-one\nsrc/a.c:2:needle two\nsrc/a.c-3-three\nsrc/a.c:4:four\nsrc/a.c-5-NEEDLE\n" },
	{ "an anchor is about a line", "^needle$", NULL, 0, false, "src/top.txt:1:needle\n" },
	{ "a pattern that is none", "(", NULL, 0, false, NULL },
};

TEST(searches)
{
	struct fs_pin pin;
	struct grant_file grant;
	struct err err;

	tree_begin();
	plant_project();
	grant = pin_folder(".", &pin);
	TEST_ROWS(search_rows, row) {
		struct fs_search search = { .pattern = str_of(row->pattern), .only_files = row->only_files,
					    .context_lines = row->context,
					    .ignore_case = row->ignore_case, .start = "",
					    .readable = not_keep, .line = note_line, .cancel_fd = -1 };
		const char *rest;
		int r;

		assert_true(fs_root_of(roots, pin.path, &search.top, &rest));
		buf_clear(&seen);
		r = fs_search(&grant, &search, &err);
		EXPECT_EQ(row, r < 0, !row->want);
		if (row->want)
			EXPECT_STR(row, buf_str(&seen), row->want);
	}
	fs_pin_fini(&pin);
	buf_fini(&seen);
	tree_end();
}

static void search_big(const char *pattern, uint32_t context, struct buf *ret_lines)
{
	struct fs_search search = { .pattern = str_of(pattern), .context_lines = context, .top = -1,
				    .start = "", .line = note_line, .cancel_fd = -1 };
	struct fs_pin pin;
	struct grant_file grant = pin_folder("big", &pin);
	struct err err;

	MUST(fs_search(&grant, &search, &err), &err);
	fs_pin_fini(&pin);
	*ret_lines = seen;
	seen = BUF_INIT;
}

/* With the words known, lines are skipped; without, each is matched.  Files of
 * several blocks, hits anywhere: both ways must show the same. */
TEST(skipping_lines_shows_the_same_as_matching_each)
{
	struct buf text = BUF_INIT, quick, slow;
	unsigned int seed = 11;

	tree_begin();
	tree_folder("p/big");
	for (unsigned int file = 0; file < 3; file++) {
		buf_clear(&text);
		while (text.len < (9u << 20)) {
			bool hit = rand_r(&seed) % 20000 == 0;

			buf_addf(&text, "%0*d%s\n", rand_r(&seed) % 90 + 1, 7, hit ? " the needle" : "");
			if (hit && rand_r(&seed) % 2)
				buf_adds(&text, "the needle\nnext\nthe needle again\n");
		}
		text.len -= file;	/* with and without a last line end */
		tree_file(file == 0 ? "p/big/a" : file == 1 ? "p/big/b" : "p/big/c", buf_str(&text));
	}
	for (uint32_t context = 0; context < 4; context++) {
		search_big("the needle", context, &quick);
		search_big("(?:the) needle", context, &slow);
		assert_true(quick.len > 1000);
		if (!str_eq(buf_str(&quick), buf_str(&slow)))
			fail_msg("with %u lines of context they differ", context);
		buf_fini(&quick);
		buf_fini(&slow);
	}
	buf_fini(&text);
	tree_end();
}

TEST(a_pattern_that_takes_for_ever_is_stopped)
{
	struct fs_search search = { .pattern = STR("^(a+)+$"), .top = -1, .start = "",
				    .line = note_line, .cancel_fd = -1 };
	struct fs_pin pin;
	struct grant_file grant;
	struct err err;

	tree_begin();
	tree_file("p/f", STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n"));
	grant = pin_folder(".", &pin);
	assert_int_equal(fs_search(&grant, &search, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "too long to match"));
	fs_pin_fini(&pin);
	tree_end();
}

TEST(a_cancel_ends_a_search)
{
	struct fs_search search = { .pattern = STR("x"), .top = -1, .start = "", .line = note_line };
	struct fs_pin pin;
	struct grant_file grant;
	struct err err;
	int fds[2];

	tree_begin();
	tree_file("p/f", STR("x\n"));
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "c", 1), 1);
	search.cancel_fd = fds[0];
	grant = pin_folder(".", &pin);
	assert_int_equal(fs_search(&grant, &search, &err), ERR_CANCELLED);
	close(fds[0]), close(fds[1]);
	fs_pin_fini(&pin);
	tree_end();
}

static const struct glob_row {
	const char *name, *pattern, *path;
	bool want;
} glob_rows[] = {
	{ "a star stays in its component", "src/*.c", "src/a.c", true },
	{ "and does not cross a slash", "src/*.c", "src/b/a.c", false },
	{ "two stars cross", "src/**/*.c", "src/b/c/a.c", true },
	{ "two stars may be nothing", "src/**/*.c", "src/a.c", true },
	{ "two stars at the end", "src/**", "src/b/c/a.c", true },
	{ "two stars do not cover the folder", "src/**", "src", false },
	{ "a pattern without slash is about the last component", "*.c", "x/y/a.c", true },
	{ "with ./ before it only at the top", "./*.c", "x/a.c", false },
	{ "where it is found", "./*.c", "a.c", true },
	{ "a question mark is one byte", "a?c", "abc", true },
	{ "and not a slash", "a/?", "a//", false },
	{ "a set", "[a-c]x", "bx", true },
	{ "a negated set", "[!a-c]x", "bx", false },
	{ "choices", "*.{ts,tsx}", "a.tsx", true },
	{ "choices in folders", "{src,lib}/**/*.c", "lib/x/a.c", true },
	{ "an open bracket alone is itself", "a[", "a[", true },
	{ "a leading dot needs no mention", "*", ".env", true },
};

TEST(globs)
{
	TEST_ROWS(glob_rows, row)
		EXPECT_EQ(row, fs_glob_match(row->pattern, row->path), row->want);
}

TEST(a_glob_that_takes_for_ever_gives_up)
{
	char text[200];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(fs_glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

TEST_MAIN(RUN(reads), RUN(lines_of_a_huge_file_come_without_the_rest), RUN(a_sparse_gigabyte_is_refused_by_its_size), RUN(writes),
	  RUN(a_hard_link_elsewhere_keeps_its_bytes), RUN(deletes_names_not_folders),
	  RUN(walks_in_name_order_and_knows_gitignore), RUN(searches),
	  RUN(skipping_lines_shows_the_same_as_matching_each),
	  RUN(a_pattern_that_takes_for_ever_is_stopped), RUN(a_cancel_ends_a_search), RUN(globs),
	  RUN(a_glob_that_takes_for_ever_gives_up))
