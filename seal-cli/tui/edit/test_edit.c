#include "seal-cli/tui/edit/edit.h"

#include "base/test.h"

/* Typed as text, with keys in <>: "<C-a>" "<A-b>" "<left>" "<enter>". */
static const struct {
	const char *name;
	enum key_sym sym;
} names[] = {
	{ "enter", KEY_ENTER }, { "left", KEY_LEFT },	{ "right", KEY_RIGHT },	 { "up", KEY_UP },
	{ "down", KEY_DOWN },	{ "home", KEY_HOME },	{ "end", KEY_END },	 { "del", KEY_DELETE },
	{ "bs", KEY_BACKSPACE },
};

static struct key key_of(struct str name)
{
	struct key key = { KEY_CHAR, 0, STR("") };

	for (; name.len > 2 && name.data[1] == '-'; name = str_from(name, 2))
		key.mods |= name.data[0] == 'C' ? MOD_CTRL : name.data[0] == 'A' ? MOD_ALT : MOD_SHIFT;
	key.text = name;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i].name))
			key.sym = names[i].sym;
	return key;
}

static enum edit_outcome type(struct edit *edit, const char *script)
{
	enum edit_outcome last = EDIT_IGNORED;
	struct str rest = str_of(script);

	while (rest.len) {
		size_t n = rest.data[0] == '<' ? str_chr(rest, '>') + 1 : text_next(rest);
		struct str piece = str_head(rest, n);
		struct key key = { KEY_CHAR, 0, piece };

		if (n > 2 && piece.data[0] == '<')
			key = key_of((struct str){ piece.data + 1, n - 2 });
		last = edit_key(edit, &key);
		rest = str_from(rest, n);
	}
	return last;
}

static const struct row {
	const char *name, *script, *want;
} rows[] = {
	{ "typing in the middle", "ac<left>b", "abc" },
	{ "start and end of the line", "bc<C-a>a<C-e>d", "abcd" },
	{ "alt and enter makes a line", "a<A-enter>b", "a\nb" },
	{ "shift and enter makes a line", "a<S-enter>b", "a\nb" },
	{ "control and j makes a line", "a<C-j>b", "a\nb" },
	{ "home is of the line, not of the text", "ab<C-j>cd<home>X", "ab\nXcd" },
	{ "kill to the end, and yank", "abc def<C-a><C-k><C-y><C-y>", "abc defabc def" },
	{ "kill at the end of a line takes the newline", "a<C-j>b<up><end><C-k>", "ab" },
	{ "kill to the start", "abc def<C-u>x", "x" },
	{ "kill a word by blanks", "git commit-all<C-w>x", "git x" },
	{ "word moves", "one two_2 three<A-b><A-b>X<A-f>Y", "one Xtwo_2Y three" },
	{ "control and arrows move by words", "one two<C-left>X", "one Xtwo" },
	{ "kill the next word", "one two<C-a><A-d>", " two" },
	{ "backspace takes a whole character", "a\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7<bs>b", "ab" },
	{ "delete at the end is nothing", "a<del><C-d>", "a" },
	{ "up keeps the column", "abcd<C-j>ef<C-j>ghij<up><up>X", "abcdX\nef\nghij" },
	{ "down at the bottom stays", "ab<down>c", "abc" },
};

TEST(keys)
{
	TEST_ROWS(rows, row) {
		cleanup_with(edit_free) struct edit *edit = edit_new();
		cleanup_buf struct buf got = BUF_INIT;

		type(edit, row->script);
		edit_text(edit, &got);
		EXPECT_STR(row, buf_str(&got), row->want);
	}
}

TEST(enter_submits)
{
	cleanup_with(edit_free) struct edit *edit = edit_new();

	assert_int_equal(type(edit, "hello<enter>"), EDIT_SUBMIT);
}

TEST(history_keeps_the_draft)
{
	cleanup_with(edit_free) struct edit *edit = edit_new();
	cleanup_buf struct buf got = BUF_INIT;
	size_t from = 10;

	edit_remember(edit, STR("first"));
	edit_remember(edit, STR("second"));
	edit_remember(edit, STR("second"));
	assert_int_equal(edit_history(edit), 2);
	type(edit, "draft<up><up><up>");
	edit_text(edit, &got);
	assert_string_equal(got.data, "first");
	type(edit, "<down><down><down>");
	buf_clear(&got);
	edit_text(edit, &got);
	assert_string_equal(got.data, "draft");
	assert_string_equal(edit_search(edit, STR("irs"), &from), "first");
	assert_null(edit_search(edit, STR("irs"), &from));
}

