#include "seal-cli/tui/view/transcript.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "seal-cli/tui/view/item.h"

struct transcript {
	struct item *first, **last;
	struct item *folded[TRANSCRIPT_FOLDED_MAX];	/* the newest last */
	size_t n_folded, unfolded;	/* unfolded: how many of the newest were shown again */
	struct links *links;
	bool is_dense;	/* the last line handed out was a tool call of one line */
};

struct transcript *transcript_new(struct links *links)
{
	struct transcript *transcript = calloc(1, sizeof(*transcript));

	if (transcript) {
		transcript->last = &transcript->first;
		transcript->links = links;
	}
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
	for (size_t i = 0; i < transcript->n_folded; i++)
		item_free(transcript->folded[i]);
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
	struct item *item = item_new(kind), *before = tail(transcript);

	if (!item)
		abort();
	if (before && before->kind <= ITEM_THOUGHT)
		before->done = true;	/* text ends where something else begins */
	*transcript->last = item;
	transcript->last = &item->next;
	transcript->unfolded = 0;
	return item;
}

static void add_text(struct transcript *transcript, enum item_kind kind, struct str text)
{
	struct item *item = add(transcript, kind);

	buf_add(&item->text, text);
	item->done = true;
}

static void add_chunk(struct transcript *transcript, enum item_kind kind, struct str text)
{
	struct item *item = tail(transcript);

	if (!item || item->kind != kind || item->done)
		item = add(transcript, kind);
	buf_add(&item->text, text);
}

/* console.print and console.warn come as thoughts with a level. */
static void on_thought(struct transcript *transcript, yyjson_val *update, struct str text)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(update, "_meta"), "seal");
	struct str level = json_str(seal, "level");

	if (str_is(level, "warn"))
		add_text(transcript, ITEM_WARNING, text);
	else if (str_is(level, "print"))
		add_text(transcript, ITEM_NOTICE, text);
	else
		add_chunk(transcript, ITEM_THOUGHT, text);
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

/* What is asked to change, before the runtime says what did: no line numbers
 * are known yet. */
static void add_change(struct item *item, yyjson_val *change)
{
	item->result.kind = RESULT_TEXT;
	put_prefixed(&item->result.body, '-', json_str(change, "oldText"));
	put_prefixed(&item->result.body, '+', json_str(change, "newText"));
}

static void set_content(struct item *item, yyjson_val *content, yyjson_val *seal)
{
	struct result_call call = { str_of(item->call_kind), json_str(seal, "outcome") };
	bool is_tail = json_bool(seal, "tail", false);
	yyjson_val *one;
	size_t i, n;

	if (!is_tail)
		buf_clear(&item->result.body);
	yyjson_arr_foreach(content, i, n, one) {
		struct str text = json_str(yyjson_obj_get(one, "content"), "text");

		if (str_is(json_str(one, "type"), "diff")) {
			add_change(item, one);
		} else if (is_tail) {
			item->result.kind = RESULT_OUTPUT;
			buf_add(&item->result.body, text);
		} else {
			result_read(&item->result, &call, text);
		}
	}
	if (item->result.body.len > TRANSCRIPT_TAIL_MAX && is_tail)
		buf_consume(&item->result.body, item->result.body.len - TRANSCRIPT_TAIL_MAX / 2);
}

static void on_tool(struct transcript *transcript, yyjson_val *update)
{
	struct str id = json_str(update, "toolCallId"), title = json_str(update, "title");
	struct str status = json_str(update, "status");
	yyjson_val *content = yyjson_obj_get(update, "content");
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(update, "_meta"), "seal");
	struct item *item = find_tool(transcript, id);

	if (!item) {
		item = add(transcript, ITEM_TOOL);
		item->id = str_dup(id);
		item->call_kind = str_dup(json_str(update, "kind"));
	}
	if (title.len) {
		buf_clear(&item->text);
		buf_add(&item->text, title);
	}
	if (yyjson_is_arr(content))
		set_content(item, content, seal);
	item->failed = item->failed || str_is(status, "failed");
	item->done = item->done || item->failed || str_is(status, "completed");
	if (item->done && !yyjson_is_arr(content) && item->result.kind == RESULT_TEXT)
		buf_clear(&item->result.body);	/* what was asked to change did not */
}

void transcript_update(struct transcript *transcript, yyjson_val *update)
{
	struct str kind = json_str(update, "sessionUpdate");
	struct str text = json_str(yyjson_obj_get(update, "content"), "text");

	if (str_is(kind, "agent_message_chunk"))
		add_chunk(transcript, ITEM_TEXT, text);
	else if (str_is(kind, "agent_thought_chunk"))
		on_thought(transcript, update, text);
	else if (str_is(kind, "user_message_chunk"))
		add_text(transcript, ITEM_USER, text);
	else if (str_is(kind, "tool_call") || str_is(kind, "tool_call_update"))
		on_tool(transcript, update);
}

void transcript_user(struct transcript *transcript, struct str text)
{
	add_text(transcript, ITEM_USER, text);
}

void transcript_notice(struct transcript *transcript, struct str text, bool is_error)
{
	add_text(transcript, is_error ? ITEM_ERROR : ITEM_NOTICE, text);
}

void transcript_settle(struct transcript *transcript)
{
	for (struct item *item = transcript->first; item; item = item->next)
		item->done = true;
}

