#include "seal-cli/tui/keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <termpaint_input.h>

#include "base/buf.h"

struct keys {
	termpaint_input *input;
	key_fn *call;
	void *ctx;
	struct buf paste;
	bool is_pasting;
	char sequence[8];	/* within a paste: an escape sequence so far */
	size_t n_sequence;
};

static const struct {
	const char *(*atom)(void);
	enum key_sym sym;
} atoms[] = {
	{ termpaint_input_enter, KEY_ENTER },	  { termpaint_input_numpad_enter, KEY_ENTER },
	{ termpaint_input_tab, KEY_TAB },	  { termpaint_input_backspace, KEY_BACKSPACE },
	{ termpaint_input_delete, KEY_DELETE },	  { termpaint_input_escape, KEY_ESCAPE },
	{ termpaint_input_arrow_up, KEY_UP },	  { termpaint_input_arrow_down, KEY_DOWN },
	{ termpaint_input_arrow_left, KEY_LEFT }, { termpaint_input_arrow_right, KEY_RIGHT },
	{ termpaint_input_home, KEY_HOME },	  { termpaint_input_end, KEY_END },
	{ termpaint_input_page_up, KEY_PAGE_UP }, { termpaint_input_page_down, KEY_PAGE_DOWN },
};

static unsigned int mods_of(int modifier)
{
	return (modifier & TERMPAINT_MOD_SHIFT ? MOD_SHIFT : 0) |
	       (modifier & TERMPAINT_MOD_CTRL ? MOD_CTRL : 0) |
	       (modifier & TERMPAINT_MOD_ALT ? MOD_ALT : 0);
}

static void say(struct keys *keys, enum key_sym sym, unsigned int mods, struct str text)
{
	struct key key = { sym, mods, text };

	keys->call(keys->ctx, &key);
}

static void on_key(struct keys *keys, const termpaint_event *event)
{
	if (event->key.atom == termpaint_input_i_resync())
		return;
	if (event->key.atom == termpaint_input_space()) {
		say(keys, KEY_CHAR, mods_of(event->key.modifier), STR(" "));
		return;
	}
	for (size_t i = 0; i < sizeof(atoms) / sizeof(atoms[0]); i++)
		if (event->key.atom == atoms[i].atom()) {
			say(keys, atoms[i].sym, mods_of(event->key.modifier), STR(""));
			return;
		}
	say(keys, KEY_OTHER, 0, STR(""));
}

/* A paste is text: line ends become \n, other controls go. */
static void add_paste(struct keys *keys, char c)
{
	if (keys->paste.len >= KEYS_PASTE_MAX)
		return;
	if (c == '\r')
		buf_addc(&keys->paste, '\n');
	else if (c == '\n' || c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f))
		buf_addc(&keys->paste, c);
}

/* One byte of an escape sequence within a paste: the paste's end, or nothing that is
 * kept.  What is longer than any mark is known by its beginning. */
static void add_sequence(struct keys *keys, char c)
{
	bool is_control = keys->n_sequence > 1 && keys->sequence[1] == '[';

	if (keys->n_sequence < sizeof(keys->sequence))
		keys->sequence[keys->n_sequence++] = c;
	if (keys->n_sequence == 1 || (keys->n_sequence == 2 && c == '['))
		return;
	if (is_control && (c < '@' || c > '~'))
		return;
	keys->is_pasting = !str_eq((struct str){ keys->sequence, keys->n_sequence }, STR("\x1b[201~"));
	keys->n_sequence = 0;
}

/* The parser would look each byte of a paste up among all keys, a second a
 * megabyte: pastes are read here.  Gives how many of the bytes are the paste's. */
static size_t feed_paste(struct keys *keys, struct str bytes)
{
	size_t at = 0;

	while (at < bytes.len && keys->is_pasting) {
		char c = bytes.data[at++];

		if (c == '\x1b')
			keys->n_sequence = 0;	/* whatever went before has no end */
		if (c == '\x1b' || keys->n_sequence)
			add_sequence(keys, c);
		else
			add_paste(keys, c);
	}
	if (!keys->is_pasting)
		say(keys, KEY_PASTE, 0, buf_str(&keys->paste));
	return at;
}

