/*
 * Bytes from the terminal -> keys, pastes, reports.  The sequences are read by
 * libtermpaint's input parser; kitty's keyboard protocol is read here, from the
 * parser's raw sequences.  Does no I/O: feed bytes, get calls.
 *
 * A lone ESC is a key only when nothing follows: when keys_pending() says so,
 * wait KEYS_ESCAPE_MS for more bytes, then call keys_escape().
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/str.h"

#define KEYS_ESCAPE_MS 25
#define KEYS_PASTE_MAX (16u << 20)

enum key_sym {
	KEY_CHAR,	/* text is the character; with mods: Ctrl+A is 'a' */
	KEY_PASTE,	/* text is the whole paste, newlines as \n, no controls */
	KEY_ENTER, KEY_TAB, KEY_BACKSPACE, KEY_DELETE, KEY_ESCAPE,
	KEY_UP, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_HOME, KEY_END, KEY_PAGE_UP, KEY_PAGE_DOWN,
	KEY_FOCUS_IN, KEY_FOCUS_OUT,
	KEY_BACKGROUND,	/* text is the terminal's background, "rgb:RRRR/GGGG/BBBB" */
	KEY_OTHER,
};

enum key_mod { MOD_SHIFT = 1, MOD_CTRL = 2, MOD_ALT = 4 };

struct key {
	enum key_sym sym;
	unsigned int mods;
	struct str text;	/* lives for the call */
};

typedef void key_fn(void *ctx, const struct key *key);

struct keys;
struct keys *keys_new(key_fn *call, void *ctx);
void keys_free(struct keys *keys);
DEFINE_CLEANUP(struct keys, keys_free)

void keys_feed(struct keys *keys, struct str bytes);
bool keys_pending(const struct keys *keys);
void keys_escape(struct keys *keys);
