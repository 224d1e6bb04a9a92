/* Private to edit/. */
#pragma once

#include "seal-cli/tui/edit/edit.h"

/* A chip is one private-use character in the text; its content is beside it. */
#define CHIP_FIRST 0xF0000u

#define EDIT_UNDO_MAX 100

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
	struct {
		char *text;
		size_t cursor;
	} undo[EDIT_UNDO_MAX];	/* what was before each change, the last one last */
	size_t n_undo;
	bool is_typing;	/* the last change was a letter: the next one belongs to it */
	bool is_vim, is_normal;	/* is_normal: letters are vim's commands */
	char operator;	/* of vim: d, c, y or g, while its second key is awaited */
	size_t column;	/* wanted by up and down; STR_NONE: the cursor's */
};

static inline struct str edit_whole(const struct edit *edit)
{
	return buf_str(&edit->text);
}

/* change.c: the text with its chips and what can be taken back. */
const struct chip *edit_chip(const struct edit *edit, size_t at);	/* NULL: a character */
void edit_insert(struct edit *edit, struct str text);
void edit_erase(struct edit *edit, size_t from, size_t to, bool keep);
void edit_paste(struct edit *edit, struct str text);
void edit_swap(struct edit *edit);	/* the characters around the cursor */
/* A point to go back to: what was before a change.  Letters in a row make one. */
void edit_mark(struct edit *edit, struct str before, size_t cursor, bool is_letter);
void edit_undo(struct edit *edit);
void edit_forget_undo(struct edit *edit);

/* place.c: offsets from an offset. */
size_t edit_next(const struct edit *edit, size_t at);
size_t edit_previous(const struct edit *edit, size_t at);
size_t edit_line_start(const struct edit *edit, size_t at);
size_t edit_line_end(const struct edit *edit, size_t at);
size_t edit_word_left(const struct edit *edit, size_t at);
size_t edit_word_right(const struct edit *edit, size_t at);
size_t edit_blank_left(const struct edit *edit, size_t at);	/* what Ctrl+W takes */
/* A line up or down; from the first or last one to what was sent. */
void edit_move_line(struct edit *edit, bool up);

/* vim.c: a letter while nothing is being inserted. */
void edit_vim_letter(struct edit *edit, char c);
