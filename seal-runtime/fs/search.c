/*
 * grep.  Lines are matched one by one, as grep does, with a limit on the steps
 * of a match, so that a pattern cannot hold the session.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

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

#define SEARCH_FILE_MAX	  (16u << 20)
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
	int folder;		/* the granted folder, for openat2-free descent */
	int r;			/* a fault met on the way */
	bool enough;
	struct err *err;
};

static void finder_finip(struct finder *f)
{
	pcre2_match_data_free(f->data);
	pcre2_match_context_free(f->limits);
	pcre2_code_free(f->code);
	closep(&f->folder);
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

/* The last lines that were not hits, for the context before the next. */
struct before {
	struct str line[CONTEXT_MAX];
	uint32_t n; /* how many are waiting */
};

static bool put(struct finder *f, const char *path, uint32_t number, struct str line, bool context)
{
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	f->enough = !f->search->line(f->search->ctx, path, number, line, context);
	return !f->enough;
}

static void put_before(struct finder *f, const char *path, uint32_t number, struct before *before)
{
	for (uint32_t i = before->n; i > 0 && !f->enough; i--)
		(void)put(f, path, number - i, before->line[(number - i) % CONTEXT_MAX], true);
	before->n = 0;
}

static void search_text(struct finder *f, const char *path, struct str text)
{
	uint32_t context = f->search->context_lines < CONTEXT_MAX ? f->search->context_lines :
								    CONTEXT_MAX - 1;
	struct before before = { .n = 0 };
	uint32_t after = 0, number = 0;
	struct str line;

	while (!f->enough && f->r == 0 && str_line(&text, &line)) {
		number++;
		if (is_hit(f, line)) {
			put_before(f, path, number, &before);
			if (!f->enough)
				(void)put(f, path, number, line, false);
			after = context;
		} else if (after) {
			after--;
			(void)put(f, path, number, line, true);
		} else if (context) {
			before.line[number % CONTEXT_MAX] = line;
			before.n += before.n < context;
		}
	}
}

static bool is_cancelled(const struct finder *f)
{
	struct pollfd poll_fd = { .fd = f->search->cancel_fd, .events = POLLIN };

	return f->search->cancel_fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

static void search_fd(struct finder *f, const char *path, int fd)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct stat st;
	struct err ignored;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > SEARCH_FILE_MAX)
		return;
	if (fd_read_all(fd, SEARCH_FILE_MAX, &text, &ignored) < 0 || fs_is_binary(buf_str(&text)))
		return;
	search_text(f, path, buf_str(&text));
}

/* Beneath the granted folder by components, no link followed: the walk found
 * no link there, and what was put there since is not entered. */
static int open_beneath(int folder, const char *path)
{
	cleanup_close int dir = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	const char *slash;

	while (dir >= 0 && (slash = strchr(path, '/'))) {
		cleanup_free char *name = str_dup((struct str){ path, (size_t)(slash - path) });
		int next = !name ? -1 : openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		closep(&dir);
		dir = next;
		path = slash + 1;
	}
	return dir < 0 ? -1 : openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

static bool search_entry(void *ctx, const struct fs_entry *entry)
{
	struct finder *f = ctx;
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
	fd = open_beneath(f->folder, entry->path);
	if (fd >= 0)
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
	cleanup_with(finder_fini) struct finder f = { .search = search, .grant = grant,
						      .folder = -1, .err = err };
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
	f.folder = fcntl(grant->object, F_DUPFD_CLOEXEC, 0);
	if (f.folder < 0)
		return err_sys(err, "%s", grant->path);
	r = fs_walk(grant, &walk, err);
	return r < 0 ? r : f.r;
}
