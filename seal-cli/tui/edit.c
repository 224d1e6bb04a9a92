#include "seal-cli/tui/edit.h"

#include <stdlib.h>

#include "base/utf8.h"

/* A chip is one private-use character in the text; its content is beside it. */
#define CHIP_FIRST 0xF0000u

struct chip {
	char *text;
	size_t len, lines;
};

struct edit {
	struct buf text;
	size_t cursor;	/* byte offset, at a character's start */
	struct buf kill;
	struct chip chips[EDIT_CHIPS_MAX];
	size_t n_chips;
	char **history;
	size_t n_history, at_history;	/* at == n: the text being written */
	struct buf draft;	/* it, while an older entry is shown */
	size_t column;	/* wanted by up and down; STR_NONE: the cursor's */
};

struct edit *edit_new(void)
{
	struct edit *edit = calloc(1, sizeof(*edit));

	if (!edit)
		return NULL;
	edit->text.limit = edit->kill.limit = edit->draft.limit = EDIT_TEXT_MAX;
	edit->column = STR_NONE;
	return edit;
}

void edit_free(struct edit *edit)
{
	if (!edit)
		return;
	for (size_t i = 0; i < edit->n_chips; i++)
		free(edit->chips[i].text);
	for (size_t i = 0; i < edit->n_history; i++)
		free(edit->history[i]);
	free(edit->history);
	buf_fini(&edit->text);
	buf_fini(&edit->kill);
	buf_fini(&edit->draft);
	free(edit);
}

static struct str whole(const struct edit *edit)
{
	return buf_str(&edit->text);
}

static const struct chip *chip_at(const struct edit *edit, size_t at)
{
	uint32_t point = 0;

	(void)utf8_decode(str_from(whole(edit), at), &point);
	if (point < CHIP_FIRST || point - CHIP_FIRST >= edit->n_chips)
		return NULL;
	return &edit->chips[point - CHIP_FIRST];
}

/* -- changes -- */

static void insert(struct edit *edit, struct str text)
{
	size_t tail = edit->text.len - edit->cursor;
	char *at = buf_reserve(&edit->text, text.len);

	if (!at) {
		edit->text.failed = false;	/* the text stays as it was */
		return;
	}
	memmove(edit->text.data + edit->cursor + text.len, edit->text.data + edit->cursor, tail);
	if (text.len)
		memcpy(edit->text.data + edit->cursor, text.data, text.len);
	edit->text.len += text.len;
	edit->text.data[edit->text.len] = '\0';
	edit->cursor += text.len;
}

static void erase(struct edit *edit, size_t from, size_t to, bool keep)
{
	if (to <= from)
		return;
	if (keep) {
		buf_clear(&edit->kill);
		buf_add(&edit->kill, (struct str){ edit->text.data + from, to - from });
	}
	memmove(edit->text.data + from, edit->text.data + to, edit->text.len - to + 1);
	edit->text.len -= to - from;
	edit->cursor = from;
}

