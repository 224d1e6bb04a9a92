/* Files that a message names: @path of one that is there, and images by path.
 * They go along as links; what is in them the agent reads by its tools, under
 * the rules of seal.toml. */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "seal-cli/tui/app/state.h"

#define ATTACH_MAX 32

static bool is_image(struct str path)
{
	static const char *const ends[] = { ".png", ".jpg", ".jpeg", ".gif", ".webp" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (path.len > strlen(ends[i]) && str_ends(path, str_of(ends[i])))
			return true;
	return false;
}

/* The real path of a regular file, from the folder the session is in. */
static char *find(const struct app *app, struct str path)
{
	cleanup_buf struct buf whole = BUF_INIT;
	struct stat st;
	char *real;

	if (path.len == 0 || path.len >= PATH_MAX)
		return NULL;
	if (path.data[0] != '/')
		buf_addf(&whole, "%s/", app->setup->cwd);
	buf_add(&whole, path);
	real = whole.failed ? NULL : realpath(whole.data, NULL);
	if (real && stat(real, &st) == 0 && S_ISREG(st.st_mode))
		return real;
	free(real);
	return NULL;
}

static void put_uri(struct buf *uri, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/+@";

	buf_adds(uri, "file://");
	for (; *path; path++) {
		if (strchr(plain, *path))
			buf_addc(uri, *path);
		else
			buf_addf(uri, "%%%02X", (unsigned int)(unsigned char)*path);
	}
}

/* The words of a text; one in quotes is one, blanks and all. */
static struct str next_word(struct str *rest)
{
	struct str word = *rest;
	size_t at = 0, end;

	while (at < word.len && strchr(" \t\n", word.data[at]))
		at++;
	word = str_from(word, at);
	if (word.len && (word.data[0] == '\'' || word.data[0] == '"')) {
		end = str_chr(str_from(word, 1), word.data[0]);
		if (end != STR_NONE) {
			*rest = str_from(word, end + 2);
			return str_head(str_from(word, 1), end);
		}
	}
	for (end = 0; end < word.len && !strchr(" \t\n", word.data[end]);)
		end++;
	*rest = str_from(word, end);
	return str_head(word, end);
}

void app_attach(const struct app *app, struct str text, struct json *w)
{
	size_t n = 0;

	while (text.len && n < ATTACH_MAX) {
		struct str word = next_word(&text);
		bool is_named = str_starts(word, STR("@"));
		struct str path = is_named ? str_from(word, 1) : word;
		cleanup_free char *real = is_named || is_image(path) ? find(app, path) : NULL;
		cleanup_buf struct buf uri = BUF_INIT;

		if (!real)
			continue;
		put_uri(&uri, real);
		json_object(w);
		json_kv(w, "type", STR("resource_link"));
		json_kv(w, "name", path);
		json_kv(w, "uri", buf_str(&uri));
		json_end(w);
		n++;
	}
}
