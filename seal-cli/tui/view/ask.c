#include "seal-cli/tui/view/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "seal-cli/tui/view/diff.h"

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
	bool is_question, is_held;
	struct part parts[PARTS_MAX];
	size_t n_parts, part;
	struct option options[OPTIONS_MAX];
	size_t n_options, option;
	struct ask_entry entries[PARTS_MAX];
	size_t scroll;
	ask_line_fn *line_of;
};

static const struct style plain;
static const struct style faint = { .paint = PAINT_FAINT };
static const struct style bold = { .attrs = ATTR_BOLD };
static const struct style loud = { .paint = PAINT_ATTENTION };
static const struct style accent = { .paint = PAINT_ACCENT };

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

/* What the call is, in words. */
static const char *words_of(struct str call)
{
	static const struct {
		const char *call, *words;
	} names[] = {
		{ "tools.command-run", "run a command" },   { "tools.file-read", "read a file" },
		{ "tools.file-write", "write a file" },	    { "tools.file-edit", "change a file" },
		{ "tools.file-delete", "delete a file" },   { "tools.file-list", "list a folder" },
		{ "tools.file-glob", "find files" },	    { "tools.grep", "search in files" },
		{ "tools.web-fetch", "read a web page" },   { "tools.external-call", "use an external tool" },
		{ "llm.chat", "ask the model" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(call, names[i].call))
			return names[i].words;
	return NULL;
}

static char *title_of(const struct ask_view *view, yyjson_val *seal, struct str title)
{
	struct str call = json_str(seal, "call");
	const char *words = words_of(call);

	if (view->is_question)
		return str_dup(title);
	return str_dup(words ? str_of(words) : call);
}

struct ask_view *ask_view_new(yyjson_val *params, ask_line_fn *line_of)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(params, "_meta"), "seal");
	struct str title = json_str(yyjson_obj_get(params, "toolCall"), "title");
	struct ask_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->is_question = json_bool(seal, "question", false);
	view->line_of = line_of;
	view->title = title_of(view, seal, title);
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

const char *ask_view_title(const struct ask_view *view)
{
	return view->title;
}

const char *ask_view_root(const struct ask_view *view)
{
	return view->root;
}

void ask_view_hold(struct ask_view *view, bool is_held)
{
	view->is_held = is_held;
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

/* In the order of their numbers, which stay when one of them is not offered: a
 * finger that learned 3 never refuses for ever. */
static const char *const effects[][2] = {
	{ "allow_once", "now; the next one asks again" },
	{ "allow_always", "now, and the next ones without asking" },
	{ "reject_once", "this one; nothing is written" },
	{ "reject_always", "this one and later ones, without asking" },
};

static const char *effect_of(const char *id)
{
	for (size_t k = 0; id && k < sizeof(effects) / sizeof(effects[0]); k++)
		if (strcmp(id, effects[k][0]) == 0)
			return effects[k][1];
	return "";
}

static size_t number_of(const struct ask_view *view, size_t i)
{
	for (size_t k = 0; view->options[i].id && k < sizeof(effects) / sizeof(effects[0]); k++)
		if (strcmp(view->options[i].id, effects[k][0]) == 0)
			return k + 1;
	return i + 1;
}

static const char *on_char(struct ask_view *view, const struct key *key)
{
	char c = key->text.len ? key->text.data[0] : 0;

	if ((key->mods & MOD_CTRL) && c == 'n' && view->n_parts)
		view->part = (view->part + 1) % view->n_parts;
	else if ((key->mods & MOD_CTRL) && c == 'p' && view->n_parts)
		view->part = (view->part + view->n_parts - 1) % view->n_parts;
	for (size_t i = 0; !key->mods && i < view->n_options; i++)
		if ((size_t)c == '0' + number_of(view, i))
			return view->options[i].id;
	return NULL;
}

/* The option's id; a list without options answers nothing. */
static const char *chosen(const struct ask_view *view)
{
	return view->n_options ? view->options[view->option].id : NULL;
}

static void move_option(struct ask_view *view, size_t by)
{
	if (view->n_options)
		view->option = (view->option + by) % view->n_options;
}

const char *ask_view_key(struct ask_view *view, const struct key *key)
{
	switch (key->sym) {
	case KEY_CHAR: return on_char(view, key);
	case KEY_UP: move_option(view, view->n_options - 1); break;
	case KEY_DOWN: move_option(view, 1); break;
	case KEY_PAGE_UP: view->scroll = view->scroll > 5 ? view->scroll - 5 : 0; break;
	case KEY_PAGE_DOWN: view->scroll += 5; break;
	case KEY_ENTER: return chosen(view);
	default: move_step(view, key->sym); break;
	}
	return NULL;
}

/* -- drawing: lines are collected, then a window of them is shown -- */

struct sheet {
	struct line *lines;
	size_t n, size;
};

static struct line *sheet_line(struct sheet *sheet)
{
	if (sheet->n == sheet->size) {
		size_t size = sheet->size ? sheet->size * 2 : 32;
		struct line *lines = realloc(sheet->lines, size * sizeof(*lines));

		if (!lines)
			abort();
		sheet->lines = lines;
		sheet->size = size;
	}
	sheet->lines[sheet->n] = (struct line){ 0 };
	return &sheet->lines[sheet->n++];
}

static void sheet_finip(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->n; i++)
		line_fini(&sheet->lines[i]);
	free(sheet->lines);
}

