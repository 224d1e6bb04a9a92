#include "seal-cli/tui/view_ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

#define PARTS_MAX   64
#define OPTIONS_MAX 16

struct part {
	char *verb, *text, *reason, *rule;
	char **steps;
	size_t n_steps, recommended, at;
};

struct option {
	char *id, *name;
};

struct ask_view {
	char *title, *subject, *cwd, *diff, *root;
	bool is_question;
	struct part parts[PARTS_MAX];
	size_t n_parts, part;
	struct option options[OPTIONS_MAX];
	size_t n_options, option;
	struct ask_entry entries[PARTS_MAX];
	size_t scroll;
};

static const struct style plain;
static const struct style faint = { .attrs = ATTR_DIM };
static const struct style bold = { .attrs = ATTR_BOLD };
static const struct style loud = { .attrs = ATTR_BOLD, .fg = COLOUR_YELLOW };

static void read_part(struct part *part, yyjson_val *from)
{
	yyjson_val *steps = yyjson_obj_get(from, "steps"), *step;
	size_t i, n;

	part->verb = str_dup(json_str(from, "verb"));
	part->text = str_dup(json_str(from, "text"));
	part->reason = str_dup(json_str(from, "reason"));
	part->rule = str_dup(json_str(from, "rule"));
	part->steps = calloc(yyjson_arr_size(steps) + 1, sizeof(char *));
	yyjson_arr_foreach(steps, i, n, step)
	{
		if (!part->steps)
			return;
		if (json_bool(step, "recommended", false))
			part->recommended = i;
		part->steps[part->n_steps++] = str_dup(json_str(step, "pattern"));
	}
	part->at = part->recommended;
}

static void read_parts(struct ask_view *view, yyjson_val *parts)
{
	yyjson_val *one;
	size_t i, n;

	yyjson_arr_foreach(parts, i, n, one)
	{
		if (str_is(json_str(one, "verdict"), "allow") || view->n_parts == PARTS_MAX)
			continue;
		read_part(&view->parts[view->n_parts++], one);
	}
}

static void read_options(struct ask_view *view, yyjson_val *options)
{
	yyjson_val *one;
	size_t i, n;

	yyjson_arr_foreach(options, i, n, one)
	{
		if (view->n_options == OPTIONS_MAX)
			return;
		view->options[view->n_options].id = str_dup(json_str(one, "optionId"));
		view->options[view->n_options++].name = str_dup(json_str(one, "name"));
	}
}

struct ask_view *ask_view_new(yyjson_val *params)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(params, "_meta"), "seal");
	struct str title = json_str(yyjson_obj_get(params, "toolCall"), "title");
	struct ask_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->is_question = json_bool(seal, "question", false);
	view->title = str_dup(view->is_question ? title : json_str(seal, "call"));
	view->subject = str_dup(view->is_question ? (struct str){ "", 0 } : json_str(seal, "subject"));
	view->cwd = str_dup(json_str(seal, "cwd"));
	view->diff = str_dup(json_str(seal, "diff"));
	view->root = str_dup(json_str(seal, "root"));
	read_parts(view, yyjson_obj_get(seal, "parts"));
	read_options(view, yyjson_obj_get(params, "options"));
	if (view->title && view->subject && view->cwd && view->diff && view->root)
		return view;
	ask_view_free(view);
	return NULL;
}

void ask_view_free(struct ask_view *view)
{
	if (!view)
		return;
	for (size_t i = 0; i < view->n_parts; i++) {
		struct part *part = &view->parts[i];

		for (size_t k = 0; k < part->n_steps; k++)
			free(part->steps[k]);
		free(part->steps);
		free(part->verb);
		free(part->text);
		free(part->reason);
		free(part->rule);
	}
	for (size_t i = 0; i < view->n_options; i++) {
		free(view->options[i].id);
		free(view->options[i].name);
	}
	free(view->title);
	free(view->subject);
	free(view->cwd);
	free(view->diff);
	free(view->root);
	free(view);
}

