/* A list in place of the composer. */
#include <stdlib.h>

#include "seal-cli/tui/app/state.h"

static const struct style plain;
static const struct style bold = { .attrs = ATTR_BOLD };
static const struct style accent = { .paint = PAINT_ACCENT };

void choice_clear(struct app_choice *choice)
{
	for (size_t i = 0; i < choice->n; i++) {
		free(choice->rows[i].value);
		buf_fini(&choice->rows[i].label);
	}
	*choice = (struct app_choice){ 0 };
}

void choice_open(struct app_choice *choice, choice_fn *chosen)
{
	choice_clear(choice);
	choice->chosen = chosen;
}

void choice_add(struct app_choice *choice, struct str value, struct str label)
{
	char *copy = choice->n < APP_CHOICE_MAX ? str_dup(value) : NULL;

	if (!copy)
		return;
	choice->rows[choice->n].value = copy;
	buf_add(&choice->rows[choice->n++].label, label);
}

void choice_draw(const struct app_choice *choice, struct screen *screen)
{
	size_t most = screen_rows(screen) > 8 ? screen_rows(screen) - 6 : 2;
	size_t from = choice->at >= most ? choice->at - most + 1 : 0;

	for (size_t i = from; i < choice->n && i < from + most; i++) {
		bool here = i == choice->at;
		cleanup_line struct line line = { 0 };

		line_adds(&line, here ? accent : plain, here ? " › " : "   ");
		line_add(&line, here ? bold : plain, buf_str(&choice->rows[i].label));
		line_cut(&line, screen_columns(screen));
		(void)screen_row(screen, &line);
	}
}

bool choice_key(struct app_choice *choice, const struct key *key, const char **ret_value)
{
	switch (key->sym) {
	case KEY_UP: choice->at = (choice->at + choice->n - 1) % choice->n; break;
	case KEY_DOWN: choice->at = (choice->at + 1) % choice->n; break;
	case KEY_HOME: choice->at = 0; break;
	case KEY_END: choice->at = choice->n - 1; break;
	case KEY_ENTER: *ret_value = choice->rows[choice->at].value; return true;
	case KEY_ESCAPE: *ret_value = NULL; return true;
	case KEY_CHAR:
		*ret_value = NULL;
		return key->mods & MOD_CTRL && key->text.len && key->text.data[0] == 'c';
	default: break;
	}
	return false;
}
