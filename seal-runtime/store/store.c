/*
 * A key becomes the file name "=key" with '+' for '/': neither is in a key, so
 * no key is a path, "." or hidden, and no two keys share a name.
 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"

struct store {
	int dir;
	uint64_t total;	/* bytes of all values */
	size_t n_keys;
};

struct names {
	char **name;
	size_t n;
};

static void names_finip(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int read_names(const struct store *store, struct names *ret_names, struct err *err)
{
	int own = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_with(closedir) DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;

	if (!dir) {
		err_sys(err, "read the storage folder");
		closep(&own);
		return err->code;
	}
	ret_names->name = calloc(STORE_KEYS_MAX, sizeof(char *));
	if (!ret_names->name)
		return err_nomem(err);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '=')
			continue;	/* what a crash left of a replace */
		if (ret_names->n == STORE_KEYS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d keys", STORE_KEYS_MAX);
		ret_names->name[ret_names->n] = str_dup(str_of(entry->d_name));
		if (!ret_names->name[ret_names->n])
			return err_nomem(err);
		ret_names->n++;
	}
	if (ret_names->n)
		qsort(ret_names->name, ret_names->n, sizeof(char *), compare_names);
	return 0;
}

static int measure(struct store *store, struct err *err)
{
	cleanup_with(names_fini) struct names names = { 0 };
	int r = read_names(store, &names, err);
	struct stat st;

	if (r < 0)
		return r;
	for (size_t i = 0; i < names.n; i++)
		if (fstatat(store->dir, names.name[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			store->total += (uint64_t)st.st_size;
	store->n_keys = names.n;
	return 0;
}

int store_open(const char *session_dir, struct store **ret_store, struct err *err)
{
	cleanup_with(store_free) struct store *store = calloc(1, sizeof(*store));
	cleanup_close int dir = open(session_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (!store)
		return err_nomem(err);
	store->dir = -1;
	if (dir < 0)
		return err_sys(err, "open folder %s", session_dir);
	if (mkdirat(dir, "storage", 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make folder %s/storage", session_dir);
	store->dir = openat(dir, "storage", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store->dir < 0)
		return err_sys(err, "open folder %s/storage", session_dir);
	r = measure(store, err);
	if (r < 0)
		return r;
	*ret_store = take_ptr(store);
	return 0;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	closep(&store->dir);
	free(store);
}

static bool is_key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("._/-", c));
}

struct key_name {
	char text[STORE_KEY_MAX + 2];
};

static int name_of(struct str key, struct key_name *ret_name, struct err *err)
{
	if (key.len == 0 || key.len > STORE_KEY_MAX)
		return err_set(err, ERR_INPUT, "a key has 1 to %d characters, this one %zu",
			       STORE_KEY_MAX, key.len);
	ret_name->text[0] = '=';
	for (size_t i = 0; i < key.len; i++) {
		if (!is_key_byte(key.data[i]))
			return err_set(err, ERR_INPUT,
				       "byte %zu of the key is none of a-z 0-9 . _ / -", i + 1);
		ret_name->text[i + 1] = key.data[i] == '/' ? '+' : key.data[i];
	}
	ret_name->text[key.len + 1] = '\0';
	return 0;
}

/* Size of the value, or -1 when there is none. */
static int64_t size_of(const struct store *store, const char *name)
{
	struct stat st;

	return fstatat(store->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : st.st_size;
}

int store_save(struct store *store, struct str key, struct str value, struct err *err)
{
	struct key_name name;
	int64_t before;
	int r = name_of(key, &name, err);

	if (r < 0)
		return r;
	if (value.len > STORE_VALUE_MAX)
		return err_set(err, ERR_LIMIT, "a value has at most %u bytes, this one %zu",
			       STORE_VALUE_MAX, value.len);
	before = size_of(store, name.text);
	if (before < 0 && store->n_keys >= STORE_KEYS_MAX)
		return err_set(err, ERR_LIMIT, "the session holds %d keys already; delete one",
			       STORE_KEYS_MAX);
	if (store->total - (uint64_t)(before < 0 ? 0 : before) + value.len > STORE_TOTAL_MAX)
		return err_set(err, ERR_LIMIT, "the session would store more than %u bytes",
			       STORE_TOTAL_MAX);
	r = fd_replace_file(store->dir, name.text, value, 0600, err);
	if (r < 0)
		return r;
	store->n_keys += before < 0;
	store->total += value.len - (uint64_t)(before < 0 ? 0 : before);
	return 0;
}

int store_load(struct store *store, struct str key, bool *ret_found, struct buf *ret_value,
	       struct err *err)
{
	struct key_name name;
	int r = name_of(key, &name, err);

	if (r < 0)
		return r;
	if (size_of(store, name.text) < 0) {
		*ret_found = false;
		return errno == ENOENT ? 0 : err_sys(err, "load %.*s", STR_ARG(key));
	}
	r = fd_read_file(store->dir, name.text, STORE_VALUE_MAX, ret_value, err);
	if (r < 0)
		return r;
	*ret_found = true;
	return 0;
}

int store_delete(struct store *store, struct str key, struct err *err)
{
	struct key_name name;
	int64_t before;
	int r = name_of(key, &name, err);

	if (r < 0)
		return r;
	before = size_of(store, name.text);
	if (before < 0 && errno == ENOENT)
		return 0;
	if (unlinkat(store->dir, name.text, 0) < 0)
		return err_sys(err, "delete %.*s", STR_ARG(key));
	store->n_keys--;
	store->total -= (uint64_t)before;
	return 0;
}

int store_list(struct store *store, struct str prefix, struct buf *ret_json, struct err *err)
{
	cleanup_with(names_fini) struct names names = { 0 };
	struct json w = json_to(ret_json);
	int r = read_names(store, &names, err);

	if (r < 0)
		return r;
	/* '+' sorts before what '/' sorts after: sort by the keys themselves. */
	for (size_t i = 0; i < names.n; i++)
		for (char *c = names.name[i]; *c; c++)
			*c = *c == '+' ? '/' : *c;
	if (names.n)
		qsort(names.name, names.n, sizeof(char *), compare_names);
	json_array(&w);
	for (size_t i = 0; i < names.n; i++)
		if (str_starts(str_of(names.name[i] + 1), prefix))
			json_put(&w, str_of(names.name[i] + 1));
	json_end(&w);
	return buf_check(ret_json, "the list of keys", err);
}
