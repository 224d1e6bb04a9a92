/*
 * grep.  Lines are matched one by one, as grep does, with a limit on the steps
 * of a match, so that a pattern cannot hold the session.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "fs/fs.h"
#include "fs/fs_private.h"

#define SEARCH_BLOCK	  ((size_t)4 << 20)
#define SEARCH_LITERAL_MIN 2
#define SEARCH_MATCH_MAX  1000000
#define SEARCH_DEPTH_MAX  10000
#define SEARCH_HEAP_KIB	  16384
#define SEARCH_PATTERN_MAX 16384
#define CONTEXT_MAX	  100

struct finder {
	const struct fs_search *search;
	const struct grant_file *grant;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	char literal[LITERAL_MAX];	/* in every line that hits */
	size_t literal_len;
	struct buf block;	/* of the file that is being read */
	int r;			/* a fault met on the way */
	bool enough;
	struct err *err;
};

static void finder_finip(struct finder *f)
{
	pcre2_match_data_free(f->data);
	pcre2_match_context_free(f->limits);
	pcre2_code_free(f->code);
	buf_fini(&f->block);
}

static int compile(struct finder *f, struct err *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	struct str pattern = f->search->pattern;
	unsigned char why[256] = "";
	int code;
	size_t at;

	if (pattern.len > SEARCH_PATTERN_MAX)
		return err_set(err, ERR_INPUT, "the pattern is longer than %d bytes",
			       SEARCH_PATTERN_MAX);
	if (f->search->ignore_case)
		options |= PCRE2_CASELESS;
	else
		f->literal_len = fs_literal(pattern, f->literal);
	if (f->literal_len < SEARCH_LITERAL_MIN)
		f->literal_len = 0;
	f->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len, options, &code, &at, NULL);
	if (!f->code) {
		(void)pcre2_get_error_message(code, why, sizeof(why));
		return err_set(err, ERR_INPUT, "the pattern does not compile: %s, at byte %zu", why, at);
	}
	(void)pcre2_jit_compile(f->code, PCRE2_JIT_COMPLETE);
	f->data = pcre2_match_data_create(1, NULL);
	f->limits = pcre2_match_context_create(NULL);
	if (!f->data || !f->limits)
		return err_nomem(err);
	(void)pcre2_set_match_limit(f->limits, SEARCH_MATCH_MAX);
	(void)pcre2_set_depth_limit(f->limits, SEARCH_DEPTH_MAX);
	(void)pcre2_set_heap_limit(f->limits, SEARCH_HEAP_KIB);
	return 0;
}

static bool is_hit(struct finder *f, struct str line)
{
	int r = pcre2_match(f->code, (PCRE2_SPTR)line.data, line.len, 0, 0, f->data, f->limits);

	if (r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_DEPTHLIMIT ||
	    r == PCRE2_ERROR_HEAPLIMIT || r == PCRE2_ERROR_JIT_STACKLIMIT)
		f->r = err_set(f->err, ERR_INPUT,
			       "the pattern takes too long to match; make it simpler");
	return r >= 0;
}

/* One file on its way: what is needed when the next block of it comes. */
struct scan {
	const char *path;
	uint32_t number; /* of the line read last */
	uint32_t after;	 /* context that is still to be shown */
	/* The last lines that were not hits, for the context before the next. */
	struct str before[CONTEXT_MAX];
	uint32_t n_before; /* how many are waiting */
	struct buf kept;   /* owns them once their block is gone */
	bool is_last;	   /* block of the file: what follows a last hit counts no more */
};

static uint32_t context_of(const struct finder *f)
{
	return f->search->context_lines < CONTEXT_MAX ? f->search->context_lines : CONTEXT_MAX - 1;
}

static void put(struct finder *f, struct scan *scan, uint32_t number, struct str line, bool context)
{
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	f->enough = !f->search->line(f->search->ctx, scan->path, number, line, context);
}

static void put_before(struct finder *f, struct scan *scan)
{
	for (uint32_t i = scan->n_before; i > 0 && !f->enough; i--)
		put(f, scan, scan->number - i, scan->before[(scan->number - i) % CONTEXT_MAX], true);
	scan->n_before = 0;
}

static void take_line(struct finder *f, struct scan *scan, struct str line, bool may_hit)
{
	uint32_t context = context_of(f);

	scan->number++;
	if (may_hit && is_hit(f, line)) {
		put_before(f, scan);
		if (!f->enough)
			put(f, scan, scan->number, line, false);
		scan->after = context;
	} else if (scan->after) {
		scan->after--;
		put(f, scan, scan->number, line, true);
	} else if (context) {
		scan->before[scan->number % CONTEXT_MAX] = line;
		scan->n_before += scan->n_before < context;
	}
}

static uint32_t count_lines(struct str text)
{
	uint32_t n = 0;
	size_t at;

	while ((at = str_chr(text, '\n')) != STR_NONE) {
		text = str_from(text, at + 1);
		n++;
	}
	return n;
}

/* Where to go on when the next line that can hit holds byte `at`: far enough
 * before it for its context. */
static size_t skip_to(const struct finder *f, struct str text, size_t at)
{
	const char *start = memrchr(text.data, '\n', at);

	for (uint32_t i = context_of(f); i > 0 && start && start > text.data; i--)
		start = memrchr(text.data, '\n', (size_t)(start - text.data));
	return start ? (size_t)(start - text.data) + 1 : 0;
}

