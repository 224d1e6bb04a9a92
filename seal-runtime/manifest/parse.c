#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "manifest/fill.h"
#include "manifest/manifest.h"

/* Where a missing key is missed: at its table, or at the top. */
static int fail_missing(struct fill *fill, const struct manifest_key *key,
			const struct seal_toml_node *table, struct err *err)
{
	return toml_fail(fill->toml, table ? table->start : 0, err,
			 "%s is missing; add `%s = %s`%s%s%s", key->name, key->name,
			 key->type == TYPE_INTEGER ? "1" : "\"...\"",
			 key->table[0] ? " under [" : " as the first line", key->table,
			 key->table[0] ? "]" : "");
}

static int fill_key(struct fill *fill, const struct manifest_key *key, struct manifest *manifest,
		    struct err *err)
{
	const struct seal_toml_node *table = toml_table(fill->toml, key->table);
	const struct seal_toml_node *node =
	    table ? toml_member(fill->toml, table, str_of(key->name)) : NULL;

	if (!node && key->required && fill->values)
		return fail_missing(fill, key, table, err);
	if (!node)
		return 0;
	if (fill->values && key->table[0]) {
		cleanup_buf struct buf name = BUF_INIT;

		buf_addf(&name, "%s.%s", key->table, key->name);
		if (name.failed)
			return err_nomem(err);
		json_key(fill->values, name.data);
	} else if (fill->values) {
		json_key(fill->values, key->name);
	}
	return fill_value(fill, key, node, manifest, err);
}

static int fill_all(struct fill *fill, struct manifest *manifest, struct err *err)
{
	int r = fill_check_names(fill, toml_root(fill->toml), "", err);

	for (size_t i = 0; r == 0 && i < manifest_n_keys; i++)
		if (manifest_keys[i].table[0] != '@')
			r = fill_key(fill, &manifest_keys[i], manifest, err);
	for (size_t i = 0; r == 0 && i < manifest_n_tables; i++)
		if (manifest_tables[i].present && toml_table(fill->toml, manifest_tables[i].name))
			*(bool *)((char *)manifest + manifest_tables[i].present) = true;
	return r;
}

/* The defaults, as the file that sets them. */
static void write_defaults(struct buf *text)
{
	const char *table = "";

	for (size_t i = 0; i < manifest_n_keys; i++) {
		const struct manifest_key *key = &manifest_keys[i];

		if (key->table[0] == '@' || !key->initial)
			continue;
		if (strcmp(table, key->table) != 0)
			buf_addf(text, "[%s]\n", key->table);
		table = key->table;
		buf_addf(text, "%s = %s\n", key->name, key->initial);
	}
}

static int fill_defaults(struct manifest_store *store, struct manifest *manifest, struct err *err)
{
	struct fill fill = {.toml = &store->defaults, .store = store};
	int r;

	write_defaults(&store->defaults_text);
	r = buf_check(&store->defaults_text, "the defaults", err);
	if (r == 0)
		r = toml_read(&store->defaults, buf_str(&store->defaults_text), "the defaults",
			      err);
	if (r == 0)
		r = fill_all(&fill, manifest, err);
	/* No file of the person's is to blame for these. */
	for (size_t i = 0; i < manifest_n_tables; i++)
		if (manifest_tables[i].present)
			*(bool *)((char *)manifest + manifest_tables[i].present) = false;
	return r;
}

/* Rules are paths x files. */
static size_t count_paths(const struct manifest_paths *paths)
{
	size_t n = paths->has_paths ? 0 : paths->default_files.n;

	for (size_t i = 0; i < paths->n_paths; i++) {
		const struct manifest_path *path = &paths->paths[i];
		size_t files = path->has_files ? path->files.n : paths->default_files.n;

		n += files ? files : 1;
	}
	return n;
}

static size_t count_side(const struct manifest_side *side)
{
	return count_paths(&side->read) + count_paths(&side->write) + count_paths(&side->del) +
	       side->commands.n_patterns + side->commands.domains.n + side->commands.env_vars.n +
	       side->network_domains.n;
}

static int check_rules(struct fill *fill, const struct manifest *manifest, struct err *err)
{
	size_t n = count_side(&manifest->allow) + count_side(&manifest->deny);

	if (n > MANIFEST_RULES_MAX)
		return toml_fail(fill->toml, 0, err,
				 "%zu rules, at most %d are allowed; use wider patterns", n,
				 MANIFEST_RULES_MAX);
	return 0;
}

