#include "seal-cli/tui/transcript.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "seal-cli/tui/markdown.h"

enum item_kind { ITEM_TEXT, ITEM_THOUGHT, ITEM_TOOL, ITEM_USER, ITEM_NOTICE, ITEM_ERROR };

struct item {
	enum item_kind kind;
	bool done;
	struct buf text;	/* text, or the tool's title */
	char *id;		/* tools */
	char *status;
	struct buf body;	/* output; diffs with their signs */
	bool is_diff;
	bool began;		/* part of the text is committed: no gap before the rest */
	struct item *next;
};

struct transcript {
	struct item *first, **last;
	struct item *folded;	/* the last finished tool call */
};

static const struct style faint = { .attrs = ATTR_DIM };
static const struct style bold = { .attrs = ATTR_BOLD };

static void item_free(struct item *item)
{
	if (!item)
		return;
	buf_fini(&item->text);
	buf_fini(&item->body);
	free(item->id);
	free(item->status);
	free(item);
}

struct transcript *transcript_new(void)
{
	struct transcript *transcript = calloc(1, sizeof(*transcript));

	if (transcript)
		transcript->last = &transcript->first;
	return transcript;
}

void transcript_free(struct transcript *transcript)
{
	if (!transcript)
		return;
	for (struct item *item = transcript->first, *next; item; item = next) {
		next = item->next;
		item_free(item);
	}
	item_free(transcript->folded);
	free(transcript);
}

/* -- from updates -- */

static struct item *tail(struct transcript *transcript)
{
	struct item *item = transcript->first;

	while (item && item->next)
		item = item->next;
	return item;
}

static struct item *add(struct transcript *transcript, enum item_kind kind)
{
	struct item *item = calloc(1, sizeof(*item)), *before = tail(transcript);

	if (!item)
		abort();
	if (before && before->kind <= ITEM_THOUGHT)
		before->done = true;	/* text ends where something else begins */
	item->kind = kind;
	*transcript->last = item;
	transcript->last = &item->next;
	return item;
}

static void add_chunk(struct transcript *transcript, enum item_kind kind, yyjson_val *update)
{
	struct str text = json_str(yyjson_obj_get(update, "content"), "text");
	struct item *item = tail(transcript);

	if (!item || item->kind != kind || item->done)
		item = add(transcript, kind);
	buf_add(&item->text, text);
}

static struct item *find_tool(struct transcript *transcript, struct str id)
{
	for (struct item *item = transcript->first; item; item = item->next)
		if (item->id && str_is(id, item->id))
			return item;
	return NULL;
}

static void put_prefixed(struct buf *body, char sign, struct str text)
{
	struct str line;

	while (str_line(&text, &line)) {
		buf_addc(body, sign);
		buf_add(body, line);
		buf_addc(body, '\n');
	}
}

/* Lines both sides begin and end with are context; the rest is the change. */
static void put_diff(struct buf *body, struct str old_text, struct str new_text)
{
	size_t head = 0, end = 0, limit = old_text.len < new_text.len ? old_text.len : new_text.len;

	while (head < limit && old_text.data[head] == new_text.data[head])
		head++;
	while (head && old_text.data[head - 1] != '\n')
		head--;
	while (end < limit - head &&
	       old_text.data[old_text.len - 1 - end] == new_text.data[new_text.len - 1 - end])
		end++;
	while (end && old_text.data[old_text.len - end] != '\n')
		end--;
	put_prefixed(body, '-', str_head(str_from(old_text, head), old_text.len - head - end));
	put_prefixed(body, '+', str_head(str_from(new_text, head), new_text.len - head - end));
}

static void set_body(struct item *item, yyjson_val *content)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(content);
	yyjson_val *one;

	buf_clear(&item->body);
	while ((one = yyjson_arr_iter_next(&iter))) {
		if (str_is(json_str(one, "type"), "diff")) {
			item->is_diff = true;
			put_diff(&item->body, json_str(one, "oldText"), json_str(one, "newText"));
		} else {
			buf_add(&item->body, json_str(yyjson_obj_get(one, "content"), "text"));
		}
	}
}

static void on_tool(struct transcript *transcript, yyjson_val *update)
{
	struct str id = json_str(update, "toolCallId"), title = json_str(update, "title");
	struct str status = json_str(update, "status");
	struct item *item = find_tool(transcript, id);

	if (!item) {
		item = add(transcript, ITEM_TOOL);
		item->id = str_dup(id);
	}
	if (title.len) {
		buf_clear(&item->text);
		buf_add(&item->text, title);
	}
	if (yyjson_is_arr(yyjson_obj_get(update, "content")))
		set_body(item, yyjson_obj_get(update, "content"));
	if (status.len) {
		free(item->status);
		item->status = str_dup(status);
		item->done = str_is(status, "completed") || str_is(status, "failed");
	}
}

