#include "seal-cli/tui/view/item.h"

#include <stdlib.h>

#include "seal-cli/tui/view/diff.h"

#define USER_ROWS   12	/* of what was sent before it is folded */
#define TEXT_ROWS   6	/* of a body before it is folded */
#define OUTPUT_ROWS 8
#define DIFF_ROWS   24
#define LIVE_ROWS   3	/* of a thought that goes on */
#define COLUMN_MAX  26	/* where the second column of a row begins at most */

static const struct style plain;
static const struct style faint = { .paint = PAINT_FAINT };

struct item *item_new(enum item_kind kind)
{
	struct item *item = calloc(1, sizeof(*item));

	if (item)
		item->kind = kind;
	return item;
}

void item_free(struct item *item)
{
	if (!item)
		return;
	buf_fini(&item->text);
	result_fini(&item->result);
	free(item->id);
	free(item->call_kind);
	free(item);
}

static size_t count_lines(struct str text)
{
	struct str line;
	size_t n = 0;

	while (str_line(&text, &line))
		n++;
	return n;
}

/* The end of `text` that has `n` lines. */
static struct str last_lines(struct str text, size_t n)
{
	size_t skip = count_lines(text);
	struct str line;

	for (; skip > n; skip--)
		(void)str_line(&text, &line);
	return text;
}

/* -- with a sign in front -- */

struct lead {
	markdown_fn *each;
	void *ctx;
	const char *sign;	/* before the first line; as many blanks before the others */
	struct style style;
	bool led;
};

static void put_led(void *ctx, const struct line *line)
{
	struct lead *lead = ctx;
	size_t margin = text_width(str_of(lead->sign));
	cleanup_line struct line whole = { 0 };

	if (lead->led)
		for (size_t i = 0; i < margin; i++)
			line_adds(&whole, plain, " ");
	else
		line_adds(&whole, lead->style, lead->sign);
	line_join(&whole, line);
	whole.hang = margin + line->hang;
	if (line->n == 0)
		whole.n = 0;
	lead->led = true;
	lead->each(lead->ctx, &whole);
}

/* Where a row of two columns goes on when it wraps: below its second one. */
static size_t second_column(struct str line)
{
	for (size_t i = 3; i < line.len && i <= COLUMN_MAX; i++)
		if (line.data[i] != ' ' && line.data[i - 1] == ' ' && line.data[i - 2] == ' ' &&
		    line.data[0] != ' ')
			return text_width(str_head(line, i));
	return 0;
}

static void put_text(struct lead lead, struct style style, struct str text)
{
	struct str one;

	while (str_line(&text, &one)) {
		cleanup_line struct line line = { 0 };

		line.hang = second_column(one);
		line_add(&line, style, one);
		put_led(&lead, &line);
	}
}

/* -- tools -- */

struct limit {
	markdown_fn *each;
	void *ctx;
	size_t rows, most;
};

static void put_limited(void *ctx, const struct line *line)
{
	struct limit *limit = ctx;

	if (limit->rows++ < limit->most)
		limit->each(limit->ctx, line);
}

static size_t rows_shown(const struct item *item, bool whole)
{
	static const size_t most[] = { [RESULT_TEXT] = TEXT_ROWS, [RESULT_OUTPUT] = OUTPUT_ROWS,
				       [RESULT_QUIET] = 0, [RESULT_DIFF] = DIFF_ROWS,
				       [RESULT_ERROR] = TEXT_ROWS };

	return whole ? (size_t)-1 : most[item->result.kind];
}

static void put_more(struct lead *lead, size_t hidden)
{
	cleanup_line struct line line = { 0 };
	cleanup_buf struct buf text = BUF_INIT;

	buf_addf(&text, "… %zu more line%s (Ctrl+O)", hidden, hidden == 1 ? "" : "s");
	line_add(&line, faint, buf_str(&text));
	put_led(lead, &line);
}

static void draw_diff(const struct item *item, size_t most, markdown_fn *each, void *ctx)
{
	struct limit limit = { each, ctx, 0, most };
	struct lead lead = { each, ctx, "  ", plain, true };

	diff_draw(buf_str(&item->result.body), put_limited, &limit);
	if (limit.rows > most)
		put_more(&lead, limit.rows - most);
}

static void draw_body(const struct item *item, bool whole, markdown_fn *each, void *ctx)
{
	struct str body = buf_str(&item->result.body), one;
	size_t most = rows_shown(item, whole), n = count_lines(body), shown = 0;
	struct lead lead = { each, ctx, "  ⎿ ", faint, false };
	bool is_end = item->result.kind == RESULT_OUTPUT;
	struct style style = item->result.kind == RESULT_ERROR ? (struct style){ .paint = PAINT_BAD } : faint;

	if (most == 0 || n == 0)
		return;
	if (is_end && n > most) {
		put_more(&lead, n - most);
		body = last_lines(body, most);
	}
	for (; shown < most && str_line(&body, &one); shown++) {
		cleanup_line struct line line = { 0 };

		line_add(&line, style, one);
		put_led(&lead, &line);
	}
	if (!is_end && n > most)
		put_more(&lead, n - most);
}

