#include "seal-cli/tui/view/markdown.h"

#include <md4c.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "seal-cli/tui/links.h"
#include "seal-cli/tui/view/highlight.h"
#include "seal-cli/tui/view/table.h"

#define DEPTH_MAX 16

enum list_kind { LIST_NONE, LIST_BULLETS, LIST_NUMBERS };

struct markdown {
	markdown_fn *each;
	void *ctx;
	size_t columns;
	struct line line;	/* being written */
	struct style style;
	struct {
		enum list_kind kind;
		unsigned int number;
	} lists[DEPTH_MAX];
	size_t depth, quotes;
	bool item_open;	/* the bullet is still to be written */
	bool in_code, wrote;
	size_t link_start;	/* cells of the line when the link began */
	struct table table;
	bool in_table;
	struct buf code;
	struct highlight highlight;
	struct links *links;
};

static const struct style plain;
static const struct style faint = { .paint = PAINT_FAINT };

/* A quote is wrapped here: its bars stand before every row. */
static void emit_quote(struct markdown *md)
{
	size_t hang = md->line.hang, bars = 2 * md->quotes, at = 0, start, end;
	const struct line body = { .cells = md->line.cells + hang, .n = md->line.n - hang };
	size_t room = md->columns > hang + 8 ? md->columns - hang : 8;

	while (at < body.n) {
		cleanup_line struct line row = { .hang = hang };

		end = line_wrap(&body, room, &at, &start);
		line_join(&row, &(struct line){ .cells = md->line.cells, .n = start ? bars : hang });
		while (row.n < hang)
			line_adds(&row, plain, " ");
		line_join(&row, &(struct line){ .cells = body.cells + start, .n = end - start });
		md->each(md->ctx, &row);
	}
}

static void emit(struct markdown *md)
{
	if (md->quotes && md->line.n > md->line.hang)
		emit_quote(md);
	else
		md->each(md->ctx, &md->line);
	md->line.n = md->line.hang = 0;
	md->wrote = true;
}

/* One empty line between blocks. */
static void gap(struct markdown *md)
{
	struct line empty = { 0 };

	if (md->wrote && !md->item_open)
		md->each(md->ctx, &empty);
}

/* What stands before the text of a line: quote bars, list indent, bullet. */
static void margin(struct markdown *md)
{
	if (md->line.n)
		return;
	for (size_t i = 0; i < md->quotes; i++)
		line_adds(&md->line, faint, "│ ");
	for (size_t i = 1; i < md->depth; i++)
		line_adds(&md->line, plain, "  ");
	md->line.hang = md->line.n;
	if (!md->depth)
		return;
	if (md->item_open && md->lists[md->depth - 1].kind == LIST_NUMBERS) {
		cleanup_buf struct buf number = BUF_INIT;

		buf_addu(&number, md->lists[md->depth - 1].number++);
		buf_adds(&number, ". ");
		line_add(&md->line, plain, buf_str(&number));
	} else {
		line_adds(&md->line, plain, md->item_open ? "• " : "  ");
	}
	md->item_open = false;
	md->line.hang = md->line.n;
}

/* -- md4c's calls -- */

static void enter_list(struct markdown *md, enum list_kind kind, unsigned int number)
{
	if (md->depth == 0)
		gap(md);
	if (md->depth < DEPTH_MAX) {
		md->lists[md->depth].kind = kind;
		md->lists[md->depth].number = number;
	}
	md->depth++;
}

static void begin_code(struct markdown *md, const MD_BLOCK_CODE_DETAIL *detail)
{
	md->in_code = true;
	buf_clear(&md->code);
	highlight_begin(&md->highlight, (struct str){ detail->lang.text, detail->lang.size });
}

static enum table_align align_of(MD_ALIGN align)
{
	if (align == MD_ALIGN_RIGHT)
		return TABLE_RIGHT;
	return align == MD_ALIGN_CENTER ? TABLE_CENTRE : TABLE_LEFT;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct markdown *md = ctx;