/* Whole lines, the last one perhaps without its end. */
static void scan_text(struct finder *f, struct scan *scan, struct str text)
{
	struct str literal = { f->literal, f->literal_len }, line;
	size_t at = 0; /* of the next place where the words are that a hit needs */

	while (!f->enough && f->r == 0 && text.len) {
		if (literal.len && at == 0) {
			const char *found = memmem(text.data, text.len, literal.data, literal.len);

			at = found ? (size_t)(found - text.data) + 1 : STR_NONE;
			if (!found && scan->is_last && scan->after == 0)
				return;
			if (scan->after == 0) {
				size_t skip = skip_to(f, text, found ? at - 1 : text.len);

				if (skip)
					scan->n_before = 0;
				scan->number += count_lines(str_head(text, skip));
				text = str_from(text, skip);
				at -= found ? skip : 0;
				continue;
			}
		}
		if (!str_line(&text, &line))
			break;
		take_line(f, scan, line, literal.len == 0 || at <= line.len);
		if (at != STR_NONE)
			at = at > line.len + 1 ? at - line.len - 1 : 0;
	}
}

/* Their block goes away. */
static void keep_before(struct scan *scan)
{
	struct buf kept = BUF_INIT;
	size_t at = 0;

	for (uint32_t i = scan->n_before; i > 0; i--)
		buf_add(&kept, scan->before[(scan->number + 1 - i) % CONTEXT_MAX]);
	for (uint32_t i = scan->n_before; i > 0; i--) {
		struct str *line = &scan->before[(scan->number + 1 - i) % CONTEXT_MAX];

		line->data = kept.data + at;
		at += line->len;
	}
	buf_fini(&scan->kept);
	scan->kept = kept;
	if (kept.failed)
		scan->n_before = 0;
}

static bool is_cancelled(const struct finder *f)
{
	struct pollfd poll_fd = { .fd = f->search->cancel_fd, .events = POLLIN };

	return f->search->cancel_fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

/* As much as fits behind what is there already; 0 at the end. */
static ssize_t fill(int fd, struct buf *block)
{
	size_t have = block->len;
	ssize_t n = 1;

	while (n > 0 && block->len < SEARCH_BLOCK) {
		n = read(fd, block->data + block->len, SEARCH_BLOCK - block->len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			block->len += (size_t)n;
	}
	return n < 0 ? n : (ssize_t)(block->len - have);
}

/* Block by block, each up to its last line end; what follows that goes first in
 * the next.  A line longer than a block is taken in pieces. */
static void search_fd(struct finder *f, const char *path, int fd)
{
	struct scan scan = { .path = path };
	struct buf *block = &f->block;
	bool is_first = true;
	ssize_t n;

	buf_clear(block);
	if (!buf_reserve(block, SEARCH_BLOCK))
		return;
	while (!f->enough && f->r == 0 && (n = fill(fd, block)) > 0) {
		struct str text = { block->data, block->len };
		const char *end = memrchr(text.data, '\n', text.len);

		if (is_first && fs_is_binary(text))
			break;
		is_first = false;
		scan.is_last = block->len < SEARCH_BLOCK;
		if (!scan.is_last && end)
			text.len = (size_t)(end - text.data) + 1;
		scan_text(f, &scan, text);
		if (scan.is_last || is_cancelled(f))
			break;
		keep_before(&scan);
		block->len -= text.len;
		memmove(block->data, block->data + text.len, block->len);
	}
	buf_fini(&scan.kept);
}

static bool search_entry(void *ctx, const struct fs_entry *entry)
{
	struct finder *f = ctx;
	struct stat st;
	cleanup_close int fd = -1;

	if (entry->kind != 'f')
		return true;
	if (f->search->only_files && !fs_glob_match(f->search->only_files, entry->path))
		return true;
	if (f->search->readable && !f->search->readable(f->search->ctx, entry))
		return true;
	if (is_cancelled(f)) {
		f->r = err_set(f->err, ERR_CANCELLED, "cancelled");
		return false;
	}
	/* In the folder that the walk has open; no link is followed, nor a FIFO
	 * waited for, that was put there since. */
	fd = openat(entry->folder, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		search_fd(f, entry->path, fd);
	return !f->enough && f->r == 0;
}

static bool enter_folder(void *ctx, const struct fs_entry *entry)
{
	struct finder *f = ctx;

	return !f->search->enter || f->search->enter(f->search->ctx, entry);
}

static int search_file(struct finder *f, struct err *err)
{
	struct stat st;
	cleanup_close int fd = fs_open_object(f->grant, &st, err);

	if (fd < 0)
		return fd;
	search_fd(f, f->grant->path, fd);
	return f->r;
}

int fs_search(const struct grant_file *grant, const struct fs_search *search, struct err *err)
{
	cleanup_with(finder_fini) struct finder f = { .search = search, .grant = grant, .err = err };
	struct fs_walk walk = { .recursive = true, .top = search->top, .start = search->start,
				.each = search_entry, .enter = enter_folder, .ctx = &f };
	struct stat st;
	int r = compile(&f, err);

	if (r < 0)
		return r;
	if (grant->object < 0 || fstat(grant->object, &st) < 0)
		return err_set(err, ERR_INPUT, "%s does not exist", grant->path);
	if (!S_ISDIR(st.st_mode))
		return search_file(&f, err);
	r = fs_walk(grant, &walk, err);
	return r < 0 ? r : f.r;
}