const char *ask_view_root(const struct ask_view *view)
{
	return view->root;
}

bool ask_view_is_question(const struct ask_view *view)
{
	return view->is_question;
}

size_t ask_view_entries(const struct ask_view *view, const struct ask_entry **ret_entries)
{
	struct ask_entry *entries = ((struct ask_view *)(uintptr_t)view)->entries;
	size_t n = 0;

	for (size_t i = 0; i < view->n_parts; i++) {
		const struct part *part = &view->parts[i];

		entries[n].verb = part->verb;
		entries[n].is_granted = part->rule && part->rule[0];
		entries[n++].pattern = part->n_steps ? part->steps[part->at] : part->text;
	}
	*ret_entries = entries;
	return n;
}

/* -- keys -- */

static void move_step(struct ask_view *view, enum key_sym sym)
{
	struct part *part = &view->parts[view->part];

	if (view->n_parts == 0 || part->n_steps == 0)
		return;
	if (sym == KEY_LEFT && part->at > 0)
		part->at--;
	else if (sym == KEY_RIGHT && part->at + 1 < part->n_steps)
		part->at++;
	else if (sym == KEY_HOME)
		part->at = 0;
	else if (sym == KEY_END)
		part->at = part->n_steps - 1;
	else if (sym == KEY_TAB)
		part->at = part->recommended;
}

static const char *on_char(struct ask_view *view, const struct key *key)
{
	char c = key->text.len ? key->text.data[0] : 0;

	if ((key->mods & MOD_CTRL) && c == 'n' && view->n_parts)
		view->part = (view->part + 1) % view->n_parts;
	else if ((key->mods & MOD_CTRL) && c == 'p' && view->n_parts)
		view->part = (view->part + view->n_parts - 1) % view->n_parts;
	else if (!key->mods && c >= '1' && (size_t)(c - '1') < view->n_options)
		return view->options[c - '1'].id;
	return NULL;
}

const char *ask_view_key(struct ask_view *view, const struct key *key)
{
	switch (key->sym) {
	case KEY_CHAR: return on_char(view, key);
	case KEY_UP: view->option = view->option ? view->option - 1 : view->n_options - 1; break;
	case KEY_DOWN: view->option = (view->option + 1) % view->n_options; break;
	case KEY_PAGE_UP: view->scroll = view->scroll > 5 ? view->scroll - 5 : 0; break;
	case KEY_PAGE_DOWN: view->scroll += 5; break;
	case KEY_ENTER: return view->options[view->option].id;
	default: move_step(view, key->sym); break;
	}
	return NULL;
}

/* -- drawing: lines are collected, then a window of them is shown -- */

struct sheet {
	struct line lines[512];
	size_t n;
};

static struct line *sheet_line(struct sheet *sheet)
{
	return &sheet->lines[sheet->n < 511 ? sheet->n++ : 511];
}

static void put_lines(struct sheet *sheet, const char *lead, struct style style, struct str text)
{
	struct str line;

	while (str_line(&text, &line)) {
		struct line *out = sheet_line(sheet);

		line_adds(out, faint, lead);
		line_add(out, style, line);
	}
}

static void put_diff(struct sheet *sheet, struct str text)
{
	struct str line;

	while (str_line(&text, &line)) {
		char sign = line.len ? line.data[0] : ' ';
		struct style style = { .fg = sign == '+'   ? COLOUR_GREEN
					     : sign == '-' ? COLOUR_RED
							   : COLOUR_DEFAULT };

		put_lines(sheet, "  ", style, line.len ? line : STR(" "));
	}
}

