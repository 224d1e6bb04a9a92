/* The frame: transcript, then prompt or tasks and composer, then status. */
#include <stdio.h>

#include "seal-cli/tui/app/state.h"

#define PROMPT "› "

static const struct style plain;
static const struct style faint = { .paint = PAINT_FAINT };

static void rule(struct screen *screen)
{
	cleanup_line struct line line = { 0 };

	for (size_t i = 0; i < screen_columns(screen); i++)
		line_adds(&line, (struct style){ .paint = PAINT_RULE }, "─");
	(void)screen_row(screen, &line);
}

static void draw_lines(struct screen *screen, struct str text, struct style style, size_t max)
{
	struct str line;

	for (size_t rows = 0; rows < max && str_line(&text, &line);) {
		cleanup_line struct line out = { 0 };

		line_adds(&out, style, "  ");
		out.hang = 2;
		line_add(&out, style, line);
		line_cut(&out, screen_columns(screen));
		rows += screen_row(screen, &out);
	}
}

/* -- the composer: as many of its rows as there is room for, the cursor's among them -- */

struct window {
	struct screen *screen;
	size_t skip, room, used;
};

static void put_row(void *ctx, const struct line *line)
{
	struct window *window = ctx;
	size_t rows = line_rows(line, screen_columns(window->screen));
	struct line rest;

	if (window->skip >= rows) {
		window->skip -= rows;
		return;
	}
	rest = line_skip(line, screen_columns(window->screen), window->skip);
	window->skip = 0;
	window->used += screen_row_within(window->screen, &rest, window->room - window->used);
}

static void draw_search(struct app *app)
{
	cleanup_line struct line line = { 0 };

	line_adds(&line, faint, "search: ");
	line_add(&line, plain, buf_str(&app->needle));
	(void)screen_row(app->screen, &line);
}

static void draw_composer(struct app *app)
{
	struct window window = { .screen = app->screen, .room = screen_rows(app->screen) / 2 };
	size_t top, row, column;

	if (app->searching)
		draw_search(app);
	top = screen_live(app->screen);
	edit_cursor(app->edit, PROMPT, screen_columns(app->screen), &row, &column);
	if (row >= window.room)
		window.skip = row - window.room + 1;
	row -= window.skip;
	edit_draw(app->edit, PROMPT, plain, put_row, &window);
	screen_cursor(app->screen, top + row, column);
}

/* -- the status line -- */

static void add_field(struct line *line, struct str text)
{
	if (text.len == 0)
		return;
	line_adds(line, faint, line->n ? "  " : "");
	line_add(line, faint, text);
}

static void put_state(const struct app *app, struct line *line)
{
	struct style style = { .paint = PAINT_GOOD };
	char text[64];

	if (app->n_asks)
		style.paint = PAINT_ATTENTION;
	else if (app->prompt)
		style.paint = PAINT_BUSY;

	line_adds(line, style, app->prompt && !app->n_asks ? " ○ " : " ● ");
	if (app->n_asks > 1)
		(void)snprintf(text, sizeof(text), "waits for you (%zu questions)", app->n_asks);
	else if (app->n_asks)
		(void)snprintf(text, sizeof(text), "waits for you");
	else if (app->cancelling)
		(void)snprintf(text, sizeof(text), "cancelling");
	else if (app->prompt)
		(void)snprintf(text, sizeof(text), "working %llds (Esc cancels)",
			       (long long)(app_now() - app->began_at) / 1000);
	else
		(void)snprintf(text, sizeof(text), app->starting ? "starting" : "ready");
	line_adds(line, app->n_asks || app->prompt ? style : faint, text);
}

static void put_gauge(const struct app *app, struct line *line)
{
	char text[48];

	if (app->size > 0) {
		(void)snprintf(text, sizeof(text), "context %lld%%",
			       (long long)(app->used * 100 / app->size));
		add_field(line, str_of(text));
	}
	if (app->has_cost) {
		(void)snprintf(text, sizeof(text), "$%.2f", app->cost);
		add_field(line, str_of(text));
	}
}

/* The project at the right end, where there is room. */
static void put_project(const struct app *app, struct line *line)
{
	cleanup_line struct line right = { 0 };
	struct str root = buf_str(&app->root);
	size_t columns = screen_columns(app->screen);

	while (str_chr(root, '/') != STR_NONE)
		root = str_from(root, str_chr(root, '/') + 1);
	line_add(&right, faint, app->name.len ? buf_str(&app->name) : root);
	line_adds(&right, faint, app->session ? " " : "");
	line_add(&right, faint, str_head(str_of(app->session), 8));
	line_adds(&right, faint, " ");
	if (line->n + right.n + 2 > columns)
		return;
	while (line->n + right.n < columns)
		line_adds(line, plain, " ");
	line_join(line, &right);
}

static void draw_status(struct app *app)
{
	cleanup_line struct line line = { 0 };

	put_state(app, &line);
	add_field(&line, buf_str(&app->model));
	put_gauge(app, &line);
	add_field(&line, STR("sandboxed"));
	if (edit_is_normal(app->edit))
		add_field(&line, STR("NORMAL"));
	if (screen_is_scrolled(app->screen))
		add_field(&line, STR("PgDn: to the end"));
	put_project(app, &line);
	line_cut(&line, screen_columns(app->screen));
	(void)screen_row(app->screen, &line);
}

static void draw_foot(struct app *app)
{
	size_t rows = screen_rows(app->screen);

	if (rows >= 16)
		(void)screen_row(app->screen, &(struct line){ 0 });
	draw_lines(app->screen, buf_str(&app->tasks), faint, rows / 4);
	if (app->queued.len)
		draw_lines(app->screen, STR("(waits until this turn ends)"), faint, 1);
	rule(app->screen);
	if (app->choice.n)
		choice_draw(&app->choice, app->screen);
	else
		draw_composer(app);
	rule(app->screen);
	draw_status(app);
	draw_lines(app->screen, buf_str(&app->footer), faint, rows / 3);
}

/* On a low screen the question has all the room. */
static void draw_ask(struct app *app)
{
	size_t rows = screen_rows(app->screen);
	bool is_low = rows < 16;

	app->asked_at = app->asked_at ? app->asked_at : app_now();
	ask_view_hold(app->asks[0].view, app_grace(app) > 0);
	if (!is_low)
		transcript_draw(app->transcript, app->screen, rows / 4);
	rule(app->screen);
	ask_view_draw(app->asks[0].view, app->screen, rows - screen_live(app->screen) - !is_low);
	if (!is_low)
		draw_status(app);
	screen_cursor(app->screen, screen_live(app->screen) - 1, 0);
}

void app_draw(struct app *app)
{
	transcript_commit(app->transcript, app->screen);
	screen_begin(app->screen);
	if (app->n_asks) {
		draw_ask(app);
	} else {
		transcript_draw(app->transcript, app->screen, screen_rows(app->screen) / 2);
		draw_foot(app);
	}
	screen_end(app->screen);
	app->dirty = app->urgent = false;
}
