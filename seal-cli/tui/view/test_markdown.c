#include "seal-cli/tui/view/markdown.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/test.h"

static void write_down(void *ctx, const struct line *line)
{
	for (size_t i = 0; i < line->n; i++)
		buf_add(ctx, (struct str){ line->cells[i].bytes, line->cells[i].len });
	buf_addc(ctx, '\n');
}

static const struct row {
	const char *name, *text, *want;
} rows[] = {
	{ "paragraphs are kept apart", "one\ntwo\n\nthree", "one two\n\nthree\n" },
	{ "a heading", "# Title\ntext", "Title\n\ntext\n" },
	{ "bullets, nested", "- a\n- b\n  - c\n", "• a\n• b\n  • c\n" },
	{ "numbers go on from where they start", "3. a\n4. b\n", "3. a\n4. b\n" },
	{ "code keeps its blanks", "```c\nint x;\n\n  y\n```", "  int x;\n  \n    y\n" },
	{ "a fence that is still open is code", "```\nint x;", "  int x;\n" },
	{ "a quote", "> said", "│ said\n" },
	{ "html is text", "<b>x</b>", "<b>x</b>\n" },
	{ "a link shows where it leads", "[here](http://x.test/)", "here (http://x.test/)\n" },
	{ "an address is not repeated", "http://x.test/", "http://x.test/\n" },
	{ "a table", "| a | b |\n|---|---|\n| 1 | two |\n",
	  "│ a │ b   │\n├───┼─────┤\n│ 1 │ two │\n" },
	{ "columns stand left, in the middle, right", "| a | bbb | cc |\n|---|:---:|---:|\n| 1 | 2 | 3 |\n",
	  "│ a │ bbb │ cc │\n├───┼─────┼────┤\n│ 1 │  2  │  3 │\n" },
	{ "emphasis leaves no marks", "*a* **b** `c` ~~d~~", "a b c d\n" },
	{ "escape sequences are shown", "a\x1b[2Jb", "a\\u{1b}[2Jb\n" },
	{ "nothing", "", "" },
};

TEST(draw)
{
	TEST_ROWS(rows, row) {
		cleanup_buf struct buf got = BUF_INIT;

		markdown_draw(str_of(row->text), 80, NULL, write_down, &got);
		EXPECT_STR(row, buf_str(&got), row->want);
	}
}

TEST(a_table_stays_within_the_columns)
{
	cleanup_buf struct buf got = BUF_INIT;
	struct str rest, line;

	markdown_draw(STR("| aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | b |\n|---|---|\n| 1 | 2 |\n"), 20, NULL, write_down,
		      &got);
	rest = buf_str(&got);
	while (str_line(&rest, &line))
		assert_true(text_width(line) <= 20);
}

static const struct narrow_row {
	const char *name, *text, *want;
} narrow_rows[] = {
	{ "a cell that is too wide goes on below", "| key | what it is |\n|---|---|\n| a | one two three |\n",
	  "│ key │ what it  │\n│     │ is       │\n├─────┼──────────┤\n│ a   │ one two  │\n│     │ three    │\n" },
	{ "a quote has its bar before every row", "> one two three four five",
	  "│ one two three\n│ four five\n" },
	{ "a list in a quote too", "> - one two three four five",
	  "│ • one two three\n│   four five\n" },
};

TEST(narrow)
{
	TEST_ROWS(narrow_rows, row) {
		cleanup_buf struct buf got = BUF_INIT;

		markdown_draw(str_of(row->text), 18, NULL, write_down, &got);
		EXPECT_STR(row, buf_str(&got), row->want);
	}
}

static const struct settled_row {
	const char *name, *text;
	size_t want;
	const char *want_reopen;
} settled_rows[] = {
	{ "nothing yet", "one", 0, "" },
	{ "a paragraph and its blank line", "one\n\ntwo", 5, "" },
	{ "code, line by line; the rest is still code", "```c\na\n\nb", 8, "```c\n" },
	{ "the line that opens code is not finished alone", "```c\na", 0, "" },
	{ "behind the fence nothing is reopened", "```\na\n```\nb", 10, "" },
	{ "an item when the next one begins", "- a\n- b\n- c", 4, "" },
	{ "a numbered item too", "1. a\n2. b\n", 5, "" },
	{ "a blank line in a list may go on in the item", "- a\n\n  b\n", 0, "" },
	{ "what is not indented ends the list", "- a\n\nb\n", 5, "" },
	{ "code in a list waits for the item's end", "1. a\n   ```\n   x\n", 0, "" },
	{ "an underline of a heading is no item", "a\n-\nb\n", 0, "" },
	{ "a table waits for its end", "| a |\n|---|\n| b |\n", 0, "" },
};

TEST(settled)
{
	TEST_ROWS(settled_rows, row) {
		cleanup_buf struct buf reopen = BUF_INIT;
		struct markdown_part part = { 0 };

		EXPECT_EQ(row, markdown_settled(str_of(row->text), &part, &reopen), row->want > 0);
		EXPECT_EQ(row, part.len, row->want);
		EXPECT_STR(row, buf_str(&reopen), row->want_reopen);
	}
}

static void add_rows(void *ctx, const struct line *line)
{
	write_down(ctx, line);
}

/* However a text arrives, what is drawn is what is drawn at once, but for empty
 * lines. */
TEST(pieces_look_like_the_whole)
{
	static const char text[] = "# Head\n\nSome *text*\nof two lines.\n\n- one\n- two\n  - three\n\n"
				   "```python\nx = 1\n\nprint(x)\n```\n\n1. a\n\n   ```\n   c\n   ```\n\n2. b\n\nend\n";
	cleanup_buf struct buf want = BUF_INIT, got = BUF_INIT, now = BUF_INIT;
	struct str a, b, left, right;

	markdown_draw(str_of(text), 80, NULL, add_rows, &want);
	for (size_t i = 0; text[i]; i++) {
		cleanup_buf struct buf reopen = BUF_INIT;
		struct markdown_part part;

		buf_addc(&now, text[i]);
		if (!markdown_settled(buf_str(&now), &part, &reopen))
			continue;
		markdown_draw(str_head(buf_str(&now), part.len), 80, NULL, add_rows, &got);
		buf_consume(&now, part.len);
		buf_add(&reopen, buf_str(&now));
		buf_clear(&now);
		buf_add(&now, buf_str(&reopen));
	}
	markdown_draw(buf_str(&now), 80, NULL, add_rows, &got);
	a = buf_str(&want);
	b = buf_str(&got);
	for (;;) {
		while (str_line(&a, &left) && str_trim(left).len == 0)
			;
		while (str_line(&b, &right) && str_trim(right).len == 0)
			;
		if (a.len == 0 || b.len == 0)
			break;
		if (!str_eq(left, right))
			fail_msg("%.*s is drawn as %.*s", STR_ARG(left), STR_ARG(right));
	}
	assert_int_equal(a.len, b.len);
}

TEST_MAIN(RUN(draw), RUN(narrow), RUN(a_table_stays_within_the_columns), RUN(settled), RUN(pieces_look_like_the_whole))
