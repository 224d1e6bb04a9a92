/* vim's keys: what a letter means when text is not being inserted. */
#include <ctype.h>

#include "seal-cli/tui/edit/state.h"

enum word_class { CLASS_BLANK, CLASS_WORD, CLASS_SIGN };

static enum word_class class_at(const struct edit *edit, size_t at)
{
	unsigned char c = at < edit->text.len ? (unsigned char)edit->text.data[at] : ' ';

	if (c == ' ' || c == '\t' || c == '\n')
		return CLASS_BLANK;
	return c >= 0x80 || c == '_' || isalnum(c) ? CLASS_WORD : CLASS_SIGN;
}

static size_t skip(const struct edit *edit, size_t at, enum word_class class)
{
	while (at < edit->text.len && class_at(edit, at) == class)
		at = edit_next(edit, at);
	return at;
}

static size_t word_next(const struct edit *edit, size_t at)
{
	if (class_at(edit, at) != CLASS_BLANK)
		at = skip(edit, at, class_at(edit, at));
	return skip(edit, at, CLASS_BLANK);
}

/* Behind the last letter of the word that ends next. */
static size_t word_end(const struct edit *edit, size_t at)
{
	at = skip(edit, edit_next(edit, at), CLASS_BLANK);
	return skip(edit, at, class_at(edit, at));
}

static size_t word_back(const struct edit *edit, size_t at)
{
	enum word_class class;

	while (at && class_at(edit, edit_previous(edit, at)) == CLASS_BLANK)
		at = edit_previous(edit, at);
	class = at ? class_at(edit, edit_previous(edit, at)) : CLASS_BLANK;
	while (at && class_at(edit, edit_previous(edit, at)) == class)
		at = edit_previous(edit, at);
	return at;
}

static size_t first_letter(const struct edit *edit, size_t at)
{
	at = edit_line_start(edit, at);
	while (at < edit_line_end(edit, at) && class_at(edit, at) == CLASS_BLANK)
		at = edit_next(edit, at);
	return at;
}

/* Where a motion leads, as the end of what an operator takes; STR_NONE: no motion. */
static size_t motion(const struct edit *edit, char c)
{
	size_t at = edit->cursor;

	switch (c) {
	case 'h': return at > edit_line_start(edit, at) ? edit_previous(edit, at) : at;
	case 'l': return at < edit_line_end(edit, at) ? edit_next(edit, at) : at;
	case 'w': return word_next(edit, at);
	case 'e': return word_end(edit, at);
	case 'b': return word_back(edit, at);
	case '0': return edit_line_start(edit, at);
	case '^': return first_letter(edit, at);
	case '$': return edit_line_end(edit, at);
	case 'G': return edit->text.len;
	default: return STR_NONE;
	}
}

static void insert_from(struct edit *edit, size_t at)
{
	edit->cursor = at;
	edit->is_normal = false;
}

static void keep(struct edit *edit, size_t from, size_t to)
{
	buf_clear(&edit->kill);
	buf_add(&edit->kill, (struct str){ edit->text.data + from, to - from });
}

static void operate(struct edit *edit, char operator, size_t from, size_t to)
{
	if (operator == 'y') {
		keep(edit, from, to);
		edit->cursor = from;
		return;
	}
	edit_erase(edit, from, to, true);
	if (operator == 'c')
		insert_from(edit, from);
}

/* dd, yy: the line with its end, the one before it for the last; cc: its text. */
static void operate_line(struct edit *edit, char operator)
{
	size_t from = edit_line_start(edit, edit->cursor), to = edit_line_end(edit, edit->cursor);

	if (operator == 'd' && to < edit->text.len)
		to++;
	else if (operator == 'd' && from)
		from--;
	operate(edit, operator, from, to);
}

/* The second key of d, c or y. */
static void finish(struct edit *edit, char operator, char c)
{
	size_t to = motion(edit, c), from = edit->cursor;

	if (c == operator) {
		operate_line(edit, operator);
		return;
	}
	if (operator == 'c' && c == 'w' && class_at(edit, from) != CLASS_BLANK)
		to = skip(edit, from, class_at(edit, from));	/* vim's own exception */
	if (to == STR_NONE)
		return;
	operate(edit, operator, from < to ? from : to, from < to ? to : from);
}

static void open_line(struct edit *edit, bool above)
{
	edit->cursor = above ? edit_line_start(edit, edit->cursor) : edit_line_end(edit, edit->cursor);
	edit_insert(edit, STR("\n"));
	insert_from(edit, above ? edit_previous(edit, edit->cursor) : edit->cursor);
}

static void put(struct edit *edit, bool behind)
{
	if (behind && edit->cursor < edit_line_end(edit, edit->cursor))
		edit->cursor = edit_next(edit, edit->cursor);
	edit_insert(edit, buf_str(&edit->kill));
}

static void command(struct edit *edit, char c)
{
	size_t at = edit->cursor, start = edit_line_start(edit, at), end = edit_line_end(edit, at);

	switch (c) {
	case 'i': insert_from(edit, at); break;
	case 'a': insert_from(edit, at < end ? edit_next(edit, at) : at); break;
	case 'I': insert_from(edit, first_letter(edit, at)); break;
	case 'A': insert_from(edit, end); break;
	case 'o': open_line(edit, false); break;
	case 'O': open_line(edit, true); break;
	case 'x': operate(edit, 'd', at, at < end ? edit_next(edit, at) : at); break;
	case 'X': operate(edit, 'd', at > start ? edit_previous(edit, at) : at, at); break;
	case 'D': operate(edit, 'd', at, end); break;
	case 'C': operate(edit, 'c', at, end); break;
	case 'p': put(edit, true); break;
	case 'P': put(edit, false); break;
	case 'u': edit_undo(edit); break;
	case 'j': edit_move_line(edit, false); break;
	case 'k': edit_move_line(edit, true); break;
	case 'd':
	case 'c':
	case 'y':
	case 'g': edit->operator = c; break;
	default:
		if (motion(edit, c) != STR_NONE)
			edit->cursor = c == 'e' ? edit_previous(edit, motion(edit, c)) : motion(edit, c);
	}
}

/* Outside insertion the cursor stands on a letter, not behind the last one. */
static void clamp(struct edit *edit)
{
	size_t at = edit->cursor;

	if (edit->is_normal && at == edit_line_end(edit, at) && at > edit_line_start(edit, at))
		edit->cursor = edit_previous(edit, at);
}

void edit_vim_letter(struct edit *edit, char c)
{
	char operator = edit->operator;

	edit->operator = 0;
	if (operator == 'g')
		edit->cursor = c == 'g' ? 0 : edit->cursor;
	else if (operator)
		finish(edit, operator, c);
	else
		command(edit, c);
	clamp(edit);
}

void edit_use_vim(struct edit *edit)
{
	edit->is_vim = true;
}

bool edit_is_normal(const struct edit *edit)
{
	return edit->is_normal;
}

bool edit_escape(struct edit *edit)
{
	if (!edit->is_vim || edit->text.len == 0 || (edit->is_normal && !edit->operator))
		return false;
	if (!edit->is_normal && edit->cursor > edit_line_start(edit, edit->cursor))
		edit->cursor = edit_previous(edit, edit->cursor);
	edit->is_normal = true;
	edit->operator = 0;
	return true;
}
