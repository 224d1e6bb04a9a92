#include <stdlib.h>

#include "seal-cli/tui/edit/state.h"

void edit_show(struct edit *edit, size_t at)
{
	if (at > edit->n_history)
		at = edit->n_history;
	if (at == edit->at_history)
		return;
	if (edit->at_history == edit->n_history) {
		buf_clear(&edit->draft);
		buf_add(&edit->draft, edit_whole(edit));
	}
	edit->at_history = at;
	buf_clear(&edit->text);
	edit->cursor = 0;
	if (at == edit->n_history)
		edit_insert(edit, buf_str(&edit->draft));
	else
		edit_insert(edit, str_of(edit->history[at]));
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

