/* The frame: transcript, then prompt or tasks and composer, then status. */
#include <stdio.h>

#include "seal-cli/tui/app_state.h"

static const struct style plain;
static const struct style faint = { .attrs = ATTR_DIM };

static void rule(struct screen *screen)
{
	cleanup_line struct line line = { 0 };

	for (size_t i = 0; i < screen_columns(screen); i++)
		line_adds(&line, faint, "─");
	(void)screen_row(screen, &line);
}

static void each_row(void *ctx, const struct line *line)
{
	(void)screen_row(ctx, line);
}

static void draw_lines(struct screen *screen, struct str text, struct style style, size_t max)
{
	struct str line;

	for (size_t rows = 0; rows < max && str_line(&text, &line);) {
		cleanup_line struct line out = { 0 };

		line_adds(&out, style, "  ");
		line_add(&out, style, line);
		rows += screen_row(screen, &out);
	}
}

static void draw_composer(struct app *app)
{
	size_t top = screen_live(app->screen), row, column;
	const char *prompt = "› ";

	if (app->searching) {
		cleanup_line struct line line = { 0 };

		line_adds(&line, faint, "search: ");
		line_add(&line, plain, buf_str(&app->needle));
		(void)screen_row(app->screen, &line);
		top++;
	}
	edit_draw(app->edit, prompt, plain, each_row, app->screen);
	edit_cursor(app->edit, prompt, screen_columns(app->screen), &row, &column);
	screen_cursor(app->screen, top + row, column);
}

static void put_gauge(const struct app *app, struct line *line)
{
	char text[96] = "";

	if (app->size > 0)
		(void)snprintf(text, sizeof(text), " · context %lld%%",
			       (long long)(app->used * 100 / app->size));
	line_adds(line, faint, text);
	if (app->has_cost) {
		(void)snprintf(text, sizeof(text), " · $%.4f", app->cost);
		line_adds(line, faint, text);
	}
}

static void draw_status(struct app *app)
{
	cleanup_line struct line line = { 0 };
	const char *state = app->n_asks ? "waits for you" : app->prompt ? "working (Esc cancels)" : "ready";

	line_adds(&line, faint, "  ");
	line_adds(&line, app->prompt ? (struct style){ .fg = COLOUR_YELLOW } : faint, state);
	if (app->model.len) {
		line_adds(&line, faint, " · ");
		line_add(&line, faint, buf_str(&app->model));
	}
	put_gauge(app, &line);
	line_adds(&line, faint, " · sandboxed · ");
	line_add(&line, faint, str_head(str_of(app->session), 8));
	if (line.n > screen_columns(app->screen))
		line.n = screen_columns(app->screen);
	(void)screen_row(app->screen, &line);
}

static void draw_foot(struct app *app)
{
	size_t rows = screen_rows(app->screen);

	draw_lines(app->screen, buf_str(&app->tasks), faint, rows / 4);
	if (app->queued.len)
		draw_lines(app->screen, STR("(queued: sent when this turn ends)"), faint, 1);
	rule(app->screen);
	draw_composer(app);
	rule(app->screen);
	draw_status(app);
	draw_lines(app->screen, buf_str(&app->footer), faint, rows / 3);
}

void app_draw(struct app *app)
{
	transcript_commit(app->transcript, app->screen);
	screen_begin(app->screen);
	transcript_draw(app->transcript, app->screen, screen_rows(app->screen) / 2);
	if (app->n_asks) {
		rule(app->screen);
		ask_view_draw(app->asks[0].view, app->screen,
			      screen_rows(app->screen) - screen_live(app->screen));
		screen_cursor(app->screen, screen_live(app->screen) - 1, 0);
	} else {
		draw_foot(app);
	}
	screen_end(app->screen);
	app->dirty = false;
}