static void on_event(void *ctx, termpaint_event *event)
{
	struct keys *keys = ctx;

	switch (event->type) {
	case TERMPAINT_EV_CHAR:
		say(keys, KEY_CHAR, mods_of(event->c.modifier),
		    (struct str){ event->c.string, event->c.length });
		break;
	case TERMPAINT_EV_KEY:
		on_key(keys, event);
		break;
	case TERMPAINT_EV_MISC:
		if (event->misc.atom == termpaint_input_focus_in())
			say(keys, KEY_FOCUS_IN, 0, STR(""));
		else if (event->misc.atom == termpaint_input_focus_out())
			say(keys, KEY_FOCUS_OUT, 0, STR(""));
		break;
	case TERMPAINT_EV_COLOR_SLOT_REPORT:
		if (event->color_slot_report.slot == 11)
			say(keys, KEY_BACKGROUND, 0,
			    (struct str){ event->color_slot_report.color,
					  event->color_slot_report.length });
		break;
	default:
		break;
	}
}

/* A number at *at; moves past it. */
static unsigned int number(struct str text, size_t *at)
{
	unsigned int value = 0;

	while (*at < text.len && text.data[*at] >= '0' && text.data[*at] <= '9' && value < 1u << 24)
		value = value * 10 + (unsigned int)(text.data[(*at)++] - '0');
	return value;
}

/*
 * kitty: CSI code[:...] ; mods[:event] u.  The parser knows the code for Enter
 * and its like; what it does not know is a bare Escape, and key releases.
 */
static bool kitty(struct keys *keys, struct str raw)
{
	size_t at = 2;
	unsigned int code, mods = 1, event = 1;

	if (raw.len < 4 || raw.data[0] != '\x1b' || raw.data[1] != '[' || raw.data[raw.len - 1] != 'u' ||
	    raw.data[2] < '0' || raw.data[2] > '9')
		return false;
	code = number(raw, &at);
	while (at < raw.len && raw.data[at] != ';' && raw.data[at] != 'u')
		at++;
	if (at < raw.len && raw.data[at] == ';') {
		at++;
		mods = number(raw, &at);
		if (at < raw.len && raw.data[at] == ':') {
			at++;
			event = number(raw, &at);
		}
	}
	if (event == 3 || (code >= 57344 && code <= 63743))
		return true;	/* a release, or a key of its own that we have no use for */
	mods = (mods - 1) & 7;
	if (code >= 32 && code < 127 && mods == 0) {
		char letter = (char)code;

		say(keys, KEY_CHAR, 0, (struct str){ &letter, 1 });
		return true;
	}
	if (code != 27)
		return false;
	say(keys, KEY_ESCAPE, mods, STR(""));
	return true;
}

static bool begins_paste(struct keys *keys, struct str raw)
{
	if (!str_is(raw, "\x1b[200~"))
		return false;
	buf_clear(&keys->paste);
	keys->is_pasting = true;
	keys->n_sequence = 0;
	return true;
}

static bool on_raw(void *ctx, const char *data, unsigned int length, bool overflow)
{
	struct str raw = { data, length };

	return !overflow && (begins_paste(ctx, raw) || kitty(ctx, raw));
}

struct keys *keys_new(key_fn *call, void *ctx)
{
	struct keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		return NULL;
	keys->call = call;
	keys->ctx = ctx;
	keys->paste.limit = KEYS_PASTE_MAX + 8;
	keys->input = termpaint_input_new_or_nullptr();
	if (!keys->input) {
		free(keys);
		return NULL;
	}
	termpaint_input_set_event_cb(keys->input, on_event, keys);
	termpaint_input_set_raw_filter_cb(keys->input, on_raw, keys);
	return keys;
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	termpaint_input_free(keys->input);
	buf_fini(&keys->paste);
	free(keys);
}

/* Up to each '~' alone, since what follows may be a paste. */
void keys_feed(struct keys *keys, struct str bytes)
{
	while (bytes.len) {
		size_t n = str_chr(bytes, '~');

		n = n == STR_NONE ? bytes.len : n + 1;
		if (keys->is_pasting)
			n = feed_paste(keys, bytes);
		else
			termpaint_input_add_data(keys->input, bytes.data, (unsigned int)n);
		bytes = str_from(bytes, n);
	}
}

bool keys_pending(const struct keys *keys)
{
	return termpaint_input_peek_buffer_length(keys->input) == 1 &&
	       termpaint_input_peek_buffer(keys->input)[0] == '\x1b';
}

void keys_escape(struct keys *keys)
{
	if (keys_pending(keys))
		keys_feed(keys, STR("\x1b[0n"));	/* the parser's own way out of a lone ESC */
}
