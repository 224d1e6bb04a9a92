/*
 * Exact replacement.  A model sees no carriage returns and no byte-order mark
 * as something of its own: what it quotes with plain newlines also matches in a
 * file whose lines end in CRLF, and what it puts there then gets CRLF too.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/utf8.h"
#include "fs/fs.h"
#include "fs/fs_private.h"

#define NEAR_LINES 400000 /* no search for a near miss in a longer file */
#define NEAR_LEN   240    /* of each line that is shown */

/* Where a text is found: how often, and where first. */
struct hits {
	size_t n, first;
};

static struct hits find_all(struct str text, struct str what)
{
	struct hits hits = { .first = str_find(text, what, 0) };

	for (size_t at = hits.first; at != STR_NONE; at = str_find(text, what, at + what.len))
		hits.n++;
	return hits;
}

static void with_crlf(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r'))
			buf_addc(out, '\r');
		buf_addc(out, text.data[i]);
	}
}

static void replace(struct str text, struct str from, struct str to, struct hits hits,
                    struct buf *out)
{
	size_t at = 0;

	/* Its size is known, so it grows once. */
	if (hits.n <= BUF_LIMIT / (to.len + 1))
		(void)buf_reserve(out, text.len - hits.n * from.len + hits.n * to.len);
	for (size_t hit = hits.first; hit != STR_NONE; hit = str_find(text, from, at)) {
		buf_add(out, (struct str){ text.data + at, hit - at });
		buf_add(out, to);
		at = hit + from.len;
	}
	buf_add(out, str_from(text, at));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t common_start(struct str a, struct str b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.data[n] == b.data[n])
		n++;
	return n;
}

/* How alike two lines are, 0 to 100: blanks at the ends do not count. */
static size_t likeness(struct str a, struct str b)
{
	size_t longer, head, tail = 0;

	a = str_trim(a);
	b = str_trim(b);
	longer = a.len > b.len ? a.len : b.len;
	if (longer == 0)
		return 0;
	head = common_start(a, b);
	while (tail < a.len - head && tail < b.len - head &&
	       a.data[a.len - 1 - tail] == b.data[b.len - 1 - tail])
		tail++;
	return 100 * (head + tail) / longer;
}

/* The first line of what was quoted that says something; *quoted is what follows. */
static struct str telling_line(struct str *quoted)
{
	struct str line;

	while (str_line(quoted, &line))
		if (str_trim(line).len)
			return line;
	return (struct str){ "", 0 };
}

struct near {
	struct str line, rest; /* and what follows it */
	unsigned int number;
	size_t like;
};

static struct near find_near(struct str text, struct str wanted)
{
	struct near best = { .like = 0 };
	struct str line;

	for (unsigned int n = 1; n < NEAR_LINES && str_line(&text, &line); n++) {
		size_t like = likeness(line, wanted);

		if (like > best.like)
			best = (struct near){ line, text, n, like };
	}
	return best;
}

/* Why a quotation with the same words may still differ. */
static const char *difference(struct str got, struct str wanted)
{
	if (!str_eq(str_trim(got), str_trim(wanted)))
		return "";
	return " (only blanks differ: mind tabs, spaces and the indentation)";
}

static struct str without_cr(struct str line)
{
	return str_ends(line, STR("\r")) ? str_head(line, line.len - 1) : line;
}

/* Where the first line is there as quoted, one after it is not: down to that. */
static void go_to_difference(struct near *near, struct str quoted, struct str *wanted)
{
	struct str line;

	while (str_eq(without_cr(near->line), without_cr(*wanted)) && str_line(&quoted, &line)) {
		*wanted = line;
		near->number++;
		if (!str_line(&near->rest, &near->line))
			near->line = STR("(the file ends here)");
	}
}

static int no_match(struct str text, size_t number, const struct fs_edit *edit, struct err *err)
{
	struct str quoted = edit->old_text, wanted = telling_line(&quoted), shown;
	struct near near = find_near(text, wanted);

	if (near.like == 100)
		go_to_difference(&near, quoted, &wanted);
	shown = str_head(near.line, utf8_cut(near.line, NEAR_LEN));
	if (shown.len && is_blank(shown.data[shown.len - 1]))
		shown.len--;
	if (near.like < 40)
		return err_set(err, ERR_INPUT,
		               "edit %zu matches nothing, nor is any line like \"%.*s\"; read the "
		               "file again",
		               number, (int)utf8_cut(wanted, NEAR_LEN), wanted.data);
	return err_set(err, ERR_INPUT,
	               "edit %zu matches nothing; the closest line is %u%s:\n%.*s\nwanted:\n%.*s",
	               number, near.number, difference(near.line, wanted), STR_ARG(shown),
	               (int)utf8_cut(wanted, NEAR_LEN), wanted.data);
}

