#include <stdlib.h>

#include "base/utf8.h"
#include "seal-cli/tui/edit/state.h"

const struct chip *edit_chip(const struct edit *edit, size_t at)
{
	uint32_t point = 0;

	(void)utf8_decode(str_from(edit_whole(edit), at), &point);
	if (point < CHIP_FIRST || point - CHIP_FIRST >= edit->n_chips)
		return NULL;
	return &edit->chips[point - CHIP_FIRST];
}

void edit_insert(struct edit *edit, struct str text)
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

void edit_erase(struct edit *edit, size_t from, size_t to, bool keep)
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
	size_t lines = text.len && text.data[text.len - 1] != '\n';

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
	edit_insert(edit, (struct str){ bytes, 4 });
}

void edit_paste(struct edit *edit, struct str text)
{
	if (edit->n_chips < EDIT_CHIPS_MAX &&
	    (count_lines(text) > EDIT_PASTE_LINES || text.len > EDIT_PASTE_BYTES))
		insert_chip(edit, text);
	else
		edit_insert(edit, text);
}


void edit_swap(struct edit *edit)
{
	size_t right = edit->cursor, left, end;
	char held[64];

	if (right == edit_line_end(edit, right))
		right = edit_previous(edit, right);
	left = edit_previous(edit, right);
	end = edit_next(edit, right);
	if (left < edit_line_start(edit, right) || left == right || right - left > sizeof(held))
		return;
	memcpy(held, edit->text.data + left, right - left);
	memmove(edit->text.data + left, edit->text.data + right, end - right);
	memcpy(edit->text.data + left + (end - right), held, right - left);
	edit->cursor = end;
}

void edit_mark(struct edit *edit, struct str before, size_t cursor, bool is_letter)
{
	char *copy;

	if (is_letter && edit->is_typing)
		return;
	copy = str_dup(before);
	if (!copy)
		return;
	if (edit->n_undo == EDIT_UNDO_MAX) {
		free(edit->undo[0].text);
		memmove(edit->undo, edit->undo + 1, --edit->n_undo * sizeof(edit->undo[0]));
	}
	edit->undo[edit->n_undo].text = copy;
	edit->undo[edit->n_undo++].cursor = cursor;
	edit->is_typing = is_letter;
}

void edit_undo(struct edit *edit)
{
	char *text;

	if (edit->n_undo == 0)
		return;
	text = edit->undo[--edit->n_undo].text;
	buf_clear(&edit->text);
	edit->cursor = 0;
	edit_insert(edit, str_of(text));
	edit->cursor = edit->undo[edit->n_undo].cursor;
	edit->is_typing = false;
	free(text);
}

void edit_forget_undo(struct edit *edit)
{
	while (edit->n_undo)
		free(edit->undo[--edit->n_undo].text);
	edit->is_typing = false;
}
