#include "seal-cli/tui/edit/edit.h"

#include <stdlib.h>

#include "seal-cli/tui/edit/state.h"

#define WHOLE_BYTES 8192	/* what is set at once and longer becomes a chip */

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
	edit_forget_undo(edit);
	buf_fini(&edit->text);
	buf_fini(&edit->kill);
	buf_fini(&edit->draft);
	free(edit);
}

static void go(struct edit *edit, size_t at)
{
	edit->cursor = at;
}

static enum edit_outcome control(struct edit *edit, char c)
{
	size_t at = edit->cursor, end;

	switch (c) {
	case 'a': go(edit, edit_line_start(edit, at)); break;
	case 'e': go(edit, edit_line_end(edit, at)); break;
	case 'b': go(edit, edit_previous(edit, at)); break;
	case 'f': go(edit, edit_next(edit, at)); break;
	case 'p': edit_move_line(edit, true); break;
	case 'n': edit_move_line(edit, false); break;
	case 'j': edit_insert(edit, STR("\n")); break;
	case 'h': edit_erase(edit, edit_previous(edit, at), at, false); break;
	case 'd': edit_erase(edit, at, edit_next(edit, at), false); break;
	case 'k':
		end = edit_line_end(edit, at);
		edit_erase(edit, at, end == at ? edit_next(edit, at) : end, true);
		break;
	case 'u': edit_erase(edit, edit_line_start(edit, at), at, true); break;
	case 'w': edit_erase(edit, edit_blank_left(edit, at), at, true); break;
	case 'y': edit_insert(edit, buf_str(&edit->kill)); break;
	case 't': edit_swap(edit); break;
	case '_':
	case '-':
	case '/':
	case '?': edit_undo(edit); break;
	default: return EDIT_IGNORED;
	}
	return EDIT_CHANGED;
}

static enum edit_outcome meta(struct edit *edit, char c)
{
	size_t at = edit->cursor;

	switch (c) {
	case 'b': go(edit, edit_word_left(edit, at)); break;
	case 'f': go(edit, edit_word_right(edit, at)); break;
	case 'd': edit_erase(edit, at, edit_word_right(edit, at), true); break;
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
		edit_insert(edit, STR("\n"));
		break;
	case KEY_PASTE: edit_paste(edit, key->text); break;
	case KEY_BACKSPACE:
		edit_erase(edit, by_word ? edit_word_left(edit, at) : edit_previous(edit, at), at, by_word);
		break;
	case KEY_DELETE:
		edit_erase(edit, at, by_word ? edit_word_right(edit, at) : edit_next(edit, at), by_word);
		break;
	case KEY_LEFT: go(edit, by_word ? edit_word_left(edit, at) : edit_previous(edit, at)); break;
	case KEY_RIGHT: go(edit, by_word ? edit_word_right(edit, at) : edit_next(edit, at)); break;
	case KEY_HOME: go(edit, by_word ? 0 : edit_line_start(edit, at)); break;
	case KEY_END: go(edit, by_word ? edit->text.len : edit_line_end(edit, at)); break;
	case KEY_UP: edit_move_line(edit, true); break;
	case KEY_DOWN: edit_move_line(edit, false); break;
	default: return EDIT_IGNORED;
	}
	return EDIT_CHANGED;
}

static enum edit_outcome run_key(struct edit *edit, const struct key *key)
{
	bool vertical = key->sym == KEY_UP || key->sym == KEY_DOWN ||
			(key->sym == KEY_CHAR && (key->mods & MOD_CTRL) && strchr("pn", key->text.data[0])) ||
			(edit->is_normal && key->sym == KEY_CHAR && strchr("jk", key->text.data[0]));

	if (!vertical)
		edit->column = STR_NONE;
	if (key->sym != KEY_CHAR)
		return other_key(edit, key);
	if (key->mods & MOD_CTRL)
		return control(edit, key->text.data[0]);
	if (key->mods & MOD_ALT)
		return meta(edit, key->text.data[0]);
	if (edit->is_normal)
		edit_vim_letter(edit, key->text.data[0]);
	else
		edit_insert(edit, key->text);
	return EDIT_CHANGED;
}

enum edit_outcome edit_key(struct edit *edit, const struct key *key)
{
	cleanup_buf struct buf before = BUF_INIT;
	size_t cursor = edit->cursor, n_undo = edit->n_undo, at_history = edit->at_history;
	enum edit_outcome outcome;

	if (!edit->text.data)
		buf_reserve(&edit->text, 1), edit->text.data[0] = '\0';
	buf_add(&before, edit_whole(edit));
	outcome = run_key(edit, key);
	/* What took something back, or showed what was sent, is no change of its own. */
	if (edit->n_undo >= n_undo && edit->at_history == at_history &&
	    !str_eq(buf_str(&before), edit_whole(edit)))
		edit_mark(edit, buf_str(&before), cursor,
			  key->sym == KEY_CHAR && !key->mods && !edit->is_normal);
	return outcome;
}

/* -- content -- */

void edit_text(const struct edit *edit, struct buf *ret_text)
{
	for (size_t at = 0; at < edit->text.len;) {
		const struct chip *chip = edit_chip(edit, at);
		size_t n = text_next(str_from(edit_whole(edit), at));

		buf_add(ret_text, chip ? (struct str){ chip->text, chip->len }
				       : str_head(str_from(edit_whole(edit), at), n));
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
	edit->is_normal = false;
	for (size_t i = 0; i < edit->n_chips; i++)
		free(edit->chips[i].text);
	edit->n_chips = 0;
	edit->at_history = edit->n_history;
	edit_forget_undo(edit);
}

void edit_wipe(struct edit *edit)
{
	if (edit->text.len == 0)
		return;
	edit_mark(edit, edit_whole(edit), edit->cursor, false);
	edit_erase(edit, 0, edit->text.len, true);
	edit->is_normal = false;
	edit->at_history = edit->n_history;
}

void edit_set(struct edit *edit, struct str text)
{
	edit_clear(edit);
	if (text.len > WHOLE_BYTES)
		edit_paste(edit, text);
	else
		edit_insert(edit, text);
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
	edit_erase(edit, edit->cursor - edit_word(edit).len, edit->cursor, false);
	edit_insert(edit, with);
}

