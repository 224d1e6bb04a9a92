#include "llm/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "llm/keyring/keyring.h"

/* More than fd_read_all() ever reserves for a file of KEY_SIZE_MAX. */
#define SECRET_ROOM (KEY_SIZE_MAX + 3 * 65536)

enum place_kind { PLACE_ENV, PLACE_FILE, PLACE_RING, PLACE_CLAUDE };

static const struct place {
	const char *provider;
	enum place_kind kind;
	const char *name;
	enum key_form form;
} places[] = {
#define KEY(provider, kind, name, form) {provider, PLACE_##kind, name, KEY_##form},
#include "llm/keys.def"
#undef KEY
};

#define N_PLACES (sizeof(places) / sizeof(places[0]))

/* A buffer that held a key: one allocation, so wiping it wipes every copy. */
static void secret_finip(struct buf *buf)
{
	if (buf->data)
		explicit_bzero(buf->data, buf->size);
	buf_fini(buf);
}

void key_fini(struct key *key)
{
	if (key->text) {
		explicit_bzero(key->text, key->len);
		free(key->text);
	}
	*key = (struct key){0};
}

static bool is_key(struct str text)
{
	if (text.len == 0 || text.len > KEY_SIZE_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	}
	return true;
}

static int take_key(const struct place *place, struct str text, struct key *ret_key,
		    struct err *err)
{
	char *copy;

	text = str_trim(text);
	if (!is_key(text))
		return err_set(err, ERR_INPUT, "holds no key");
	copy = str_dup(text);
	if (!copy)
		return err_nomem(err);
	*ret_key = (struct key){copy, text.len, place->form, place->name};
	/* An OAuth token is one wherever it was put. */
	if (str_is(str_of(place->provider), "anthropic") && str_starts(text, STR("sk-ant-oat")))
		ret_key->form = KEY_TOKEN;
	return 0;
}

/* A file that others may read is refused: its key is no secret any more. */
static int read_secret(const char *path, struct buf *text, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? err_set(err, ERR_INPUT, "not there")
				       : err_sys(err, "open");
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat");
	if (!S_ISREG(st.st_mode) || st.st_uid != getuid())
		return err_set(err, ERR_INPUT, "no regular file of yours");
	if (st.st_mode & 077)
		return err_set(err, ERR_INPUT, "others may read it: chmod 600 it");
	/* Room for all at once: growing would leave a copy behind. */
	if (!buf_reserve(text, SECRET_ROOM))
		return err_nomem(err);
	return fd_read_all(fd, KEY_SIZE_MAX, text, err);
}

static int from_file(const struct place *place, struct key *ret_key, struct err *err)
{
	cleanup_with(secret_fini) struct buf text = BUF_INIT;
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_free char *config = NULL;
	int r;

	r = dirs_get(DIRS_CONFIG, &config, err);
	if (r < 0)
		return r;
	buf_addf(&path, "%s/%s", config, place->name);
	r = buf_check(&path, "path", err);
	if (r == 0)
		r = read_secret(path.data, &text, err);
	return r < 0 ? r : take_key(place, buf_str(&text), ret_key, err);
}

/* {"claudeAiOauth":{"accessToken":"...","expiresAt":milliseconds}} */
static int from_claude(const struct place *place, struct key *ret_key, struct err *err)
{
	cleanup_with(secret_fini) struct buf text = BUF_INIT;
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	const char *home = getenv("HOME");
	yyjson_val *oauth;
	struct str token;
	int r;

	buf_addf(&path, "%s/%s", home ? home : "", place->name);
	r = buf_check(&path, "path", err);
	if (r == 0)
		r = read_secret(path.data, &text, err);
	if (r < 0)
		return r;
	doc = json_read(buf_str(&text), NULL, NULL);
	oauth = yyjson_obj_get(yyjson_doc_get_root(doc), "claudeAiOauth");
	token = json_str(oauth, "accessToken");
	if (json_int(oauth, "expiresAt", INT64_MAX) / 1000 <= time(NULL))
		return err_set(err, ERR_INPUT, "its token has expired: log in there again");
	r = take_key(place, token, ret_key, err);
	/* yyjson's copy of the token goes back to the allocator wiped. */
	if (token.len)
		explicit_bzero((char *)(uintptr_t)token.data, token.len);
	return r;
}

static int from_ring(const struct place *place, struct key *ret_key, struct err *err)
{
	cleanup_with(secret_fini) struct buf text = BUF_INIT;
	int r = keyring_find(str_of(place->name), &text, err);

	if (r == 0)
		r = take_key(place, buf_str(&text), ret_key, err);
	if (r == 0)
		ret_key->place = KEYS_RING;
	return r;
}