	if (md->line.n && !md->in_table)	/* the text of an item before its nested list */
		emit(md);
	switch (type) {
	case MD_BLOCK_P:
		if (!md->depth)
			gap(md);
		break;
	case MD_BLOCK_H:
		gap(md);
		md->style.paint = PAINT_HEADING;
		break;
	case MD_BLOCK_QUOTE:
		gap(md);
		md->wrote = false;
		md->quotes++;
		break;
	case MD_BLOCK_UL: enter_list(md, LIST_BULLETS, 0); break;
	case MD_BLOCK_OL: enter_list(md, LIST_NUMBERS, ((MD_BLOCK_OL_DETAIL *)detail)->start); break;
	case MD_BLOCK_LI: md->item_open = true; break;
	case MD_BLOCK_HR:
		gap(md);
		for (size_t i = 0; i < md->columns && i < 40; i++)
			line_adds(&md->line, faint, "─");
		emit(md);
		break;
	case MD_BLOCK_CODE:
		gap(md);
		begin_code(md, detail);
		break;
	case MD_BLOCK_TABLE:
		gap(md);
		md->in_table = true;
		break;
	case MD_BLOCK_THEAD:
	case MD_BLOCK_TBODY: break;
	case MD_BLOCK_TR: table_row_begin(&md->table); break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		table_cell_begin(&md->table, align_of(((MD_BLOCK_TD_DETAIL *)detail)->align));
		break;
	default: break;
	}
	return 0;
}

static void draw_code(struct markdown *md)
{
	struct str rest = buf_str(&md->code), text;

	while (str_line(&rest, &text)) {
		margin(md);
		line_adds(&md->line, plain, "  ");
		md->line.hang = md->line.n;
		highlight_line(&md->highlight, text, &md->line);
		emit(md);
	}
	md->in_code = false;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct markdown *md = ctx;

	(void)detail;
	switch (type) {
	case MD_BLOCK_P:
	case MD_BLOCK_H:
		md->style.paint = PAINT_PLAIN;
		if (md->line.n)
			emit(md);
		break;
	case MD_BLOCK_LI:
		if (md->item_open)
			margin(md);
		if (md->line.n)
			emit(md);
		break;
	case MD_BLOCK_QUOTE: md->quotes--; break;
	case MD_BLOCK_UL:
	case MD_BLOCK_OL: md->depth--; break;
	case MD_BLOCK_CODE: draw_code(md); break;
	case MD_BLOCK_TABLE:
		table_draw(&md->table, md->columns, md->each, md->ctx);
		table_fini(&md->table);
		md->wrote = true;
		md->in_table = false;
		break;
	default: break;
	}
	return 0;
}

static int span(struct markdown *md, MD_SPANTYPE type, void *detail, bool on)
{
	static const struct {
		MD_SPANTYPE type;
		uint8_t attrs, paint;
	} looks[] = { { MD_SPAN_EM, ATTR_ITALIC, 0 },  { MD_SPAN_STRONG, ATTR_BOLD, 0 },
		      { MD_SPAN_DEL, ATTR_STRIKE, 0 }, { MD_SPAN_CODE, 0, PAINT_CODE },
		      { MD_SPAN_A, 0, PAINT_LINK } };

	(void)detail;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		if (looks[i].type != type)
			continue;
		md->style.attrs = (uint8_t)(on ? md->style.attrs | looks[i].attrs
					       : md->style.attrs & ~looks[i].attrs);
		if (looks[i].paint)
			md->style.paint = on ? looks[i].paint : PAINT_PLAIN;
	}
	return 0;
}

static struct line *current(struct markdown *md)
{
	struct line *cell = md->in_table ? table_cell(&md->table) : NULL;

	return cell ? cell : &md->line;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct markdown *md = ctx;

	if (type == MD_SPAN_A) {
		const MD_SPAN_A_DETAIL *link = detail;

		md->link_start = current(md)->n;
		md->style.link = links_add(md->links, (struct str){ link->href.text, link->href.size });
	}
	return span(md, type, detail, true);
}

/* A link shows where it leads unless its text says so already. */
static void put_target(struct markdown *md, const MD_SPAN_A_DETAIL *link)
{
	struct str href = { link->href.text, link->href.size };
	struct line *line = current(md);
	cleanup_buf struct buf shown = BUF_INIT;

	for (size_t i = md->link_start; i < line->n; i++)
		buf_add(&shown, (struct str){ line->cells[i].bytes, line->cells[i].len });
	if (str_ends(buf_str(&shown), href) || str_ends(href, str_trim(buf_str(&shown))))
		return;
	line_adds(line, faint, " (");
	line_add(line, (struct style){ .paint = PAINT_FAINT, .link = md->style.link }, href);
	line_adds(line, faint, ")");
}

static int leave_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct markdown *md = ctx;

	span(md, type, detail, false);
	if (type == MD_SPAN_A)
		put_target(md, detail);
	if (type == MD_SPAN_A)
		md->style.link = 0;
	return 0;
}

