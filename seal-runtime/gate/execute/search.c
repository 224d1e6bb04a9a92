/* Lists, globs and searches.  Each entry is put to the manifest by itself:
 * what a rule denies is not shown, and only readable files are searched. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "gate/mask/mask.h"
#include "gate/pass.h"
#include "manifest/manifest.h"

#define LINE_MAX_LEN 2000
#define PATTERN_MAX  4000
#define SECRETS_MAX  ((size_t)256 << 10)

struct search {
	struct pass *pass;
	struct json *w;
	struct buf path;	/* scratch: the canonical path of an entry */
	int64_t n, max;
	bool truncated;
	const char *pattern;	/* glob: relative to the walk, or NULL */
	int top;
	const char *start;
};

static const char *canonical(struct search *s, const char *relative)
{
	const char *folder = s->pass->pin.path;

	buf_clear(&s->path);
	buf_adds(&s->path, strcmp(folder, "/") == 0 ? "" : folder);
	buf_addf(&s->path, "/%s", relative);
	return s->path.failed ? NULL : s->path.data;
}

/* A folder is hidden only when a rule denies it; a file when it is not granted
 * and nobody would be asked. */
static bool is_visible(struct search *s, const struct fs_entry *entry)
{
	const char *path = canonical(s, entry->path);
	bool by_rule;
	enum caps_verdict verdict;

	if (!path)
		return false;
	verdict = pass_may_read(s->pass->gate, path, entry->kind == 'd', &by_rule);
	return verdict != CAPS_DENY || (entry->kind == 'd' && !by_rule);
}

static bool may_search(struct search *s, const struct fs_entry *entry)
{
	const char *path = canonical(s, entry->path);
	bool by_rule;
	enum caps_verdict verdict;

	if (!path)
		return false;
	verdict = pass_may_read(s->pass->gate, path, false, &by_rule);
	return verdict == CAPS_ALLOW || (verdict == CAPS_ASK && s->pass->approved);
}

static const char *kind_name(char kind)
{
	return kind == 'f' ? "file" : kind == 'd' ? "directory" : kind == 'l' ? "symlink" : "other";
}

static bool enter(void *ctx, const struct fs_entry *entry)
{
	return is_visible(ctx, entry);
}

static bool put_entry(void *ctx, const struct fs_entry *entry)
{
	struct search *s = ctx;

	if (s->pattern && (entry->kind == 'd' || !fs_glob_match(s->pattern, entry->path)))
		return true;
	if (entry->kind != 'd' && !is_visible(s, entry))
		return true;
	if (s->n == s->max) {
		s->truncated = true;
		return false;
	}
	s->n++;
	json_object(s->w);
	json_kv(s->w, "path", str_of(pass_display(s->pass->gate, canonical(s, entry->path))));
	json_kv(s->w, "kind", str_of(kind_name(entry->kind)));
	json_kv_int(s->w, "size", (int64_t)fs_entry_size(entry));
	json_end(s->w);
	return true;
}

/* Where the .gitignore files that count begin. */
static void find_top(struct search *s)
{
	if (!fs_root_of(s->pass->gate->roots, s->pass->pin.path, &s->top, &s->start)) {
		s->top = -1;
		s->start = "";
	}
}

static int list(struct pass *pass, bool recursive, const char *pattern)
{
	struct search s = { .pass = pass, .max = pass->gate->manifest->limits.max_list_results,
			    .pattern = pattern };
	struct grant_file grant = pass_grant(pass);
	struct json w = pass_ok(pass);
	struct err why;
	int r;

	s.w = &w;
	find_top(&s);
	json_object(&w);
	json_key(&w, "entries");
	json_array(&w);
	if (recursive) {
		struct fs_walk walk = { .recursive = true, .top = s.top, .start = s.start,
					.each = put_entry, .enter = enter, .ctx = &s };

		r = fs_walk(&grant, &walk, &why);
	} else {
		r = fs_list(&grant, false, put_entry, enter, &s, &why);
	}
	buf_fini(&s.path);
	if (r < 0) {
		buf_clear(pass->result);
		return pass_error_of(pass, &why);
	}
	json_end(&w);
	json_kv_bool(&w, "truncated", s.truncated);
	return pass_end(pass, &w);
}

int execute_tools_file_list(struct pass *pass)
{
	return list(pass, yyjson_get_bool(pass_arg(pass, 1)), NULL);
}