void transcript_update(struct transcript *transcript, yyjson_val *update)
{
	struct str kind = json_str(update, "sessionUpdate");

	if (str_is(kind, "agent_message_chunk"))
		add_chunk(transcript, ITEM_TEXT, update);
	else if (str_is(kind, "agent_thought_chunk"))
		add_chunk(transcript, ITEM_THOUGHT, update);
	else if (str_is(kind, "user_message_chunk"))
		transcript_user(transcript, json_str(yyjson_obj_get(update, "content"), "text"));
	else if (str_is(kind, "tool_call") || str_is(kind, "tool_call_update"))
		on_tool(transcript, update);
}

void transcript_user(struct transcript *transcript, struct str text)
{
	struct item *item = add(transcript, ITEM_USER);

	buf_add(&item->text, text);
	item->done = true;
}

void transcript_notice(struct transcript *transcript, struct str text, bool is_error)
{
	struct item *item = add(transcript, is_error ? ITEM_ERROR : ITEM_NOTICE);

	buf_add(&item->text, text);
	item->done = true;
}

void transcript_settle(struct transcript *transcript)
{
	for (struct item *item = transcript->first; item; item = item->next)
		item->done = true;
}

/* -- to lines -- */

struct drawing {
	markdown_fn *each;
	void *ctx;
	const char *lead;	/* written before the first line, blanks before the others */
	struct style lead_style;
	bool led;
};

static void indent(void *ctx, const struct line *line)
{
	struct drawing *to = ctx;
	cleanup_line struct line whole = { 0 };

	line_adds(&whole, to->lead_style, to->led ? "  " : to->lead);
	for (size_t i = 0; i < line->n; i++)
		if (line->cells[i].width)
			line_add(&whole, line->cells[i].style,
				 (struct str){ line->cells[i].bytes, line->cells[i].len });
	if (line->n == 0)
		whole.n = 0;
	to->led = true;
	to->each(to->ctx, &whole);
}

static struct style body_style(const struct item *item, struct str line)
{
	if (item->is_diff && line.len && line.data[0] == '+')
		return (struct style){ .fg = COLOUR_GREEN };
	if (item->is_diff && line.len && line.data[0] == '-')
		return (struct style){ .fg = COLOUR_RED };
	return faint;
}

static void draw_body(const struct item *item, size_t max_rows, markdown_fn *each, void *ctx)
{
	struct str rest = buf_str(&item->body), line;
	size_t rows = 0, hidden = 0;

	while (str_line(&rest, &line)) {
		cleanup_line struct line out = { 0 };

		if (rows == max_rows) {
			hidden++;
			continue;
		}
		line_adds(&out, faint, rows ? "    " : "  ⎿ ");
		line_add(&out, body_style(item, line), line);
		each(ctx, &out);
		rows++;
	}
	if (hidden) {
		cleanup_line struct line out = { 0 };
		cleanup_buf struct buf text = BUF_INIT;

		buf_addf(&text, "    … %zu more lines (Ctrl+O)", hidden);
		line_add(&out, faint, buf_str(&text));
		each(ctx, &out);
	}
}

static void draw_tool(const struct item *item, size_t max_rows, markdown_fn *each, void *ctx)
{
	bool failed = item->status && strcmp(item->status, "failed") == 0;
	struct style dot = { .fg = failed ? COLOUR_RED : item->done ? COLOUR_GREEN : COLOUR_YELLOW };
	cleanup_line struct line line = { 0 };

	line_adds(&line, dot, failed ? "✗ " : item->done ? "● " : "○ ");
	line_add(&line, bold, buf_str(&item->text));
	each(ctx, &line);
	draw_body(item, max_rows, each, ctx);
}

static void draw_quoted(const char *lead, struct style style, struct str text, markdown_fn *each,
			void *ctx)
{
	struct str line;
	bool first = true;

	while (str_line(&text, &line)) {
		cleanup_line struct line out = { 0 };

		line_adds(&out, style, first ? lead : "  ");
		line_add(&out, style, line);
		each(ctx, &out);
		first = false;
	}
}