static void put_lines(struct sheet *sheet, const char *lead, struct style style, struct str text)
{
	struct str one;

	while (str_line(&text, &one)) {
		struct line *line = sheet_line(sheet);

		line_adds(line, faint, lead);
		line->hang = line->n;
		line_add(line, style, one);
	}
}

static void put_diff_line(void *ctx, const struct line *line)
{
	struct line *copy = sheet_line(ctx);

	line_join(copy, line);
	copy->hang = line->hang;
}

static void put_diff(struct sheet *sheet, struct str text)
{
	if (diff_is(text))
		diff_draw(text, put_diff_line, sheet);
	else
		put_lines(sheet, "  ", plain, text);
}

static void put_scale(struct sheet *sheet, const struct part *part, bool here)
{
	struct line *line = sheet_line(sheet);

	line_adds(line, faint, here ? "    ← " : "      ");
	line->hang = line->n;
	for (size_t k = 0; k < part->n_steps; k++) {
		bool is_at = k == part->at;
		struct style style = { .paint = is_at ? PAINT_CHOSEN : PAINT_FAINT };

		line_adds(line, faint, k ? "  " : "");
		line_adds(line, style, is_at ? " " : "");
		line_adds(line, style, part->steps[k] ? part->steps[k] : "");
		line_adds(line, style, is_at ? " " : "");
	}
	line_adds(line, faint, here ? " →" : "");
}

static void put_part(struct sheet *sheet, const struct ask_view *view, size_t i)
{
	const struct part *part = &view->parts[i];
	bool here = i == view->part;
	struct line *line = sheet_line(sheet);

	line_adds(line, loud, here && view->n_parts > 1 ? "  ▸ " : "    ");
	line->hang = line->n;
	line_adds(line, plain, part->text ? part->text : "");
	line_adds(line, faint, "  — ");
	line_adds(line, faint, part->reason && part->reason[0] ? part->reason : "not granted");
	if (part->n_steps > 1)
		put_scale(sheet, part, here);
}

static struct line option_line(const struct ask_view *view, size_t i, size_t columns)
{
	struct line line = { 0 };
	const struct option *option = &view->options[i];
	bool here = i == view->option;
	char number[24];

	(void)snprintf(number, sizeof(number), "%s%zu ", here ? " › " : "   ",
			number_of(view, i));
	line_adds(&line, here ? accent : faint, number);
	line.hang = line.n;
	line_adds(&line, here ? bold : plain, option->name ? option->name : "");
	if (view->is_question || columns < 60)
		return line;
	while (line.n < 20)
		line_adds(&line, plain, " ");
	line.hang = line.n;
	line_adds(&line, faint, effect_of(option->id));
	return line;
}

static size_t options_rows(const struct ask_view *view, size_t columns)
{
	size_t rows = 0;

	for (size_t i = 0; i < view->n_options; i++) {
		cleanup_line struct line line = option_line(view, i, columns);

		rows += line_rows(&line, columns);
	}
	return rows;
}

static void put_options(const struct ask_view *view, struct screen *screen)
{
	for (size_t i = 0; i < view->n_options; i++) {
		cleanup_line struct line line = option_line(view, i, screen_columns(screen));

		(void)screen_row(screen, &line);
	}
}

/* What the marked choice would write into seal.toml. */
static void written(const struct ask_view *view, struct buf *ret)
{
	const char *id = chosen(view);
	bool allow = id && strncmp(id, "allow", 5) == 0, once = id && strstr(id, "once");
	const struct ask_entry *entries;
	size_t n = ask_view_entries(view, &entries);

	for (size_t i = 0; i < n && id && strcmp(id, "reject_once") != 0; i++) {
		if (once && entries[i].is_granted)
			continue;
		buf_adds(ret, ret->len ? ", " : "");
		if (view->line_of)
			view->line_of(entries[i].verb, entries[i].pattern, allow, once, ret);
		else
			buf_adds(ret, entries[i].pattern);
	}
	if (ret->len == 0)
		buf_adds(ret, "nothing");
}

