/*
 * Unified diff by lines: the greedy algorithm of Myers (1986) between the
 * common head and tail.  Beyond DIFF_STEPS differences the middle is shown as
 * removed and added as a whole, so time and memory have a bound.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "fs/fs_private.h"

#define STEP	     64 /* bytes compared at once */
#define DIFF_STEPS   600
#define DIFF_LINES   2000000
#define DIFF_CONTEXT 3

struct lines {
	struct str *line; /* each with its newline */
	int n;
};

static void lines_finip(struct lines *lines)
{
	free(lines->line);
}

/* One run of what happens to lines: ' ' kept, '-' removed, '+' added. */
struct run {
	char kind;
	int a, b, n; /* where it starts on either side, and how long it is */
};

struct diff {
	struct lines a, b;
	struct run *runs;
	size_t n_runs, size;
	bool failed;
	int skipped;	/* lines before those of a and b */
};

static bool split(struct str text, struct lines *ret_lines)
{
	size_t n = 0;
	struct str rest = text, line;

	while (str_line(&rest, &line))
		n++;
	if (n > DIFF_LINES)
		return false;
	ret_lines->line = calloc(n + 1, sizeof(struct str));
	if (!ret_lines->line)
		return false;
	rest = text;
	for (size_t i = 0; i < n; i++) {
		size_t before = rest.len;

		(void)str_line(&rest, &line);
		ret_lines->line[i] = (struct str){ line.data, before - rest.len };
	}
	ret_lines->n = (int)n;
	return true;
}

static void add_run(struct diff *diff, char kind, int a, int b)
{
	struct run *last = diff->n_runs ? &diff->runs[diff->n_runs - 1] : NULL;

	if (last && last->kind == kind) {
		last->n++;
		return;
	}
	if (diff->n_runs == diff->size) {
		size_t size = diff->size ? diff->size * 2 : 64;
		struct run *runs = realloc(diff->runs, size * sizeof(*runs));

		if (!runs) {
			diff->failed = true;
			return;
		}
		diff->runs = runs;
		diff->size = size;
	}
	diff->runs[diff->n_runs++] = (struct run){ kind, a, b, 1 };
}

/* The rows of furthest points, one for each number of differences. */
struct trace {
	int *rows[DIFF_STEPS + 1];
	int n;
};

static void trace_finip(struct trace *trace)
{
	for (int d = 0; d < trace->n; d++)
		free(trace->rows[d]);
}

static bool goes_down(const int *v, int d, int k)
{
	return k == -d || (k != d && v[k - 1] < v[k + 1]);
}

/* The number of differences, or -1 when there are more than DIFF_STEPS. */
static int search(const struct lines *a, const struct lines *b, struct trace *trace)
{
	int at[2 * DIFF_STEPS + 3] = { 0 };
	int *v = at + DIFF_STEPS + 1;

	for (int d = 0; d <= DIFF_STEPS; d++) {
		int *row = malloc((size_t)(2 * d + 3) * sizeof(int));

		if (!row)
			return -1;
		/* What the step starts from: v[-d-1 .. d+1]. */
		memcpy(row, v - d - 1, (size_t)(2 * d + 3) * sizeof(int));
		trace->rows[trace->n++] = row;
		for (int k = -d; k <= d; k += 2) {
			int x = goes_down(v, d, k) ? v[k + 1] : v[k - 1] + 1;

			while (x < a->n && x - k < b->n && str_eq(a->line[x], b->line[x - k]))
				x++;
			v[k] = x;
			if (x >= a->n && x - k >= b->n)
				return d;
		}
	}
	return -1;
}

/* Walks back from the ends; fills `kinds` (from its end) with one letter a line. */
static size_t walk_back(const struct trace *trace, int d, int x, int y, char *kinds)
{
	size_t at = (size_t)x + (size_t)y;

	for (; d >= 0; d--) {
		const int *v = trace->rows[d] + d + 1;
		int k = x - y;
		bool down = goes_down(v, d, k);
		int before_k = down ? k + 1 : k - 1;
		int before_x = d ? v[before_k] : 0;
		int before_y = d ? before_x - before_k : 0;

		while (x > before_x && y > before_y) {
			kinds[--at] = ' ';
			x--, y--;
		}
		if (d)
			kinds[--at] = down ? '+' : '-';
		x = before_x;
		y = before_y;
	}
	return at;
}

