/*
 * What the interface reads: the terminal's bytes into the composer, with readline's
 * keys and vim's; Markdown of a model; diffs.  The first byte chooses, the second is
 * the width.  Whatever comes, no line that is drawn holds a control byte.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "seal-cli/tui/edit/edit.h"
#include "seal-cli/tui/links.h"
#include "seal-cli/tui/view/diff.h"
#include "seal-cli/tui/view/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(void *ctx, const struct line *line)
{
	size_t columns = *(size_t *)ctx, at = 0, start;

	for (size_t i = 0; i < line->n; i++)
		for (size_t k = 0; k < line->cells[i].len; k++)
			assert((unsigned char)line->cells[i].bytes[k] >= 0x20 && line->cells[i].bytes[k] != 0x7f);
	while (at < line->n)
		(void)line_wrap(line, columns, &at, &start);
}

static void on_key(void *ctx, const struct key *key)
{
	if (key->sym == KEY_ESCAPE && edit_escape(ctx))
		return;
	if (edit_key(ctx, key) == EDIT_SUBMIT)
		edit_clear(ctx);
}

/* In two pieces, cut where the width says. */
static void terminal(struct str text, size_t columns, bool vim)
{
	cleanup_with(edit_free) struct edit *edit = edit_new();
	cleanup_with(keys_free) struct keys *keys = keys_new(on_key, edit);
	cleanup_buf struct buf whole = BUF_INIT;
	size_t cut = columns < text.len ? columns : text.len, row, column;

	assert(edit && keys);
	if (vim)
		edit_use_vim(edit);
	keys_feed(keys, str_head(text, cut));
	keys_escape(keys);
	keys_feed(keys, str_from(text, cut));
	edit_text(edit, &whole);
	edit_draw(edit, "> ", (struct style){ 0 }, look_at, &columns);
	edit_cursor(edit, "> ", columns, &row, &column);
}

static void markdown(struct str text, size_t columns)
{
	struct links *links = links_new();
	cleanup_buf struct buf reopen = BUF_INIT;
	struct markdown_part part;

	markdown_draw(text, columns, links, look_at, &columns);
	if (markdown_settled(text, &part, &reopen))
		assert(part.len && part.len <= text.len);
	links_free(links);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data + 2, size - 2 };
	size_t columns;

	if (size < 2)
		return 0;
	columns = 10 + data[1] % 120;
	switch (data[0] % 4) {
	case 0: terminal(text, columns, false); break;
	case 1: terminal(text, columns, true); break;
	case 2: markdown(text, columns); break;
	case 3: diff_draw(text, look_at, &columns); break;
	}
	return 0;
}