TEST(a_large_paste_is_a_chip_that_is_sent_whole)
{
	cleanup_with(edit_free) struct edit *edit = edit_new();
	cleanup_buf struct buf got = BUF_INIT;
	char big[4000];
	struct key key = { KEY_PASTE, 0, { big, sizeof(big) } };
	size_t row, column;

	memset(big, 'x', sizeof(big));
	type(edit, "look: ");
	edit_key(edit, &key);
	type(edit, " ok");
	edit_text(edit, &got);
	assert_int_equal(got.len, 6 + 4000 + 3);
	edit_cursor(edit, "> ", 80, &row, &column);
	assert_int_equal(row, 0);
	assert_int_equal(column, 2 + 6 + strlen("[pasted 1 line]") + 3);
	type(edit, "<left><left><left><bs>");
	buf_clear(&got);
	edit_text(edit, &got);
	assert_string_equal(got.data, "look:  ok");
}

static const struct cursor_row {
	const char *name, *script;
	size_t columns, row, column;
} cursor_rows[] = {
	{ "behind the prompt", "", 20, 0, 2 },
	{ "in a wrapped line", "aaaaaaaa bbbbb", 12, 1, 7 },
	{ "a full row moves to the next", "aaaaaaaaaa", 12, 1, 0 },
	{ "in a second line", "ab<C-j>cde", 20, 1, 5 },
	{ "an empty second line", "ab<C-j>", 20, 1, 2 },
};

TEST(cursor)
{
	TEST_ROWS(cursor_rows, row) {
		cleanup_with(edit_free) struct edit *edit = edit_new();
		size_t r = 99, c = 99;

		type(edit, row->script);
		edit_cursor(edit, "> ", row->columns, &r, &c);
		EXPECT_EQ(row, r, row->row);
		EXPECT_EQ(row, c, row->column);
	}
}

/* -- every key the text takes is in the table of keys -- */

static const char *const table[] = {
#define KEY(scope, names, sentence) names ", ",
#include "seal-cli/tui/keys.def"
#undef KEY
};

static bool is_told(const char *name)
{
	cleanup_buf struct buf whole = BUF_INIT;

	buf_addf(&whole, "%s, ", name);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *at = strstr(table[i], whole.data);

		if (at && (at == table[i] || at[-1] == ' '))
			return true;
	}
	return false;
}

static void try_key(const struct key *key, const char *name)
{
	cleanup_with(edit_free) struct edit *edit = edit_new();

	assert_non_null(edit);
	(void)type(edit, "ab cd<left>");
	if (edit_key(edit, key) != EDIT_IGNORED && !is_told(name))
		fail_msg("%s does something and is not in keys.def", name);
}

TEST(every_key_is_in_the_table)
{
	static const struct {
		const char *name;
		unsigned int mods;
	} mods[] = { { "", 0 }, { "Ctrl+", MOD_CTRL }, { "Alt+", MOD_ALT } };
	static const struct {
		const char *name;
		enum key_sym sym;
	} syms[] = { { "Enter", KEY_ENTER }, { "Left", KEY_LEFT }, { "Right", KEY_RIGHT }, { "Home", KEY_HOME },
		     { "End", KEY_END }, { "Delete", KEY_DELETE }, { "Backspace", KEY_BACKSPACE } };
	char name[32];

	for (size_t m = 0; m < 3; m++) {
		for (size_t i = 0; i < sizeof(syms) / sizeof(syms[0]); i++) {
			(void)snprintf(name, sizeof(name), "%s%s", mods[m].name, syms[i].name);
			try_key(&(struct key){ syms[i].sym, mods[m].mods, STR("") }, name);
		}
		for (char c = '!'; m && c <= '~'; c++) {
			(void)snprintf(name, sizeof(name), "%s%c", mods[m].name, c >= 'a' && c <= 'z' ? c - 32 : c);
			try_key(&(struct key){ KEY_CHAR, mods[m].mods, { &c, 1 } }, name);
		}
	}
}

TEST_MAIN(RUN(every_key_is_in_the_table), RUN(keys), RUN(enter_submits), RUN(history_keeps_the_draft),
	  RUN(a_large_paste_is_a_chip_that_is_sent_whole), RUN(cursor))
