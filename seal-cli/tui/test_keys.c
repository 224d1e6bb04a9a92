#include "seal-cli/tui/keys.h"

#include "base/buf.h"
#include "base/test.h"

static void write_down(void *ctx, const struct key *key)
{
	static const char *const names[] = {
		"", "paste", "enter", "tab", "backspace", "delete", "escape", "up", "down", "left", "right",
		"home", "end", "pageup", "pagedown", "focus", "blur", "background", "other",
	};
	struct buf *got = ctx;

	if (key->mods & MOD_CTRL)
		buf_adds(got, "C-");
	if (key->mods & MOD_ALT)
		buf_adds(got, "A-");
	if (key->mods & MOD_SHIFT)
		buf_adds(got, "S-");
	buf_adds(got, names[key->sym]);
	if (key->sym == KEY_PASTE || key->sym == KEY_BACKGROUND)
		buf_addc(got, '=');
	buf_add(got, key->text);
	buf_addc(got, ' ');
}

static const struct row {
	const char *name, *bytes, *want;
} rows[] = {
	{ "plain text", "a\xc3\xa9", "a \xc3\xa9 " },
	{ "enter", "\r", "enter " },
	{ "shift and enter in kitty's way", "\x1b[13;2u", "S-enter " },
	{ "shift and enter by modifyOtherKeys", "\x1b[27;2;13~", "S-enter " },
	{ "alt and enter", "\x1b\r", "A-enter " },
	{ "control and a letter", "\x01\x0b", "C-a C-k " },
	{ "control and j is not enter", "\n", "C-j " },
	{ "arrows", "\x1b[A\x1b[B\x1b[D\x1b[C", "up down left right " },
	{ "arrows of a terminal in application mode", "\x1bOA", "up " },
	{ "a word move", "\x1b[1;5D\x1b" "b", "C-left A-b " },
	{ "shift and tab", "\x1b[Z", "S-tab " },
	{ "home, end, delete", "\x1b[H\x1b[F\x1b[3~", "home end delete " },
	{ "escape in kitty's way", "\x1b[27u", "escape " },
	{ "a release is nothing", "\x1b[97;1:3u", "" },
	{ "a paste comes whole, with its newlines", "\x1b[200~a\rb\x1b[201~", "paste=a\nb " },
	{ "a paste cannot send escape sequences", "\x1b[200~x\x1b[31my\x1b[201~z", "paste=xy z " },
	{ "a paste ends at its mark, though a sequence before it has no end", "\x1b[200~x\x1b[1;2\x1b[201~z", "paste=x z " },
	{ "what looks like its end is none", "\x1b[200~x\x1b[2010~\x1b[20100000000~y\x1b[201~", "paste=xy " },
	{ "a second paste is its own", "\x1b[200~a\x1b[201~\x1b[200~b\x1b[201~", "paste=a paste=b " },
	{ "focus", "\x1b[I\x1b[O", "focus blur " },
	{ "the background's colour", "\x1b]11;rgb:0000/1111/2222\x1b\\", "background=rgb:0000/1111/2222 " },
	{ "a sequence nobody knows is nothing", "\x1b[?1234;5$x" "q", "q " },
};

/* However the bytes are cut, the keys are the same. */
TEST(keys_at_every_cut)
{
	TEST_ROWS(rows, row) {
		size_t len = strlen(row->bytes);

		for (size_t cut = 0; cut <= len; cut++) {
			cleanup_buf struct buf got = BUF_INIT;
			cleanup_with(keys_free) struct keys *keys = keys_new(write_down, &got);

			keys_feed(keys, (struct str){ row->bytes, cut });
			keys_feed(keys, (struct str){ row->bytes + cut, len - cut });
			EXPECT_STR(row, buf_str(&got), row->want);
		}
	}
}

TEST(a_lone_escape_waits_for_its_time)
{
	cleanup_buf struct buf got = BUF_INIT;
	cleanup_with(keys_free) struct keys *keys = keys_new(write_down, &got);

	keys_feed(keys, STR("\x1b"));
	assert_int_equal(got.len, 0);
	assert_true(keys_pending(keys));
	keys_escape(keys);
	keys_feed(keys, STR("x"));
	assert_string_equal(got.data, "escape x ");
	assert_false(keys_pending(keys));
}

TEST_MAIN(RUN(keys_at_every_cut), RUN(a_lone_escape_waits_for_its_time))