static void put_part(struct sheet *sheet, const struct ask_view *view, size_t i)
{
	const struct part *part = &view->parts[i];
	bool here = i == view->part && view->n_parts > 1;
	struct line *line = sheet_line(sheet);

	line_adds(line, here ? loud : faint, here ? "▸ not granted: " : "  not granted: ");
	line_adds(line, plain, part->text ? part->text : "");
	if (part->reason && part->reason[0]) {
		line = sheet_line(sheet);
		line_adds(line, faint, "    why asked: ");
		line_adds(line, plain, part->reason);
	}
	line = sheet_line(sheet);
	line_adds(line, faint, "    pattern:   ");
	for (size_t k = 0; k < part->n_steps; k++) {
		struct style style = k == part->at ? (struct style){ .attrs = ATTR_REVERSE } : faint;

		line_adds(line, faint, k ? " → " : "");
		line_adds(line, style, part->steps[k] ? part->steps[k] : "");
	}
}

static const char *const effects[][2] = {
	{ "allow_once", "this call only; asks again next time" },
	{ "allow_always", "and the next such calls, silently" },
	{ "reject_once", "this call only; nothing is written" },
	{ "reject_always", "and the next such calls, silently" },
};

static void put_options(const struct ask_view *view, struct screen *screen)
{
	for (size_t i = 0; i < view->n_options; i++) {
		cleanup_line struct line line = { 0 };
		const struct option *option = &view->options[i];
		char number[24];

		(void)snprintf(number, sizeof(number), "%s%zu ", i == view->option ? "› " : "  ", i + 1);
		line_adds(&line, i == view->option ? loud : plain, number);
		line_adds(&line, i == view->option ? bold : plain, option->name ? option->name : "");
		for (size_t k = 0; k < 4; k++)
			if (screen_columns(screen) >= 60 && option->id &&
			    strcmp(option->id, effects[k][0]) == 0) {
				line_adds(&line, faint, " — ");
				line_adds(&line, faint, effects[k][1]);
			}
		(void)screen_row(screen, &line);
	}
}

static void put_written(const struct ask_view *view, struct screen *screen)
{
	cleanup_line struct line line = { 0 };
	const struct ask_entry *entries;
	size_t n = ask_view_entries(view, &entries);

	if (view->is_question || n == 0)
		return;
	line_adds(&line, faint,
		  screen_columns(screen) >= 60 ? "  written to seal.toml if it lasts: " : "  → ");
	for (size_t i = 0; i < n; i++) {
		line_adds(&line, faint, i ? ", " : "");
		line_adds(&line, plain, entries[i].pattern ? entries[i].pattern : "");
	}
	if (line.n > screen_columns(screen))	/* the parts above show each whole */
		line.n = screen_columns(screen);
	(void)screen_row(screen, &line);
}

static void fill(struct sheet *sheet, const struct ask_view *view)
{
	struct line *line = sheet_line(sheet);

	line_adds(line, loud, view->is_question ? "? " : "Permission: ");
	line_adds(line, bold, view->title);
	put_lines(sheet, "  ", bold, str_of(view->subject));
	if (view->cwd[0])
		put_lines(sheet, "  in ", plain, str_of(view->cwd));
	put_diff(sheet, str_of(view->diff));
	for (size_t i = 0; i < view->n_parts; i++)
		put_part(sheet, view, i);
}

void ask_view_draw(const struct ask_view *view, struct screen *screen, size_t rows)
{
	struct sheet *sheet = calloc(1, sizeof(*sheet));
	size_t room = rows > view->n_options + 3 ? rows - view->n_options - 3 : 1;
	size_t from, used = 0;

	if (!sheet)
		return;
	fill(sheet, view);
	from = sheet->n > 1 && view->scroll >= sheet->n ? sheet->n - 1 : view->scroll;
	for (size_t i = from; i < sheet->n && used < room; i++)
		used += screen_row(screen, &sheet->lines[i]);
	if (from > 0 || used >= room) {
		cleanup_line struct line more = { 0 };

		line_adds(&more, faint, "  ↕ PageUp/PageDown show the rest");
		(void)screen_row(screen, &more);
	}
	put_written(view, screen);
	put_options(view, screen);
	for (size_t i = 0; i < sheet->n; i++)
		line_fini(&sheet->lines[i]);
	free(sheet);
}