/* The item from byte `from` of its text on. */
static void draw_item(const struct item *item, struct str text, size_t columns, size_t max_rows,
		      struct drawing to)
{
	switch (item->kind) {
	case ITEM_TEXT:
		to.lead = "  ";
		markdown_draw(text, columns - 2, indent, &to);
		break;
	case ITEM_THOUGHT:
		draw_quoted("✻ ", (struct style){ .attrs = ATTR_DIM | ATTR_ITALIC }, text, to.each, to.ctx);
		break;
	case ITEM_TOOL: draw_tool(item, max_rows, to.each, to.ctx); break;
	case ITEM_USER:
		draw_quoted("› ", (struct style){ .attrs = ATTR_BOLD, .fg = COLOUR_CYAN }, text, to.each,
			    to.ctx);
		break;
	case ITEM_NOTICE: draw_quoted("· ", faint, text, to.each, to.ctx); break;
	case ITEM_ERROR: draw_quoted("✗ ", (struct style){ .fg = COLOUR_RED }, text, to.each, to.ctx); break;
	}
}

/* -- to the screen -- */

static void to_scrollback(void *ctx, const struct line *line)
{
	screen_commit(ctx, line);
}

static void gap(struct screen *screen)
{
	struct line empty = { 0 };

	screen_commit(screen, &empty);
}

static void commit_item(const struct item *item, struct str text, struct screen *screen)
{
	struct drawing to = { .each = to_scrollback, .ctx = screen };

	draw_item(item, text, screen_columns(screen), TRANSCRIPT_BODY_ROWS, to);
}

/* Commits the settled part of a text that still grows. */
static void commit_settled(struct item *item, struct screen *screen)
{
	size_t settled = item->kind == ITEM_TEXT ? markdown_settled(buf_str(&item->text)) : 0;

	if (settled == 0)
		return;
	if (!item->began)
		gap(screen);
	commit_item(item, str_head(buf_str(&item->text), settled), screen);
	gap(screen);
	buf_consume(&item->text, settled);
	item->began = true;
}

static void commit_rest(struct item *item, struct screen *screen)
{
	if (str_trim(buf_str(&item->text)).len == 0 && item->kind != ITEM_TOOL)
		return;
	if (!item->began)
		gap(screen);
	commit_item(item, buf_str(&item->text), screen);
}

void transcript_commit(struct transcript *transcript, struct screen *screen)
{
	struct item *item;

	while ((item = transcript->first) && item->done) {
		commit_rest(item, screen);
		transcript->first = item->next;
		if (!transcript->first)
			transcript->last = &transcript->first;
		if (item->kind == ITEM_TOOL) {
			item_free(transcript->folded);
			item->next = NULL;
			transcript->folded = item;
		} else {
			item_free(item);
		}
	}
	if (item)
		commit_settled(item, screen);
}

/* Counts rows first, then shows those behind `skip`. */
struct window {
	struct screen *screen;
	size_t rows, skip;
	bool is_counting;
};

static size_t rows_of(const struct line *line, size_t columns)
{
	size_t at = 0, start, rows = line->n == 0;

	while (at < line->n) {
		(void)line_wrap(line, columns, &at, &start);
		rows++;
	}
	return rows;
}

static void to_window(void *ctx, const struct line *line)
{
	struct window *window = ctx;
	size_t rows = rows_of(line, screen_columns(window->screen));

	if (!window->is_counting && window->rows >= window->skip)
		(void)screen_row(window->screen, line);
	window->rows += rows;
}

static void draw_live(const struct transcript *transcript, struct window *window)
{
	struct drawing to = { .each = to_window, .ctx = window };
	struct line empty = { 0 };

	window->rows = 0;
	for (const struct item *item = transcript->first; item; item = item->next) {
		if (!item->began)
			to_window(window, &empty);
		draw_item(item, buf_str(&item->text), screen_columns(window->screen),
			  TRANSCRIPT_BODY_ROWS, to);
	}
}

void transcript_draw(const struct transcript *transcript, struct screen *screen, size_t rows)
{
	struct window window = { .screen = screen, .is_counting = true };

	draw_live(transcript, &window);
	window.skip = window.rows > rows ? window.rows - rows : 0;
	window.is_counting = false;
	draw_live(transcript, &window);
}

void transcript_unfold(struct transcript *transcript, struct screen *screen)
{
	struct drawing to = { .each = to_scrollback, .ctx = screen };

	if (!transcript->folded)
		return;
	gap(screen);
	draw_item(transcript->folded, buf_str(&transcript->folded->text), screen_columns(screen),
		  (size_t)-1, to);
}