/* Whole, where the screen is high enough: a rule is granted, not its beginning. */
static struct line written_line(const struct ask_view *view, size_t columns, size_t most)
{
	struct line line = { 0 };
	cleanup_buf struct buf text = BUF_INIT;

	written(view, &text);
	line_adds(&line, faint, columns >= 60 ? "   seal.toml gets  " : "   + ");
	line.hang = line.n;
	line_add(&line, (struct style){ .paint = PAINT_CODE }, buf_str(&text));
	if (line_rows(&line, columns) > most)
		line_cut(&line, columns);	/* the parts above show each whole */
	return line;
}

static void put_keys(const struct ask_view *view, struct screen *screen, bool scrolls)
{
	cleanup_line struct line line = { 0 };

	if (view->is_held)
		line_adds(&line, faint, "   a moment");
	else
		line_adds(&line, faint, view->is_question ? "   ↑↓ Enter" : "   1-4 or ↑↓ Enter");
	if (!view->is_question && view->n_parts)
		line_adds(&line, faint, " · ←→ how much");
	if (view->n_parts > 1)
		line_adds(&line, faint, " · Ctrl+N next part");
	if (scrolls)
		line_adds(&line, faint, " · PgUp/PgDn more");
	line_adds(&line, faint, " · Esc cancels the turn");
	line_cut(&line, screen_columns(screen));
	(void)screen_row(screen, &line);
}

static void fill(struct sheet *sheet, const struct ask_view *view)
{
	struct line *line = sheet_line(sheet);

	line_adds(line, loud, view->is_question ? " ? " : " Permission to ");
	line->hang = 3;
	line_adds(line, loud, view->title);
	put_lines(sheet, "   ", bold, str_of(view->subject));
	if (view->cwd[0])
		put_lines(sheet, "   in ", faint, str_of(view->cwd));
	put_diff(sheet, str_of(view->diff));
	if (view->n_parts)
		(void)sheet_line(sheet);
	for (size_t i = 0; i < view->n_parts; i++)
		put_part(sheet, view, i);
}

/* The rows of the sheet behind the first `from`, as many as there is room for. */
static void put_sheet(const struct sheet *sheet, struct screen *screen, size_t from, size_t room)
{
	size_t used = 0, columns = screen_columns(screen);

	for (size_t i = 0; i < sheet->n && used < room; i++) {
		size_t rows = line_rows(&sheet->lines[i], columns);
		struct line rest;

		if (from >= rows) {
			from -= rows;
			continue;
		}
		rest = line_skip(&sheet->lines[i], columns, from);
		from = 0;
		used += screen_row_within(screen, &rest, room - used);
	}
}

void ask_view_draw(struct ask_view *view, struct screen *screen, size_t rows)
{
	__attribute__((cleanup(sheet_finip))) struct sheet sheet = { 0 };
	size_t columns = screen_columns(screen), total = 0, below = options_rows(view, columns) + 1, room;
	bool writes = !view->is_question && view->n_parts > 0;
	cleanup_line struct line line = { 0 };

	if (writes)
		line = written_line(view, columns, rows / 6);
	below += writes ? line_rows(&line, columns) : 0;
	room = rows > below ? rows - below : 1;
	fill(&sheet, view);
	for (size_t i = 0; i < sheet.n; i++)
		total += line_rows(&sheet.lines[i], columns);
	if (total <= room)
		view->scroll = 0;
	else if (view->scroll > total - room)
		view->scroll = total - room;
	put_sheet(&sheet, screen, view->scroll, room);
	if (total < room)
		(void)screen_row(screen, &(struct line){ 0 });
	if (writes)
		(void)screen_row(screen, &line);
	put_options(view, screen);
	put_keys(view, screen, total > room);
}

/* -- told -- */

void ask_view_tell(const struct ask_view *view, struct buf *ret_text)
{
	buf_addf(ret_text, "%s%s\n", view->is_question ? "Question: " : "Permission to ", view->title);
	if (view->subject[0])
		buf_addf(ret_text, "%s\n", view->subject);
	if (view->cwd[0])
		buf_addf(ret_text, "in %s\n", view->cwd);
	buf_adds(ret_text, view->diff);
	for (size_t i = 0; i < view->n_parts; i++) {
		const struct part *part = &view->parts[i];

		buf_addf(ret_text, "not granted: %s (%s); pattern: %s\n", part->text ? part->text : "",
			 part->reason ? part->reason : "",
			 part->n_steps ? part->steps[part->at] : part->text);
	}
	for (size_t i = 0; i < view->n_options; i++) {
		const char *effect = effect_of(view->options[i].id);

		buf_addf(ret_text, "%zu %s%s%s\n", number_of(view, i), view->options[i].name,
			 effect[0] ? ": " : "", effect);
	}
}