static int look(const struct place *place, struct key *ret_key, struct err *err)
{
	const char *value;

	switch (place->kind) {
	case PLACE_ENV:
		value = getenv(place->name);
		if (!value || !value[0])
			return err_set(err, ERR_INPUT, "not set");
		return take_key(place, str_of(value), ret_key, err);
	case PLACE_FILE:
		return from_file(place, ret_key, err);
	case PLACE_RING:
		return from_ring(place, ret_key, err);
	case PLACE_CLAUDE:
		return from_claude(place, ret_key, err);
	}
	return err_set(err, ERR_INTERNAL, "a place of no kind");
}

static const char *prefix_of(enum place_kind kind)
{
	static const char *const prefixes[] = {
	    [PLACE_ENV] = "$",
	    [PLACE_FILE] = "seal's config folder, ",
	    [PLACE_RING] = KEYS_RING,
	    [PLACE_CLAUDE] = "~/",
	};

	return prefixes[kind];
}

int keys_find(struct str provider, struct key *ret_key, struct err *err)
{
	cleanup_buf struct buf looked = BUF_INIT;

	for (size_t i = 0; i < N_PLACES; i++) {
		struct err why;

		if (!str_is(provider, places[i].provider))
			continue;
		if (look(&places[i], ret_key, &why) == 0)
			return 0;
		buf_addf(&looked, "%s%s%s (%s)", looked.len ? ", " : "", prefix_of(places[i].kind),
			 places[i].kind == PLACE_RING ? "" : places[i].name, why.text);
	}
	return err_set(err, ERR_INPUT, "no key for %.*s; looked at %s; set one of them, or `seal login %.*s`",
		       STR_ARG(provider), looked.len ? looked.data : "nothing",
		       STR_ARG(provider));
}

static const char *file_of(struct str provider)
{
	for (size_t i = 0; i < N_PLACES; i++) {
		if (places[i].kind == PLACE_FILE && str_is(provider, places[i].provider))
			return places[i].name;
	}
	return NULL;
}

static int keys_folder(struct buf *path, int *ret_dir, struct err *err)
{
	cleanup_free char *config = NULL;
	int r = dirs_get(DIRS_CONFIG, &config, err);

	if (r < 0)
		return r;
	buf_addf(path, "%s/keys", config);
	r = buf_check(path, "path", err);
	if (r == 0)
		r = fd_make_dirs(path->data, err);
	if (r < 0)
		return r;
	*ret_dir = open(path->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_dir < 0 ? err_sys(err, "open %s", path->data) : 0;
}

static int store_file(const char *name, struct str key, struct buf *ret_place, struct err *err)
{
	cleanup_close int dir = -1;
	cleanup_buf struct buf path = BUF_INIT;
	int r = keys_folder(&path, &dir, err);

	if (r < 0)
		return r;
	buf_addf(ret_place, "%s/%s, readable by you alone", path.data, name);
	return fd_replace_file(dir, name, key, 0600, err);
}

/* True when there was a file. */
static bool forget_file(const char *name)
{
	cleanup_close int dir = -1;
	cleanup_buf struct buf path = BUF_INIT;
	struct err ignored;

	return keys_folder(&path, &dir, &ignored) == 0 && unlinkat(dir, name, 0) == 0;
}

int keys_store(struct str provider, struct str key, enum keys_home home, struct buf *ret_place,
	       struct err *err)
{
	const char *name = file_of(provider);
	struct err why;

	if (!name)
		return err_set(err, ERR_INPUT, "no provider \"%.*s\" keeps a key",
			       STR_ARG(provider));
	name = strrchr(name, '/') + 1;
	key = str_trim(key);
	if (!is_key(key))
		return err_set(err, ERR_INPUT,
			       "that is no key: a key is one line of visible characters");
	if (home == KEYS_ANYWHERE && keyring_keep(provider, key, &why) == 0) {
		/* A file would be found first. */
		(void)forget_file(name);
		buf_adds(ret_place, KEYS_RING);
		return 0;
	}
	if (store_file(name, key, ret_place, err) < 0)
		return err->code;
	if (home == KEYS_ANYWHERE)
		buf_addf(ret_place, " (no Secret Service: %s)", why.text);
	return buf_check(ret_place, "the key's place", err);
}

int keys_forget(struct str provider, struct buf *ret_place, struct err *err)
{
	const char *name = file_of(provider);
	size_t start = ret_place->len;
	struct err why;

	if (!name)
		return err_set(err, ERR_INPUT, "no provider \"%.*s\" keeps a key",
			       STR_ARG(provider));
	if (forget_file(strrchr(name, '/') + 1))
		buf_adds(ret_place, "seal's config folder");
	if (keyring_forget(provider, &why) == 0)
		buf_addf(ret_place, "%s" KEYS_RING, ret_place->len > start ? " and " : "");
	if (ret_place->len > start)
		return buf_check(ret_place, "the key's place", err);
	return err_set(err, ERR_INPUT, "no key of %.*s is kept: none in seal's config folder, and in "
		       "the Secret Service: %s", STR_ARG(provider), why.text);
}