/* What one row alone cannot say. */
static int check_together(struct fill *fill, const struct manifest *manifest, struct err *err)
{
	const struct manifest_model *model = &manifest->model;
	size_t at = toml_table(fill->toml, "model")->start;

	if (model->thinking == THINKING_MANUAL && !model->thinking_budget)
		return toml_fail(
		    fill->toml, at, err,
		    "thinking is \"manual\" without a budget; add `thinking_budget = 8192` "
		    "under [model]");
	if (str_is(model->provider, "local") && !model->base_url.len)
		return toml_fail(fill->toml, at, err,
				 "provider is \"local\" without its address; add `base_url = "
				 "\"http://127.0.0.1:8080/v1\"` under [model]");
	return check_rules(fill, manifest, err);
}

static int parse(struct manifest *manifest, struct manifest_store *store, const char *name,
		 struct err *err)
{
	struct json values = json_to(&store->values);
	struct fill fill = {.toml = &store->toml, .store = store, .values = &values};
	int r;

	r = toml_read(&store->toml, manifest->text, name, err);
	if (r == 0)
		r = fill_defaults(store, manifest, err);
	json_object(&values);
	if (r == 0)
		r = fill_all(&fill, manifest, err);
	if (r == 0)
		r = check_together(&fill, manifest, err);
	json_end(&values);
	return r < 0 ? r : buf_check(&store->values, "the manifest", err);
}

int manifest_parse(struct str text, const char *name, struct manifest **ret_manifest,
		   struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = calloc(1, sizeof(*manifest));
	struct manifest_store *store = calloc(1, sizeof(*store));
	int r;

	if (!manifest || !store) {
		free(store);
		return err_nomem(err);
	}
	manifest->store = store;
	store->text = str_dup(text);
	if (!store->text)
		return err_nomem(err);
	manifest->text = (struct str){store->text, text.len};
	hash_hex(text, manifest->text_hash);
	r = parse(manifest, store, name, err);
	if (r < 0)
		return r;
	*ret_manifest = take_ptr(manifest);
	return 0;
}

void manifest_free(struct manifest *manifest)
{
	if (!manifest)
		return;
	manifest_store_free(manifest->store);
	free(manifest);
}

/* O_NONBLOCK: a fifo of that name is refused instead of waited for. */
static int open_regular(const char *path, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_INPUT, "%s is not there; `seal init` makes one", path);
	if (fd < 0 && errno == ELOOP)
		return err_set(err, ERR_INPUT, "%s is a link; put the file itself there", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is no regular file; put one there", path);
	return take_fd(fd);
}

int manifest_load(const char *root, struct manifest **ret_manifest, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT, text = BUF_INIT;
	cleanup_close int fd = -1;
	int r;

	buf_addf(&path, "%s/%s", root, MANIFEST_NAME);
	if (path.failed)
		return err_nomem(err);
	fd = open_regular(path.data, err);
	if (fd < 0)
		return fd;
	r = fd_read_all(fd, MANIFEST_SIZE_MAX, &text, err);
	if (r == ERR_LIMIT)
		return err_set(err, ERR_INPUT, "%s:1:1: larger than %d bytes; make it smaller",
			       path.data, MANIFEST_SIZE_MAX);
	if (r < 0)
		return err_wrap(err, "%s", path.data);
	return manifest_parse(buf_str(&text), path.data, ret_manifest, err);
}

static int has_manifest(const char *folder)
{
	char path[PATH_MAX + sizeof(MANIFEST_NAME) + 1];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, MANIFEST_NAME);
	return lstat(path, &st) == 0;
}

int manifest_find_root(const char *start, char **ret_root, struct err *err)
{
	char folder[PATH_MAX];

	if (!realpath(start, folder))
		return err_sys(err, "%s", start);
	for (;;) {
		char *slash;

		if (has_manifest(folder)) {
			*ret_root = str_dup(str_of(folder));
			return *ret_root ? 0 : err_nomem(err);
		}
		if (strcmp(folder, "/") == 0)
			return err_set(
			    err, ERR_INPUT,
			    "no %s in %s or above it; `seal init` makes one for this project",
			    MANIFEST_NAME, start);
		slash = strrchr(folder, '/');
		slash[slash == folder] = '\0';
	}
}
