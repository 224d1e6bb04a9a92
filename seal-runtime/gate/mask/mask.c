#include "gate/mask/mask.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/utf8.h"
#include "gate/mask/secrets.h"

#define NEEDLES_MAX 1024
#define FILE_MAX    ((size_t)256 << 10)
#define NAME_MAX_SHOWN 40
/* Every window of four bytes that a secret holds sets a bit: of the text, only
 * one place in four has to be looked at. */
#define WINDOW	    4
#define BITS	    65536

struct needle {
	char *text; /* as it stands in JSON */
	size_t len;
	char *marker;
};

struct mask {
	struct needle needles[NEEDLES_MAX];
	size_t n;
	uint64_t bits[BITS / 64];
	uint64_t looked; /* what mask_look() found, hashed */
};

static const char *const secret_names[] = {
#define SECRET(glob) glob,
#include "sandbox/plan/names.def"
};
static const char *const public_names[] = {
#define PUBLIC(glob) glob,
#include "sandbox/plan/names.def"
};
static const char *const places[] = {
#define PLACE(path) "/" path,
#include "sandbox/plan/names.def"
};

/* At most one star a glob; asked for every file that is met. */
static bool fits(const char *glob, const char *name, size_t len)
{
	const char *star = strchr(glob, '*');
	size_t head = star ? (size_t)(star - glob) : strlen(glob), tail;

	if (head && (glob[0] | 0x20) != (name[0] | 0x20))
		return false;
	if (!star)
		return strcasecmp(glob, name) == 0;
	tail = strlen(star + 1);
	return len >= head + tail && strncasecmp(glob, name, head) == 0 &&
	       strcasecmp(star + 1, name + len - tail) == 0;
}

static bool is_one_of(const char *const *globs, size_t n, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (fits(globs[i], name, len))
			return true;
	return false;
}

bool mask_is_secret_file(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *home = getenv("HOME");
	size_t len = home ? strlen(home) : 0;

	if (is_one_of(secret_names, sizeof(secret_names) / sizeof(secret_names[0]), name))
		return !is_one_of(public_names, sizeof(public_names) / sizeof(public_names[0]), name);
	if (len < 2 || strncmp(path, home, len) != 0)
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t place = strlen(places[i]);

		if (strncmp(path + len, places[i], place) == 0 &&
		    (path[len + place] == '/' || path[len + place] == '\0'))
			return true;
	}
	return false;
}

static unsigned int window_of(const char *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return (word * 2654435761u) >> 16;
}

static bool is_known(const struct mask *mask, struct str text)
{
	for (size_t i = 0; i < mask->n; i++)
		if (str_eq(text, (struct str){ mask->needles[i].text, mask->needles[i].len }))
			return true;
	return false;
}

static char *marker_of(struct str name)
{
	cleanup_buf struct buf marker = BUF_INIT;

	buf_adds(&marker, MASK_MARKER " ");
	name = str_head(name, name.len < NAME_MAX_SHOWN ? name.len : NAME_MAX_SHOWN);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || strchr("._-/", c);

		buf_addc(&marker, plain && c ? c : '?');
	}
	buf_addc(&marker, ']');
	return buf_take(&marker);
}

static void add(void *ctx, struct str name, struct str value)
{
	struct mask *mask = ctx;
	cleanup_buf struct buf json = BUF_INIT;
	struct json w = json_to(&json);
	struct str text;
	struct needle needle;

	if (mask->n == NEEDLES_MAX || !utf8_valid(value))
		return;
	json_put(&w, value);
	text = str_head(str_from(buf_str(&json), 1), json.len - 2);
	if (json.failed || is_known(mask, text))
		return;
	needle = (struct needle){ str_dup(text), text.len, marker_of(name) };
	if (!needle.text || !needle.marker) {
		free(needle.text);
		free(needle.marker);
		return;
	}
	for (size_t i = 0; i < WINDOW; i++)
		mask->bits[window_of(needle.text + i) / 64] |= (uint64_t)1 << window_of(needle.text + i) % 64;
	mask->needles[mask->n++] = needle;
}

struct mask *mask_new(void)
{
	struct mask *mask = calloc(1, sizeof(*mask));

	for (char **variable = environ; mask && variable && *variable; variable++) {
		struct str text = str_of(*variable);
		size_t at = str_chr(text, '=');

		if (at != STR_NONE)
			secrets_of_variable(str_head(text, at), str_from(text, at + 1), add, mask);
	}
	return mask;
}

void mask_free(struct mask *mask)
{
	if (!mask)
		return;
	for (size_t i = 0; i < mask->n; i++) {
		explicit_bzero(mask->needles[i].text, mask->needles[i].len);
		free(mask->needles[i].text);
		free(mask->needles[i].marker);
	}
	free(mask);
}