/* -- handed out -- */

struct writing {
	struct transcript *transcript;
	struct item_look look;
	markdown_fn *each;
	void *ctx;
};

static void gap(const struct writing *to)
{
	struct line empty = { 0 };

	to->each(to->ctx, &empty);
}

static void begin(struct writing *to, const struct item *item)
{
	if (!item->began && !(to->transcript->is_dense && item->kind == ITEM_TOOL))
		gap(to);
	to->transcript->is_dense = item->done && item_is_short(item);
}

/* The part of a growing text that cannot change any more. */
static void write_settled(struct writing *to, struct item *item)
{
	cleanup_buf struct buf reopen = BUF_INIT;
	struct markdown_part part;

	if (item->kind != ITEM_TEXT || !markdown_settled(buf_str(&item->text), &part, &reopen))
		return;
	begin(to, item);
	item_draw(item, str_head(buf_str(&item->text), part.len), &to->look, to->each, to->ctx);
	if (part.ends_block)
		gap(to);
	buf_consume(&item->text, part.len);
	item->began = true;
	/* What follows must still be read as code. */
	if (reopen.len) {
		buf_add(&reopen, buf_str(&item->text));
		buf_clear(&item->text);
		buf_add(&item->text, buf_str(&reopen));
	}
}

static void write_rest(struct writing *to, const struct item *item)
{
	if (str_trim(buf_str(&item->text)).len == 0 && item->kind != ITEM_TOOL)
		return;
	begin(to, item);
	item_draw(item, buf_str(&item->text), &to->look, to->each, to->ctx);
}

static void keep_folded(struct transcript *transcript, struct item *item)
{
	if (!item_is_folded(item)) {
		item_free(item);
		return;
	}
	if (transcript->n_folded == TRANSCRIPT_FOLDED_MAX) {
		item_free(transcript->folded[0]);
		memmove(&transcript->folded[0], &transcript->folded[1],
			--transcript->n_folded * sizeof(transcript->folded[0]));
	}
	item->next = NULL;
	transcript->folded[transcript->n_folded++] = item;
}

void transcript_write(struct transcript *transcript, size_t columns, markdown_fn *each, void *ctx)
{
	struct writing to = { transcript, { columns, false, transcript->links }, each, ctx };
	struct item *item;

	while ((item = transcript->first) && item->done) {
		write_rest(&to, item);
		transcript->first = item->next;
		if (!transcript->first)
			transcript->last = &transcript->first;
		keep_folded(transcript, item);
	}
	if (item)
		write_settled(&to, item);
}

static void to_scrollback(void *ctx, const struct line *line)
{
	screen_commit(ctx, line);
}

void transcript_commit(struct transcript *transcript, struct screen *screen)
{
	transcript_write(transcript, screen_columns(screen), to_scrollback, screen);
}

bool transcript_unfold(struct transcript *transcript, struct screen *screen)
{
	struct item_look look = { screen_columns(screen), true, transcript->links };
	struct line empty = { 0 };
	const struct item *item;

	if (transcript->unfolded >= transcript->n_folded)
		return false;
	item = transcript->folded[transcript->n_folded - ++transcript->unfolded];
	screen_commit(screen, &empty);
	item_draw(item, buf_str(&item->text), &look, to_scrollback, screen);
	transcript->is_dense = false;
	return true;
}

/* -- live -- */

/* The last rows of what is drawn: a ring of lines. */
#define WINDOW_MAX 256

struct window {
	struct line lines[WINDOW_MAX];
	size_t n;	/* lines that came */
};

static void to_window(void *ctx, const struct line *line)
{
	struct window *window = ctx;
	struct line *slot = &window->lines[window->n++ % WINDOW_MAX];

	slot->n = 0;
	slot->hang = line->hang;
	line_join(slot, line);
}

static void draw_window(const struct window *window, struct screen *screen, size_t rows)
{
	size_t have = window->n < WINDOW_MAX ? window->n : WINDOW_MAX, from = have, used = 0;

	while (from > 0) {
		const struct line *line = &window->lines[(window->n - have + from - 1) % WINDOW_MAX];

		used += line_rows(line, screen_columns(screen));
		if (used > rows && from == have) {	/* longer than all the room: its end */
			struct line end = line_skip(line, screen_columns(screen), used - rows);

			(void)screen_row(screen, &end);
		}
		if (used > rows)
			break;
		from--;
	}
	for (; from < have; from++)
		(void)screen_row(screen, &window->lines[(window->n - have + from) % WINDOW_MAX]);
}

void transcript_draw(const struct transcript *transcript, struct screen *screen, size_t rows)
{
	struct item_look look = { screen_columns(screen), false, transcript->links };
	struct window *window = transcript->first ? calloc(1, sizeof(*window)) : NULL;
	struct line empty = { 0 };
	bool is_dense = transcript->is_dense;

	if (!window)
		return;
	for (const struct item *item = transcript->first; item; item = item->next) {
		if (!item->began && !(is_dense && item->kind == ITEM_TOOL))
			to_window(window, &empty);
		item_draw(item, buf_str(&item->text), &look, to_window, window);
		is_dense = item_is_short(item);
	}
	draw_window(window, screen, rows);
	for (size_t i = 0; i < WINDOW_MAX; i++)
		line_fini(&window->lines[i]);
	free(window);
}
