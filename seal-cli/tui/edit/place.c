#include "seal-cli/tui/edit/state.h"

size_t edit_next(const struct edit *edit, size_t at)
{
	return at + text_next(str_from(edit_whole(edit), at));
}

size_t edit_line_start(const struct edit *edit, size_t at)
{
	while (at && edit->text.data[at - 1] != '\n')
		at--;
	return at;
}

size_t edit_line_end(const struct edit *edit, size_t at)
{
	while (at < edit->text.len && edit->text.data[at] != '\n')
		at++;
	return at;
}

size_t edit_previous(const struct edit *edit, size_t at)
{
	size_t from = at ? edit_line_start(edit, at - 1) : 0, last = from;

	while (from < at) {
		last = from;
		from = edit_next(edit, from);
	}
	return last;
}

static bool is_word(const struct edit *edit, size_t at)
{
	unsigned char c = at < edit->text.len ? (unsigned char)edit->text.data[at] : ' ';

	return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

size_t edit_word_left(const struct edit *edit, size_t at)
{
	while (at && !is_word(edit, edit_previous(edit, at)))
		at = edit_previous(edit, at);
	while (at && is_word(edit, edit_previous(edit, at)))
		at = edit_previous(edit, at);
	return at;
}

size_t edit_word_right(const struct edit *edit, size_t at)
{
	while (at < edit->text.len && !is_word(edit, at))
		at = edit_next(edit, at);
	while (at < edit->text.len && is_word(edit, at))
		at = edit_next(edit, at);
	return at;
}

/* Back to the last blank: what Ctrl+W takes. */
size_t edit_blank_left(const struct edit *edit, size_t at)
{
	while (at && strchr(" \t\n", edit->text.data[at - 1]))
		at--;
	while (at && !strchr(" \t\n", edit->text.data[at - 1]))
		at--;
	return at;
}


static bool move_line(struct edit *edit, bool up)
{
	size_t start = edit_line_start(edit, edit->cursor), end = edit_line_end(edit, edit->cursor);
	size_t column = edit->column;

	if (column == STR_NONE)
		column = text_width((struct str){ edit->text.data ? edit->text.data + start : "",
						  edit->cursor - start });
	if (up ? start == 0 : end == edit->text.len)
		return false;
	edit->cursor = up ? edit_line_start(edit, start - 1) : end + 1;
	end = edit_line_end(edit, edit->cursor);
	start = edit->cursor;
	while (edit->cursor < end &&
	       text_width((struct str){ edit->text.data + start, edit->cursor - start }) < column)
		edit->cursor = edit_next(edit, edit->cursor);
	edit->column = column;
	return true;
}

void edit_move_line(struct edit *edit, bool up)
{
	if (move_line(edit, up))
		return;
	if (up && edit->at_history > 0)
		edit_show(edit, edit->at_history - 1);
	else if (!up && edit->at_history < edit->n_history)
		edit_show(edit, edit->at_history + 1);
}