static bool has_crlf(struct str text)
{
	size_t at = str_chr(text, '\n');

	return at != STR_NONE && at > 0 && text.data[at - 1] == '\r';
}

static int apply(struct str text, size_t number, const struct fs_edit *edit, struct buf *out,
                 struct err *err)
{
	cleanup_buf struct buf old_crlf = BUF_INIT;
	cleanup_buf struct buf new_crlf = BUF_INIT;
	struct str from = edit->old_text, to = edit->new_text;
	struct hits hits = { 0 };

	if (from.len == 0)
		return err_set(err, ERR_INPUT,
		               "edit %zu: the text to replace is empty; use file-write", number);
	if (has_crlf(text)) {
		with_crlf(from, &old_crlf);
		with_crlf(to, &new_crlf);
		hits = find_all(text, buf_str(&old_crlf));
	}
	if (hits.n) {
		from = buf_str(&old_crlf);
		to = buf_str(&new_crlf);
	} else {
		hits = find_all(text, from);
	}
	if (hits.n == 0)
		return no_match(text, number, edit, err);
	if (hits.n > 1 && !edit->replace_all)
		return err_set(err, ERR_INPUT,
		               "edit %zu matches %zu times; quote more lines around it, or set "
		               "replace-all",
		               number, hits.n);
	replace(text, from, to, hits, out);
	return 0;
}

int fs_edit_text(struct str text, const struct fs_edit *edits, size_t n_edits, struct buf *ret_text,
                 struct err *err)
{
	cleanup_buf struct buf now = BUF_INIT;
	struct str before = text;
	int r;

	for (size_t i = 0; i < n_edits; i++) {
		struct buf next = BUF_INIT;

		r = apply(before, i + 1, &edits[i], &next, err);
		if (r >= 0)
			r = buf_check(&next, "the edited file", err);
		if (r < 0) {
			buf_fini(&next);
			return r;
		}
		buf_fini(&now);
		now = next;
		before = buf_str(&now);
	}
	if (str_eq(before, text))
		return err_set(err, ERR_INPUT, "the edits change nothing");
	buf_fini(ret_text);
	*ret_text = now;
	now = BUF_INIT;
	return 0;
}

static int edited(const struct grant_file *grant, const struct fs_edit *edits, size_t n_edits,
                  struct buf *ret_old, struct buf *ret_new, struct err *err)
{
	int r = fs_load(grant, FS_SCAN_MAX, ret_old, err);

	if (r < 0)
		return r;
	if (fs_is_binary(buf_str(ret_old)) || !utf8_valid(buf_str(ret_old)))
		return err_set(err, ERR_INPUT, "%s is binary; edits are for text", grant->path);
	r = fs_edit_text(buf_str(ret_old), edits, n_edits, ret_new, err);
	return r < 0 ? err_wrap(err, "%s", grant->path) : 0;
}

int fs_edit(const struct grant_file *grant, const struct fs_edit *edits, size_t n_edits,
            struct fs_written *ret_written, struct err *err)
{
	cleanup_buf struct buf old = BUF_INIT;
	cleanup_buf struct buf new = BUF_INIT;
	int r = edited(grant, edits, n_edits, &old, &new, err);

	if (r < 0)
		return r;
	return fs_put(grant, buf_str(&old), buf_str(&new), ret_written, err);
}

int fs_edit_preview(const struct grant_file *grant, const struct fs_edit *edits, size_t n_edits,
                    struct buf *ret_diff, struct err *err)
{
	cleanup_buf struct buf old = BUF_INIT;
	cleanup_buf struct buf new = BUF_INIT;
	int r = edited(grant, edits, n_edits, &old, &new, err);

	if (r < 0)
		return r;
	fs_diff(buf_str(&old), buf_str(&new), grant->shown ? grant->shown : grant->path, ret_diff);
	return buf_check(ret_diff, "the diff", err);
}