int execute_tools_file_glob(struct pass *pass)
{
	struct str pattern = pass_text(pass, 0);
	char relative[PATTERN_MAX + 4];
	size_t wild = 0, slash = 0;

	if (pattern.len == 0 || pattern.len > PATTERN_MAX || str_chr(pattern, '\0') != STR_NONE)
		return pass_error(pass, PASS_INVALID, "a pattern has 1 to %d bytes and no NUL", PATTERN_MAX);
	if (!pass->pin.is_directory)
		return pass_error(pass, PASS_INVALID, "%s is no folder", pass->pin.path);
	/* What prepare_glob() took as the folder is off the pattern. */
	while (wild < pattern.len && !strchr("*?[{", pattern.data[wild])) {
		slash = pattern.data[wild] == '/' ? wild + 1 : slash;
		wild++;
	}
	/* "*.c" alone finds in every folder; "src/" before it means that folder. */
	(void)snprintf(relative, sizeof(relative), "%s%.*s",
		       str_chr(str_from(pattern, slash), '/') == STR_NONE && slash ? "./" : "",
		       STR_ARG(str_from(pattern, slash)));
	return list(pass, true, relative);
}

static bool search_readable(void *ctx, const struct fs_entry *entry)
{
	struct search *s = ctx;
	cleanup_buf struct buf text = BUF_INIT;
	struct err skipped;

	if (!may_search(s, entry))
		return false;
	if (mask_is_secret_file(s->path.data) &&
	    fd_read_file(entry->folder, entry->name, SECRETS_MAX, &text, &skipped) >= 0)
		mask_add_file(s->pass->gate->mask, pass_display(s->pass->gate, s->path.data),
			      buf_str(&text));
	return true;
}

static bool put_line(void *ctx, const char *path, uint32_t line, struct str text, bool is_context)
{
	struct search *s = ctx;
	const char *full = path[0] == '/' ? path : canonical(s, path);

	if (s->n >= s->max) {
		s->truncated = true;
		return false;
	}
	s->n += !is_context;
	json_object(s->w);
	json_kv(s->w, "path", str_of(pass_display(s->pass->gate, full ? full : path)));
	json_kv_int(s->w, "line", line);
	json_kv(s->w, "text", str_head(text, utf8_cut(text, LINE_MAX_LEN)));
	json_kv_bool(s->w, "is-context", is_context);
	json_end(s->w);
	return true;
}

static int64_t at_most(int64_t asked, int64_t limit)
{
	return asked > 0 && asked < limit ? asked : limit;
}

int execute_tools_grep(struct pass *pass)
{
	const struct manifest_limits *limits = &pass->gate->manifest->limits;
	yyjson_val *options = pass_arg(pass, 2);
	struct str files = json_str(options, "only-files");
	cleanup_free char *only_files = files.data && files.len ? str_dup(files) : NULL;
	struct search s = { .pass = pass, .max = at_most(json_int(options, "max-results", 0),
							 limits->grep_max_results) };
	int64_t context = json_int(options, "context-lines", 0);
	struct grant_file grant = pass_grant(pass);
	struct json w = pass_ok(pass);
	struct err why;
	int r;

	s.w = &w;
	find_top(&s);
	json_object(&w);
	json_key(&w, "lines");
	json_array(&w);
	r = fs_search(&grant,
		      &(struct fs_search){
			      .pattern = pass_text(pass, 0), .only_files = only_files,
			      .context_lines = (uint32_t)(context <= 0 ? 0 :
							  at_most(context, limits->grep_max_context_lines)),
			      .ignore_case = json_bool(options, "ignore-case", false),
			      .top = s.top, .start = s.start, .readable = search_readable,
			      .enter = enter, .line = put_line, .ctx = &s,
			      .cancel_fd = pass->gate->up->cancel_fd },
		      &why);
	buf_fini(&s.path);
	if (r < 0) {
		buf_clear(pass->result);
		return pass_error_of(pass, &why);
	}
	json_end(&w);
	json_kv_bool(&w, "truncated", s.truncated);
	return pass_end(pass, &w);
}

static bool stop_at_readable(void *ctx, const struct fs_entry *entry)
{
	struct search *s = ctx;

	s->n += entry->kind == 'f' && may_search(s, entry);
	return s->n == 0;
}

bool pass_any_readable(struct pass *pass)
{
	struct search s = { .pass = pass };
	struct grant_file grant = pass_grant(pass);
	struct fs_walk walk = { .recursive = true, .each = stop_at_readable, .enter = enter, .ctx = &s };
	struct err ignored;

	find_top(&s);
	walk.top = s.top;
	walk.start = s.start;
	(void)fs_walk(&grant, &walk, &ignored);
	buf_fini(&s.path);
	return s.n > 0;
}