static bool middle(struct diff *diff, int head, struct lines a, struct lines b)
{
	cleanup_with(trace_fini) struct trace trace = { .n = 0 };
	size_t len = (size_t)a.n + (size_t)b.n, at = 0;
	cleanup_free char *kinds = malloc(len + 1);
	int d = search(&a, &b, &trace), x = head, y = head;

	if (!kinds)
		return false;
	if (d >= 0) {
		at = walk_back(&trace, d, a.n, b.n, kinds);
	} else {
		memset(kinds, '-', (size_t)a.n);
		memset(kinds + a.n, '+', (size_t)b.n);
	}
	for (; at < len; at++) {
		add_run(diff, kinds[at], x, y);
		x += kinds[at] != '+';
		y += kinds[at] != '-';
	}
	return !diff->failed;
}

static bool compare(struct diff *diff)
{
	struct lines a = diff->a, b = diff->b;
	int head = 0, tail = 0;

	while (head < a.n && head < b.n && str_eq(a.line[head], b.line[head]))
		add_run(diff, ' ', head, head), head++;
	while (tail < a.n - head && tail < b.n - head &&
	       str_eq(a.line[a.n - 1 - tail], b.line[b.n - 1 - tail]))
		tail++;
	if (!middle(diff, head, (struct lines){ a.line + head, a.n - head - tail },
		    (struct lines){ b.line + head, b.n - head - tail }))
		return false;
	for (int i = 0; i < tail; i++)
		add_run(diff, ' ', a.n - tail + i, b.n - tail + i);
	return !diff->failed;
}

