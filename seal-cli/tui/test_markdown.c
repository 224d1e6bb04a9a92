#include "seal-cli/tui/markdown.h"

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
	{ "emphasis leaves no marks", "*a* **b** `c` ~~d~~", "a b c d\n" },
	{ "escape sequences are shown", "a\x1b[2Jb", "a\\u{1b}[2Jb\n" },
	{ "nothing", "", "" },
};

TEST(draw)
{
	TEST_ROWS(rows, row) {
		cleanup_buf struct buf got = BUF_INIT;

		markdown_draw(str_of(row->text), 80, write_down, &got);
		EXPECT_STR(row, buf_str(&got), row->want);
	}
}

TEST(a_table_stays_within_the_columns)
{
	cleanup_buf struct buf got = BUF_INIT;
	struct str rest, line;

	markdown_draw(STR("| aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | b |\n|---|---|\n| 1 | 2 |\n"), 20, write_down,
		      &got);
	rest = buf_str(&got);
	while (str_line(&rest, &line))
		assert_true(text_width(line) <= 20);
}

static const struct settled_row {
	const char *name, *text;
	size_t want;
} settled_rows[] = {
	{ "nothing yet", "one", 0 },
	{ "a paragraph and its blank line", "one\n\ntwo", 5 },
	{ "a blank line within code does not count", "```\na\n\nb", 0 },
	{ "behind the fence it does", "```\na\n```\nb", 10 },
};

TEST(settled)
{
	TEST_ROWS(settled_rows, row)
		EXPECT_EQ(row, markdown_settled(str_of(row->text)), row->want);
}

TEST_MAIN(RUN(draw), RUN(a_table_stays_within_the_columns), RUN(settled))
