#include "seal-cli/tui/view/ask.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/test.h"

static const char request[] =
	"{\"options\":[{\"optionId\":\"allow_once\",\"name\":\"Allow\"},"
	"{\"optionId\":\"allow_always\",\"name\":\"Allow always\"},"
	"{\"optionId\":\"reject_once\",\"name\":\"Deny\"},"
	"{\"optionId\":\"reject_always\",\"name\":\"Deny always\"}],"
	"\"_meta\":{\"seal\":{\"call\":\"tools.command-run\",\"root\":\"/p\",\"cwd\":\"/p\","
	"\"subject\":\"cargo nextest run -p x && rm -rf build\",\"parts\":["
	"{\"verb\":\"run\",\"text\":\"cargo nextest run -p x\",\"verdict\":\"ask\",\"reason\":\"no rule\","
	"\"steps\":[{\"pattern\":\"cargo:*\"},{\"pattern\":\"cargo nextest:*\",\"recommended\":true},"
	"{\"pattern\":\"cargo nextest run:*\"}]},"
	"{\"verb\":\"run\",\"text\":\"ls\",\"verdict\":\"allow\",\"steps\":[]},"
	"{\"verb\":\"run\",\"text\":\"rm -rf build\",\"verdict\":\"ask\",\"steps\":[{\"pattern\":\"rm -rf build\"}]}]}}}";

static struct ask_view *view_new(void)
{
	cleanup_json yyjson_doc *doc = json_read(str_of(request), NULL, NULL);

	return ask_view_new(yyjson_doc_get_root(doc), NULL);
}

static const struct row {
	const char *name;
	enum key_sym sym;
	const char *text, *want_choice, *want_pattern;
} rows[] = {
	{ "the scale starts at the recommended step", KEY_OTHER, "", NULL, "cargo nextest:*" },
	{ "left broadens", KEY_LEFT, "", NULL, "cargo:*" },
	{ "right narrows", KEY_RIGHT, "", NULL, "cargo nextest run:*" },
	{ "home is the broadest", KEY_HOME, "", NULL, "cargo:*" },
	{ "end is the narrowest", KEY_END, "", NULL, "cargo nextest run:*" },
	{ "a number chooses", KEY_CHAR, "4", "reject_always", "cargo nextest:*" },
	{ "a number beyond the options does not", KEY_CHAR, "5", NULL, "cargo nextest:*" },
	{ "another letter does not", KEY_CHAR, "y", NULL, "cargo nextest:*" },
	{ "enter takes the marked one", KEY_ENTER, "", "allow_once", "cargo nextest:*" },
};

TEST(keys)
{
	TEST_ROWS(rows, row) {
		cleanup_with(ask_view_free) struct ask_view *view = view_new();
		const struct ask_entry *entries;
		struct key key = { row->sym, 0, str_of(row->text) };
		const char *choice = ask_view_key(view, &key);

		EXPECT_STR(row, str_of(choice), row->want_choice ? row->want_choice : "");
		EXPECT_EQ(row, ask_view_entries(view, &entries), 2);
		EXPECT_STR(row, str_of(entries[0].pattern), row->want_pattern);
		EXPECT_STR(row, str_of(entries[1].pattern), "rm -rf build");
	}
}

TEST(each_size_shows_the_options_and_what_is_written)
{
	static const size_t sizes[][2] = { { 80, 24 }, { 120, 40 }, { 40, 12 } };

	for (size_t i = 0; i < 3; i++) {
		cleanup_with(ask_view_free) struct ask_view *view = view_new();
		cleanup_with(screen_free) struct screen *screen =
			screen_new(sizes[i][0], sizes[i][1], THEME_MONO);

		screen_begin(screen);
		ask_view_draw(view, screen, sizes[i][1] - 1);
		assert_true(screen_live(screen) <= sizes[i][1]);
		screen_end(screen);
		assert_non_null(strstr(screen_out(screen)->data, "Allow always"));
		assert_non_null(strstr(screen_out(screen)->data, "Deny always"));
		assert_non_null(strstr(screen_out(screen)->data, "cargo nextest"));
	}
}

TEST_MAIN(RUN(keys), RUN(each_size_shows_the_options_and_what_is_written))
