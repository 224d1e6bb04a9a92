/* Commands of the project: .seal/commands/NAME.md is a message with a name. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "seal-cli/tui/app/state.h"

#define CUSTOM_MAX  64
#define CUSTOM_SIZE ((size_t)64 << 10)
#define ARGUMENTS   "$ARGUMENTS"

static void close_dirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static bool is_name(struct str name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	for (size_t i = 0; i < name.len; i++)
		if (!strchr(letters, name.data[i]))
			return false;
	return name.len > 0 && name.len <= 40;
}

static bool read_text(const struct app *app, struct str name, struct buf *ret)
{
	cleanup_buf struct buf path = BUF_INIT;
	struct err err;

	buf_addf(&path, "%.*s/.seal/commands/%.*s.md", STR_ARG(buf_str(&app->root)), STR_ARG(name));
	return !path.failed && fd_read_file(AT_FDCWD, path.data, CUSTOM_SIZE, ret, &err) == 0;
}

bool custom_expand(const struct app *app, struct str name, struct str arguments, struct buf *ret)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str mark = STR(ARGUMENTS), rest;
	bool has_place = false;
	size_t at;

	if (app->root.len == 0 || !is_name(name) || !read_text(app, name, &text))
		return false;
	rest = str_trim(buf_str(&text));
	while ((at = str_find(rest, mark, 0)) != STR_NONE) {
		buf_add(ret, str_head(rest, at));
		buf_add(ret, arguments);
		rest = str_from(rest, at + mark.len);
		has_place = true;
	}
	buf_add(ret, rest);
	if (!has_place && arguments.len) {
		buf_adds(ret, "\n\n");
		buf_add(ret, arguments);
	}
	return ret->len > 0;
}

/* Its first line, without the marks of a heading. */
static void tell(const struct app *app, struct str name, custom_fn *each, void *ctx)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str rest, line = { "", 0 };

	if (!read_text(app, name, &text))
		return;
	rest = str_trim(buf_str(&text));
	(void)str_line(&rest, &line);
	while (str_starts(line, STR("#")) || str_starts(line, STR(" ")))
		line = str_from(line, 1);
	each(ctx, name, str_head(line, 60));
}

void custom_each(const struct app *app, custom_fn *each, void *ctx)
{
	cleanup_buf struct buf folder = BUF_INIT;
	struct dirent *entry;
	size_t n = 0;

	if (app->root.len == 0)
		return;
	buf_addf(&folder, "%.*s/.seal/commands", STR_ARG(buf_str(&app->root)));
	__attribute__((cleanup(close_dirp))) DIR *dir = opendir(folder.data ? folder.data : "");
	while (dir && n < CUSTOM_MAX && (entry = readdir(dir))) {
		struct str name = str_of(entry->d_name);

		if (!str_ends(name, STR(".md")) || !is_name(str_head(name, name.len - 3)))
			continue;
		tell(app, str_head(name, name.len - 3), each, ctx);
		n++;
	}
}