static void draw_tool(const struct item *item, bool whole, markdown_fn *each, void *ctx)
{
	struct style dot = { .paint = item->failed ? PAINT_BAD : item->done ? PAINT_GOOD : PAINT_BUSY };
	struct str title = buf_str(&item->text), one, verb;
	cleanup_line struct line line = { 0 };

	line_adds(&line, dot, item->failed ? "✗ " : item->done ? "● " : "○ ");
	line.hang = 2;
	(void)str_line(&title, &one);
	(void)str_split(&one, ' ', &verb);
	line_add(&line, (struct style){ .attrs = ATTR_BOLD }, verb);
	line_adds(&line, plain, " ");
	line_add(&line, plain, one);
	line_adds(&line, faint, title.len ? " …" : "");
	if (item->result.words.len) {
		line_adds(&line, faint, " · ");
		line_add(&line, item->failed ? dot : faint, buf_str(&item->result.words));
	}
	each(ctx, &line);
	if (title.len && whole)	/* a command of several lines */
		put_text((struct lead){ each, ctx, "  ", plain, false }, plain, title);
	if (item->result.kind == RESULT_DIFF)
		draw_diff(item, rows_shown(item, whole), each, ctx);
	else
		draw_body(item, whole, each, ctx);
}

/* A thought: its end while it goes on, its beginning when it is over. */
static void draw_thought(const struct item *item, struct str text, bool whole, markdown_fn *each,
			 void *ctx)
{
	static const struct style style = { .paint = PAINT_THOUGHT };
	struct str rest = str_trim(text), one;
	struct lead lead = { each, ctx, "✻ ", style, false };
	cleanup_line struct line line = { 0 };

	if (whole || !item->done) {
		put_text(lead, style, whole ? rest : last_lines(rest, LIVE_ROWS));
		return;
	}
	(void)str_line(&rest, &one);
	line_add(&line, style, one);
	if (rest.len)
		line_adds(&line, faint, " … (Ctrl+O)");
	put_led(&lead, &line);
}

static void draw_user(struct str text, bool whole, markdown_fn *each, void *ctx)
{
	struct lead lead = { each, ctx, "› ", { .paint = PAINT_ACCENT }, false };
	size_t n = count_lines(text);
	struct str one;

	if (whole || n <= USER_ROWS + 1) {
		put_text(lead, (struct style){ .paint = PAINT_USER }, text);
		return;
	}
	for (size_t i = 0; i < USER_ROWS && str_line(&text, &one); i++) {
		cleanup_line struct line line = { 0 };

		line_add(&line, (struct style){ .paint = PAINT_USER }, one);
		put_led(&lead, &line);
	}
	put_more(&lead, n - USER_ROWS);
}

void item_draw(const struct item *item, struct str text, const struct item_look *look,
	       markdown_fn *each, void *ctx)
{
	struct lead lead = { each, ctx, "  ", plain, true };

	switch (item->kind) {
	case ITEM_TEXT:
		markdown_draw(text, look->columns - 2, look->links, put_led, &lead);
		break;
	case ITEM_THOUGHT: draw_thought(item, text, look->whole, each, ctx); break;
	case ITEM_TOOL: draw_tool(item, look->whole, each, ctx); break;
	case ITEM_USER: draw_user(text, look->whole, each, ctx); break;
	case ITEM_NOTICE: put_text((struct lead){ each, ctx, "· ", faint, false }, faint, text); break;
	case ITEM_WARNING:
		put_text((struct lead){ each, ctx, "! ", { .paint = PAINT_ATTENTION }, false },
			 (struct style){ .paint = PAINT_BUSY }, text);
		break;
	case ITEM_ERROR:
		put_text((struct lead){ each, ctx, "✗ ", { .paint = PAINT_BAD }, false },
			 (struct style){ .paint = PAINT_BAD }, text);
		break;
	}
}

bool item_is_folded(const struct item *item)
{
	struct str text = str_trim(buf_str(&item->text));

	if (item->kind == ITEM_THOUGHT)
		return str_chr(text, '\n') != STR_NONE;
	if (item->kind == ITEM_USER)
		return count_lines(text) > USER_ROWS + 1;
	return item->kind == ITEM_TOOL &&
	       (str_chr(text, '\n') != STR_NONE ||
		count_lines(buf_str(&item->result.body)) > rows_shown(item, false));
}

bool item_is_short(const struct item *item)
{
	return item->kind == ITEM_TOOL &&
	       (item->result.body.len == 0 || item->result.kind == RESULT_QUIET);
}