static size_t count_lines(struct str text)
{
	size_t lines = 1;

	for (size_t i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	return lines;
}

static void insert_chip(struct edit *edit, struct str text)
{
	uint32_t point = CHIP_FIRST + (uint32_t)edit->n_chips;
	char bytes[4] = { (char)(0xf0 | point >> 18), (char)(0x80 | (point >> 12 & 63)),
			  (char)(0x80 | (point >> 6 & 63)), (char)(0x80 | (point & 63)) };
	char *copy = str_dup(text);

	if (!copy)
		return;
	edit->chips[edit->n_chips++] = (struct chip){ copy, text.len, count_lines(text) };
	insert(edit, (struct str){ bytes, 4 });
}

static void paste(struct edit *edit, struct str text)
{
	if (edit->n_chips < EDIT_CHIPS_MAX &&
	    (count_lines(text) > EDIT_PASTE_LINES || text.len > EDIT_PASTE_BYTES))
		insert_chip(edit, text);
	else
		insert(edit, text);
}

/* -- places -- */

static size_t next(const struct edit *edit, size_t at)
{
	return at + text_next(str_from(whole(edit), at));
}

static size_t line_start(const struct edit *edit, size_t at)
{
	while (at && edit->text.data[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const struct edit *edit, size_t at)
{
	while (at < edit->text.len && edit->text.data[at] != '\n')
		at++;
	return at;
}

static size_t previous(const struct edit *edit, size_t at)
{
	size_t from = at ? line_start(edit, at - 1) : 0, last = from;

	while (from < at) {
		last = from;
		from = next(edit, from);
	}
	return last;
}

static bool is_word(const struct edit *edit, size_t at)
{
	unsigned char c = at < edit->text.len ? (unsigned char)edit->text.data[at] : ' ';

	return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static size_t word_left(const struct edit *edit, size_t at)
{
	while (at && !is_word(edit, previous(edit, at)))
		at = previous(edit, at);
	while (at && is_word(edit, previous(edit, at)))
		at = previous(edit, at);
	return at;
}

static size_t word_right(const struct edit *edit, size_t at)
{
	while (at < edit->text.len && !is_word(edit, at))
		at = next(edit, at);
	while (at < edit->text.len && is_word(edit, at))
		at = next(edit, at);
	return at;
}

/* Back to the last blank: what Ctrl+W takes. */
static size_t blank_left(const struct edit *edit, size_t at)
{
	while (at && strchr(" \t\n", edit->text.data[at - 1]))
		at--;
	while (at && !strchr(" \t\n", edit->text.data[at - 1]))
		at--;
	return at;
}

/* -- history -- */

static void show_history(struct edit *edit, size_t at)
{
	if (edit->at_history == edit->n_history) {
		buf_clear(&edit->draft);
		buf_add(&edit->draft, whole(edit));
	}
	edit->at_history = at;
	buf_clear(&edit->text);
	buf_add(&edit->text, at == edit->n_history ? buf_str(&edit->draft) : str_of(edit->history[at]));
	edit->cursor = edit->text.len;
}

static bool move_line(struct edit *edit, bool up)
{
	size_t start = line_start(edit, edit->cursor), end = line_end(edit, edit->cursor);
	size_t column = edit->column;

	if (column == STR_NONE)
		column = text_width((struct str){ edit->text.data ? edit->text.data + start : "",
						  edit->cursor - start });
	if (up ? start == 0 : end == edit->text.len)
		return false;
	edit->cursor = up ? line_start(edit, start - 1) : end + 1;
	end = line_end(edit, edit->cursor);
	start = edit->cursor;
	while (edit->cursor < end &&
	       text_width((struct str){ edit->text.data + start, edit->cursor - start }) < column)
		edit->cursor = next(edit, edit->cursor);
	edit->column = column;
	return true;
}

static void move_or_history(struct edit *edit, bool up)
{
	if (move_line(edit, up))
		return;
	if (up && edit->at_history > 0)
		show_history(edit, edit->at_history - 1);
	else if (!up && edit->at_history < edit->n_history)
		show_history(edit, edit->at_history + 1);
}

/* -- keys -- */

static void go(struct edit *edit, size_t at)
{
	edit->cursor = at;
}

static enum edit_outcome control(struct edit *edit, char c)
{
	size_t at = edit->cursor;

	switch (c) {
	case 'a': go(edit, line_start(edit, at)); break;
	case 'e': go(edit, line_end(edit, at)); break;
	case 'b': go(edit, previous(edit, at)); break;
	case 'f': go(edit, next(edit, at)); break;
	case 'p': move_or_history(edit, true); break;
	case 'n': move_or_history(edit, false); break;
	case 'j': insert(edit, STR("\n")); break;
	case 'h': erase(edit, previous(edit, at), at, false); break;
	case 'd': erase(edit, at, next(edit, at), false); break;
	case 'k':
		erase(edit, at, line_end(edit, at) == at ? next(edit, at) : line_end(edit, at), true);
		break;
	case 'u': erase(edit, line_start(edit, at), at, true); break;
	case 'w': erase(edit, blank_left(edit, at), at, true); break;
	case 'y': insert(edit, buf_str(&edit->kill)); break;
	default: return EDIT_IGNORED;
	}
	return EDIT_CHANGED;
}

static enum edit_outcome meta(struct edit *edit, char c)
{
	size_t at = edit->cursor;

	switch (c) {
	case 'b': go(edit, word_left(edit, at)); break;
	case 'f': go(edit, word_right(edit, at)); break;
	case 'd': erase(edit, at, word_right(edit, at), true); break;
	case '<': go(edit, 0); break;
	case '>': go(edit, edit->text.len); break;
	default: return EDIT_IGNORED;
	}
	return EDIT_CHANGED;
}

static enum edit_outcome other_key(struct edit *edit, const struct key *key)
{
	size_t at = edit->cursor;
	bool by_word = key->mods & (MOD_CTRL | MOD_ALT);

	switch (key->sym) {
	case KEY_ENTER:
		if (!key->mods)
			return EDIT_SUBMIT;
		insert(edit, STR("\n"));
		break;
	case KEY_PASTE: paste(edit, key->text); break;
	case KEY_BACKSPACE:
		erase(edit, by_word ? word_left(edit, at) : previous(edit, at), at, by_word);
		break;
	case KEY_DELETE:
		erase(edit, at, by_word ? word_right(edit, at) : next(edit, at), by_word);
		break;
	case KEY_LEFT: go(edit, by_word ? word_left(edit, at) : previous(edit, at)); break;
	case KEY_RIGHT: go(edit, by_word ? word_right(edit, at) : next(edit, at)); break;
	case KEY_HOME: go(edit, by_word ? 0 : line_start(edit, at)); break;
	case KEY_END: go(edit, by_word ? edit->text.len : line_end(edit, at)); break;
	case KEY_UP: move_or_history(edit, true); break;
	case KEY_DOWN: move_or_history(edit, false); break;
	default: return EDIT_IGNORED;
	}
	return EDIT_CHANGED;
}

enum edit_outcome edit_key(struct edit *edit, const struct key *key)
{
	bool vertical = key->sym == KEY_UP || key->sym == KEY_DOWN ||
			(key->sym == KEY_CHAR && (key->mods & MOD_CTRL) && strchr("pn", key->text.data[0]));
	enum edit_outcome outcome;

	if (!edit->text.data)
		buf_reserve(&edit->text, 1), edit->text.data[0] = '\0';
	if (!vertical)
		edit->column = STR_NONE;
	if (key->sym != KEY_CHAR)
		return other_key(edit, key);
	if (key->mods & MOD_CTRL)
		outcome = control(edit, key->text.data[0]);
	else if (key->mods & MOD_ALT)
		outcome = meta(edit, key->text.data[0]);
	else
		insert(edit, key->text), outcome = EDIT_CHANGED;
	return outcome;
}

/* -- content -- */

void edit_text(const struct edit *edit, struct buf *ret_text)
{
	for (size_t at = 0; at < edit->text.len;) {
		const struct chip *chip = chip_at(edit, at);
		size_t n = text_next(str_from(whole(edit), at));

		buf_add(ret_text, chip ? (struct str){ chip->text, chip->len }
				       : str_head(str_from(whole(edit), at), n));
		at += n;
	}
}

bool edit_is_empty(const struct edit *edit)
{
	return edit->text.len == 0;
}

void edit_clear(struct edit *edit)
{
	buf_clear(&edit->text);
	edit->cursor = 0;
	for (size_t i = 0; i < edit->n_chips; i++)
		free(edit->chips[i].text);
	edit->n_chips = 0;
	edit->at_history = edit->n_history;
}

void edit_set(struct edit *edit, struct str text)
{
	edit_clear(edit);
	insert(edit, text);
}

struct str edit_word(const struct edit *edit)
{
	size_t at = edit->cursor;

	while (at && !strchr(" \t\n", edit->text.data[at - 1]))
		at--;
	return (struct str){ edit->text.data ? edit->text.data + at : "", edit->cursor - at };
}

bool edit_is_command(const struct edit *edit)
{
	return edit_word(edit).len == edit->cursor;
}

void edit_replace_word(struct edit *edit, struct str with)
{
	erase(edit, edit->cursor - edit_word(edit).len, edit->cursor, false);
	insert(edit, with);
}

void edit_remember(struct edit *edit, struct str text)
{
	char **history;
	char *copy;

	if (text.len == 0 || (edit->n_history && str_is(text, edit->history[edit->n_history - 1])))
		return;
	copy = str_dup(text);
	history = realloc(edit->history, (edit->n_history + 1) * sizeof(*history));
	if (history)
		edit->history = history;
	if (!copy || !history) {
		free(copy);
		return;
	}
	edit->history[edit->n_history++] = copy;
	if (edit->n_history > EDIT_HISTORY_MAX) {
		free(edit->history[0]);
		edit->n_history--;
		memmove(edit->history, edit->history + 1, edit->n_history * sizeof(*history));
	}
	edit->at_history = edit->n_history;
}

size_t edit_history(const struct edit *edit)
{
	return edit->n_history;
}

const char *edit_search(const struct edit *edit, struct str needle, size_t *from)
{
	for (size_t i = *from < edit->n_history ? *from : edit->n_history; i-- > 0;)
		if (str_find(str_of(edit->history[i]), needle, 0) != STR_NONE) {
			*from = i;
			return edit->history[i];
		}
	return NULL;
}

/* -- drawing -- */

static void draw_upto(const struct edit *edit, size_t from, size_t to, struct style style,
		      struct line *line)
{
	struct style chip_style = style;

	chip_style.attrs |= ATTR_REVERSE;
	while (from < to) {
		const struct chip *chip = chip_at(edit, from);
		size_t n = text_next(str_from(whole(edit), from));

		if (chip) {
			cleanup_buf struct buf label = BUF_INIT;

			buf_addf(&label, "[pasted %zu line%s]", chip->lines, chip->lines == 1 ? "" : "s");
			line_add(line, chip_style, buf_str(&label));
		} else {
			line_add(line, style, str_head(str_from(whole(edit), from), n));
		}
		from += n;
	}
}

void edit_draw(const struct edit *edit, const char *prompt, struct style style, edit_row_fn *each,
	       void *ctx)
{
	size_t at = 0, margin = text_width(str_of(prompt));

	do {
		cleanup_line struct line line = { 0 };
		size_t end = line_end(edit, at);

		if (at == 0)
			line_adds(&line, (struct style){ .paint = PAINT_ACCENT }, prompt);
		for (size_t i = 0; at && i < margin; i++)
			line_adds(&line, style, " ");
		draw_upto(edit, at, end, style, &line);
		line.hang = margin;
		each(ctx, &line);
		at = end + 1;
	} while (at <= edit->text.len);
}

/* Where cell number `cells` of a line stands when the line is wrapped. */
static void place(const struct line *line, size_t cells, size_t columns, size_t *row, size_t *column)
{
	size_t at = 0, start = 0;

	while (at < line->n) {
		(void)line_wrap(line, columns, &at, &start);
		if (cells < at || at >= line->n)
			break;
		(*row)++;
	}
	*column = line_indent(line, columns, start) + (cells > start ? cells - start : 0);
	if (*column >= columns) {
		(*row)++;
		*column = 0;
	}
}

void edit_cursor(const struct edit *edit, const char *prompt, size_t columns, size_t *ret_row,
		 size_t *ret_column)
{
	size_t at = 0, row = 0, margin = text_width(str_of(prompt));

	for (;;) {
		cleanup_line struct line line = { 0 };
		cleanup_line struct line before = { 0 };
		size_t end = line_end(edit, at);

		for (size_t i = 0; i < margin; i++)
			line_adds(&line, (struct style){ 0 }, at ? " " : ">");
		draw_upto(edit, at, end, (struct style){ 0 }, &line);
		line.hang = margin;
		if (edit->cursor <= end) {
			draw_upto(edit, at, edit->cursor, (struct style){ 0 }, &before);
			place(&line, margin + before.n, columns, &row, ret_column);
			*ret_row = row;
			return;
		}
		row += line_rows(&line, columns);
		at = end + 1;
	}
}