static int text(MD_TEXTTYPE type, const MD_CHAR *bytes, MD_SIZE size, void *ctx)
{
	struct markdown *md = ctx;
	struct str piece = { bytes, size };

	if (md->in_code) {
		buf_add(&md->code, piece);
		return 0;
	}
	if (type == MD_TEXT_NULLCHAR)
		piece = STR("\xef\xbf\xbd");
	if (type == MD_TEXT_SOFTBR)
		piece = STR(" ");
	if (md->in_table) {
		line_add(current(md), md->style, piece);
		return 0;
	}
	margin(md);
	if (type == MD_TEXT_BR)
		emit(md);
	else
		line_add(&md->line, md->style, piece);
	return 0;
}

void markdown_draw(struct str input, size_t columns, struct links *links, markdown_fn *each, void *ctx)
{
	static const MD_PARSER parser = {
		.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_NOHTML |
			 MD_FLAG_PERMISSIVEURLAUTOLINKS,
		.enter_block = enter_block,
		.leave_block = leave_block,
		.enter_span = enter_span,
		.leave_span = leave_span,
		.text = text,
	};
	struct markdown md = { .each = each, .ctx = ctx, .columns = columns, .links = links };

	(void)md_parse(input.data ? input.data : "", (MD_SIZE)input.len, &parser, &md);
	if (md.line.n)
		emit(&md);
	table_fini(&md.table);
	line_fini(&md.line);
	buf_fini(&md.code);
}

/* -- what is finished -- */

struct scan {
	bool in_list, blank_before;
	char fence;	/* '`' or '~' within code, else 0 */
	bool cuts_code;	/* code outside lists: each of its lines is finished */
	struct str opener;
	struct markdown_part part;
	bool part_in_code;
};

static size_t indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t'))
		n++;
	return n;
}

/* "- x", "* x", "12. x": an item, whatever stands before it. */
static bool is_item(struct str line)
{
	size_t n = 0;

	while (n < line.len && line.data[n] >= '0' && line.data[n] <= '9' && n < 9)
		n++;
	if (n >= line.len || !strchr(n ? ".)" : "-*+", line.data[n]))
		return false;
	return n + 2 < line.len && line.data[n + 1] == ' ' && line.data[n + 2] != ' ';
}

static void settle(struct scan *scan, size_t len, bool ends_block)
{
	scan->part = (struct markdown_part){ len, ends_block };
	scan->part_in_code = false;
}

static bool is_fence(struct str trimmed, char fence)
{
	return str_starts(trimmed, fence == '~' ? STR("~~~") : STR("```"));
}

static void scan_code(struct scan *scan, struct str trimmed, size_t end)
{
	bool closes = is_fence(trimmed, scan->fence) && str_trim(trimmed).len == 3;

	if (closes)
		scan->fence = 0;
	if (!scan->cuts_code)
		return;
	settle(scan, end, closes);
	scan->part_in_code = !closes;
}

static void scan_line(struct scan *scan, struct str line, size_t start, size_t end)
{
	struct str trimmed = str_trim(line);
	size_t indent = indent_of(line);

	if (scan->fence) {
		scan_code(scan, trimmed, end);
		return;
	}
	if (trimmed.len == 0) {
		scan->blank_before = true;
		if (!scan->in_list)
			settle(scan, end, true);
		return;
	}
	/* In a list only what is not indented tells that the item before is over. */
	if (scan->in_list && indent == 0 && is_item(line)) {
		settle(scan, start, false);
	} else if (scan->in_list && indent == 0 && scan->blank_before) {
		settle(scan, start, true);
		scan->in_list = false;
	}
	scan->in_list = scan->in_list || (indent == 0 && is_item(line));
	scan->blank_before = false;
	if (is_fence(trimmed, '`') || is_fence(trimmed, '~')) {
		scan->fence = trimmed.data[0];
		scan->cuts_code = indent == 0 && !scan->in_list;
		scan->opener = line;
	}
}

bool markdown_settled(struct str input, struct markdown_part *ret_part, struct buf *ret_reopen)
{
	struct scan scan = { 0 };
	struct str rest = input, one;

	while (str_line(&rest, &one)) {
		size_t start = (size_t)(one.data - input.data), end = start + one.len + 1;

		if (end > input.len)
			break;	/* the last line has no end yet */
		scan_line(&scan, one, start, end);
	}
	if (scan.part.len == 0)
		return false;
	if (scan.part_in_code) {
		buf_add(ret_reopen, scan.opener);
		buf_addc(ret_reopen, '\n');
	}
	*ret_part = scan.part;
	return true;
}
