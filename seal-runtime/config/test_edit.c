#include "base/buf.h"
#include "base/err.h"
#include "base/test.h"
#include "config/config.h"

static const struct row {
	const char *name, *text;
	enum config_key key;
	const char *value, *want; /* want NULL: refused */
} rows[] = {
	{ "an empty file gets the table", "", CONFIG_tui_theme, "dark",
	  "[tui]\ntheme = \"dark\"\n" },
	{ "a value is replaced, what stands beside it stays",
	  "# mine\n[tui]\ntheme = 'x' # why\nalternate_screen = true\n", CONFIG_tui_theme, "light",
	  "# mine\n[tui]\ntheme = \"light\" # why\nalternate_screen = true\n" },
	{ "a key comes behind its table's header",
	  "[tui]\nalternate_screen = true\n[cli]\nalways_approve = true\n", CONFIG_tui_theme, "16",
	  "[tui]\ntheme = \"16\"\nalternate_screen = true\n[cli]\nalways_approve = true\n" },
	{ "a table that is missing comes at the end, also without a last newline",
	  "[cli]\nalways_approve = true", CONFIG_daemon_linger, "5",
	  "[cli]\nalways_approve = true\n\n[daemon]\nlinger = 5\n" },
	{ "a dotted key is replaced where it is", "tui.alternate_screen = false\n",
	  CONFIG_tui_alternate_screen, "true", "tui.alternate_screen = true\n" },
	{ "a table of dotted keys is not guessed at", "tui.alternate_screen = false\n",
	  CONFIG_tui_theme, "dark", NULL },
	{ "a word that is none of the choices is refused", "", CONFIG_tui_theme, "pink", NULL },
	{ "a flag is true or false", "", CONFIG_tui_alternate_screen, "yes", NULL },
	{ "a number is a number", "", CONFIG_daemon_linger, "-1", NULL },
	{ "a number has an end", "", CONFIG_daemon_linger, "9999999", NULL },
	{ "a file that is no TOML is not made worse", "[tui\n", CONFIG_tui_alternate_screen, "true",
	  NULL },
};

TEST(edit)
{
	TEST_ROWS (rows, row) {
		cleanup_buf struct buf text = BUF_INIT;
		struct err err = { 0 };
		int r = config_edit(str_of(row->text), row->key, str_of(row->value), &text, &err);

		EXPECT_EQ(row, r < 0, row->want == NULL);
		if (row->want)
			EXPECT_STR(row, buf_str(&text), row->want);
	}
}

TEST_MAIN(RUN(edit))
