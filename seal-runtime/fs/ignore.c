#include "fs/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "fs/fs_private.h"

#define IGNORE_FILE_MAX  (256u << 10)
#define IGNORE_RULES_MAX 20000

struct ignore_rule {
	char *pattern;
	char *prefix; /* the folder it speaks of */
	bool negated, folders_only, anchored;
};

static void rule_clear(struct ignore_rule *rule)
{
	free(rule->pattern);
	free(rule->prefix);
}

void ignore_finip(struct ignore *ignore)
{
	ignore_cut(ignore, 0);
	free(ignore->rules);
	*ignore = (struct ignore){ 0 };
}

void ignore_cut(struct ignore *ignore, size_t n)
{
	while (ignore->n > n)
		rule_clear(&ignore->rules[--ignore->n]);
}

static void add_rule(struct ignore *ignore, struct ignore_rule rule)
{
	if (rule.pattern && rule.prefix && ignore->n < IGNORE_RULES_MAX) {
		if (ignore->n == ignore->size) {
			size_t size = ignore->size ? ignore->size * 2 : 32;
			void *rules = realloc(ignore->rules, size * sizeof(*ignore->rules));

			if (!rules)
				goto out;
			ignore->rules = rules;
			ignore->size = size;
		}
		ignore->rules[ignore->n++] = rule;
		return;
	}
out:
	rule_clear(&rule);
}

static void add_line(struct ignore *ignore, struct str line, const char *prefix)
{
	struct ignore_rule rule = { 0 };

	while (line.len && strchr(" \r\t", line.data[line.len - 1]))
		line.len--;
	if (line.len == 0 || line.data[0] == '#')
		return;
	rule.negated = line.data[0] == '!';
	if (rule.negated || (line.len > 1 && line.data[0] == '\\'))
		line = str_from(line, 1);
	rule.folders_only = line.len && line.data[line.len - 1] == '/';
	line.len -= rule.folders_only;
	rule.anchored = str_chr(line, '/') != STR_NONE;
	if (line.len && line.data[0] == '/')
		line = str_from(line, 1);
	if (line.len == 0)
		return;
	rule.pattern = str_dup(line);
	rule.prefix = str_dup(str_of(prefix));
	add_rule(ignore, rule);
}

void ignore_load(struct ignore *ignore, int dir, const char *prefix)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;
	struct str rest, line;

	if (fd_read_file(dir, ".gitignore", IGNORE_FILE_MAX, &text, &err) < 0)
		return;
	rest = buf_str(&text);
	while (str_line(&rest, &line))
		add_line(ignore, line, prefix);
}

static bool speaks_of(const struct ignore_rule *rule, const char *path, bool is_folder)
{
	size_t len = strlen(rule->prefix);
	const char *slash;

	if (rule->folders_only && !is_folder)
		return false;
	if (len && (strncmp(path, rule->prefix, len) != 0 || path[len] != '/'))
		return false;
	path += len + (len != 0);
	slash = strrchr(path, '/');
	if (!rule->anchored && slash)
		path = slash + 1;
	return fs_glob_match_whole(rule->pattern, path);
}

bool ignore_has(const struct ignore *ignore, const char *path, bool is_folder)
{
	for (size_t i = ignore->n; i-- > 0;)
		if (speaks_of(&ignore->rules[i], path, is_folder))
			return !ignore->rules[i].negated;
	return false;
}