static void put_lines(char kind, const struct str *line, int n, struct buf *out)
{
	for (int i = 0; i < n; i++) {
		buf_addc(out, kind);
		buf_add(out, line[i]);
		if (!str_ends(line[i], STR("\n")))
			buf_adds(out, "\n\\ No newline at end of file\n");
	}
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Runs [first, last] are one hunk: changes, and kept runs short enough to
 * join them; kept runs at its ends are cut to the context. */
static void put_hunk(const struct diff *diff, size_t first, size_t last, struct buf *out)
{
	const struct run *runs = diff->runs;
	int lead = first && runs[first - 1].kind == ' ' ? least(runs[first - 1].n, DIFF_CONTEXT) : 0;
	int trail = last + 1 < diff->n_runs ? least(runs[last + 1].n, DIFF_CONTEXT) : 0;
	int n_a = lead + trail, n_b = lead + trail;
	int a = runs[first].a - lead, b = runs[first].b - lead;

	for (size_t i = first; i <= last; i++) {
		n_a += runs[i].kind == '+' ? 0 : runs[i].n;
		n_b += runs[i].kind == '-' ? 0 : runs[i].n;
	}
	/* An empty side names the line before. */
	buf_addf(out, "@@ -%d,%d +%d,%d @@\n", diff->skipped + (n_a ? a + 1 : a), n_a,
		 diff->skipped + (n_b ? b + 1 : b), n_b);
	put_lines(' ', diff->a.line + a, lead, out);
	for (size_t i = first; i <= last; i++)
		put_lines(runs[i].kind,
			  runs[i].kind == '+' ? diff->b.line + runs[i].b : diff->a.line + runs[i].a,
			  runs[i].n, out);
	if (trail)
		put_lines(' ', diff->a.line + runs[last + 1].a, trail, out);
}

static void put_hunks(const struct diff *diff, struct buf *out)
{
	size_t i = 0;

	while (i < diff->n_runs) {
		size_t last = i;

		if (diff->runs[i].kind == ' ') {
			i++;
			continue;
		}
		for (size_t j = i + 1; j < diff->n_runs; j++) {
			if (diff->runs[j].kind != ' ')
				last = j;
			else if (diff->runs[j].n > 2 * DIFF_CONTEXT)
				break;
		}
		put_hunk(diff, i, last, out);
		i = last + 1;
		if (out->len > FS_DIFF_MAX)
			return;
	}
}

static void cut(struct buf *diff)
{
	size_t at = FS_DIFF_MAX;

	if (diff->failed || diff->len <= FS_DIFF_MAX)
		return;
	while (at && diff->data[at - 1] != '\n')
		at--;
	diff->len = at;
	diff->data[at] = '\0';
	buf_adds(diff, "... the rest of the diff is left out\n");
}

static size_t common_head(struct str a, struct str b)
{
	size_t least_len = a.len < b.len ? a.len : b.len, n = 0;

	while (n + STEP <= least_len && memcmp(a.data + n, b.data + n, STEP) == 0)
		n += STEP;
	while (n < least_len && a.data[n] == b.data[n])
		n++;
	return n;
}

static size_t common_tail(struct str a, struct str b)
{
	size_t least_len = a.len < b.len ? a.len : b.len, n = 0;

	while (n + STEP <= least_len &&
	       memcmp(a.data + a.len - n - STEP, b.data + b.len - n - STEP, STEP) == 0)
		n += STEP;
	while (n < least_len && a.data[a.len - 1 - n] == b.data[b.len - 1 - n])
		n++;
	return n;
}

/* The start of the line `n_lines` before the one that holds byte `at`. */
static size_t lines_before(struct str text, size_t at, int n_lines)
{
	for (int i = 0; i <= n_lines; i++) {
		const char *end = at ? memrchr(text.data, '\n', at - (i > 0)) : NULL;

		if (!end)
			return 0;
		at = (size_t)(end - text.data) + 1;
	}
	return at;
}

/* Behind the line end that follows `n_lines` whole lines after byte `at`. */
static size_t lines_behind(struct str text, size_t at, int n_lines)
{
	for (int i = 0; i <= n_lines; i++) {
		size_t end = str_chr(str_from(text, at), '\n');

		if (end == STR_NONE)
			return text.len;
		at += end + 1;
	}
	return at;
}

/* What is the same before and after the first and last difference, but for the
 * context, is not looked at line by line.  How many lines went from the start. */
static int trim(struct str *a, struct str *b)
{
	size_t head = common_head(*a, *b), tail = common_tail(str_from(*a, head), str_from(*b, head));
	size_t start = lines_before(*a, head, DIFF_CONTEXT + 1);
	size_t end = lines_behind(*a, a->len - tail, DIFF_CONTEXT + 1);
	size_t n_cut = a->len - end;
	struct str skipped = str_head(*a, start), line;
	int n = 0;

	while (str_line(&skipped, &line))
		n++;
	*a = str_from(str_head(*a, end), start);
	*b = str_from(str_head(*b, b->len - n_cut), start);
	return n;
}

void fs_diff(struct str old_text, struct str new_text, const char *path, struct buf *ret_diff)
{
	cleanup_with(lines_fini) struct lines a = { 0 };
	cleanup_with(lines_fini) struct lines b = { 0 };
	struct diff diff = { 0 };
	bool had_text = old_text.len;
	cleanup_buf struct buf out = { .limit = 2 * (FS_SCAN_MAX + FS_DIFF_MAX) };

	if (str_eq(old_text, new_text))
		return;
	if (fs_is_binary(old_text) || fs_is_binary(new_text)) {
		buf_addf(ret_diff, "binary file %s changed\n", path);
		return;
	}
	diff.skipped = trim(&old_text, &new_text);
	if (!split(old_text, &a) || !split(new_text, &b)) {
		buf_addf(ret_diff, "%s changed; too long for a diff\n", path);
		return;
	}
	diff.a = a;
	diff.b = b;
	if (compare(&diff)) {
		buf_addf(&out, "--- %s%s\n+++ b%s%s\n",
			 !had_text ? "" : path[0] == '/' ? "a" : "a/",
			 had_text ? path : "/dev/null", path[0] == '/' ? "" : "/", path);
		put_hunks(&diff, &out);
		cut(&out);
		buf_add(ret_diff, buf_str(&out));
	}
	free(diff.runs);
}