void mask_add_file(struct mask *mask, const char *name, struct str text)
{
	secrets_of_file(str_of(name), text, add, mask);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* Size and time of the masked files, so that only a change is read. */
static uint64_t read_state(DIR *dir)
{
	uint64_t state = 0;
	struct dirent *entry;
	struct stat st;

	rewinddir(dir);
	while ((entry = readdir(dir)))
		if (mask_is_secret_file(entry->d_name) &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			state += ((uint64_t)st.st_ino ^ (uint64_t)st.st_size << 20 ^
				  (uint64_t)st.st_mtim.tv_nsec ^ (uint64_t)st.st_mtim.tv_sec << 32) *
				 0x9e3779b97f4a7c15u;
	return state;
}

void mask_look(struct mask *mask, const char *root)
{
	cleanup_with(closedir) DIR *dir = opendir(root);
	struct dirent *entry;
	uint64_t state = dir ? read_state(dir) : 0;

	if (!dir || state == mask->looked)
		return;
	mask->looked = state;
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		cleanup_buf struct buf text = BUF_INIT;
		struct err skipped;

		if (mask_is_secret_file(entry->d_name) &&
		    fd_read_file(dirfd(dir), entry->d_name, FILE_MAX, &text, &skipped) >= 0)
			mask_add_file(mask, entry->d_name, buf_str(&text));
		if (text.data)
			explicit_bzero(text.data, text.len);
	}
}

/* ---- replacing ---- */

/* A text is often cut, and a secret with it: what is left of it at the end (or
 * before the note that says so) counts when it is as long as the shortest. */
static bool is_cut_here(struct str rest)
{
	return rest.len == 0 || rest.data[0] == '"' || str_starts(rest, STR("\\n[truncated at "));
}

/* The needle whose beginning stands at the start of `text`, and how much of it. */
static const struct needle *needle_at(const struct mask *mask, struct str text, size_t *ret_len)
{
	for (size_t i = 0; i < mask->n; i++) {
		const struct needle *needle = &mask->needles[i];
		size_t n = 0;

		while (n < needle->len && n < text.len && text.data[n] == needle->text[n])
			n++;
		/* The backslash is that of the line end behind the cut. */
		if (n && text.data[n - 1] == '\\' && str_starts(str_from(text, n), STR("n[trunc")))
			n--;
		if (n == needle->len || (n >= SECRET_MIN && is_cut_here(str_from(text, n)))) {
			*ret_len = n;
			return needle;
		}
	}
	return NULL;
}

/* The first secret in `text`: where, how long, whose.  NULL: none. */
static const struct needle *find(const struct mask *mask, struct str text, size_t *ret_at,
				 size_t *ret_len)
{
	for (size_t at = 0; at + WINDOW <= text.len; at += WINDOW) {
		unsigned int window = window_of(text.data + at);

		if (!(mask->bits[window / 64] >> window % 64 & 1))
			continue;
		for (size_t back = at < WINDOW - 1 ? at : WINDOW - 1; back < WINDOW; back--) {
			const struct needle *needle =
				needle_at(mask, str_from(text, at - back), ret_len);

			if (!needle)
				continue;
			*ret_at = at - back;
			return needle;
		}
	}
	return NULL;
}

/* A text that goes on where another ended may begin with the rest of a secret. */
static const struct needle *find_tail(const struct mask *mask, struct str text, size_t *ret_len)
{
	for (size_t i = 0; i < mask->n; i++) {
		const struct needle *needle = &mask->needles[i];

		for (size_t from = 1; from + SECRET_MIN <= needle->len; from++) {
			struct str tail = { needle->text + from, needle->len - from };

			if (!str_starts(text, tail))
				continue;
			*ret_len = tail.len;
			return needle;
		}
	}
	return NULL;
}

static void put_masked(const struct mask *mask, struct str text, bool goes_on, struct buf *out)
{
	size_t at = 0, len = 0;
	const struct needle *needle = goes_on ? find_tail(mask, text, &len) : NULL;

	if (!needle)
		needle = find(mask, text, &at, &len);
	while (needle) {
		buf_add(out, str_head(text, at));
		buf_adds(out, needle->marker);
		text = str_from(text, at + len);
		needle = find(mask, text, &at, &len);
	}
	buf_add(out, text);
}

/* Behind its opening quote: up to the closing one. */
static size_t string_len(struct str json)
{
	size_t at = 0;

	while (at < json.len && json.data[at] != '"')
		at += json.data[at] == '\\' ? 2 : 1;
	return at < json.len ? at : json.len;
}

void mask_json(const struct mask *mask, struct buf *json, bool goes_on)
{
	struct str rest = buf_str(json);
	struct buf out = BUF_INIT;
	size_t at, len;

	if (mask->n == 0 || json->failed || (!goes_on && !find(mask, rest, &at, &len)))
		return;
	while ((at = str_chr(rest, '"')) != STR_NONE) {
		struct str text;

		buf_add(&out, str_head(rest, at + 1));
		rest = str_from(rest, at + 1);
		text = str_head(rest, string_len(rest));
		rest = str_from(rest, text.len);
		/* Names of members are ours. */
		if (str_starts(rest, STR("\":")))
			buf_add(&out, text);
		else
			put_masked(mask, text, goes_on, &out);
		buf_add(&out, str_head(rest, 1));
		rest = str_from(rest, 1);
	}
	buf_add(&out, rest);
	out.limit = json->limit;
	buf_fini(json);
	*json = out;
}
