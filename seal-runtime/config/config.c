#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "manifest/keys.h"
#include "manifest/toml.h"

#define CONFIG_SIZE_MAX ((size_t)256 << 10)
#define NUMBER_MAX      1000000

#define EVERYWHERE true
#define OWNER      false

const struct config_setting config_settings[CONFIG_MAX] = {
#define SETTING(name, table, key, kind, fallback, choices, who, sentence)                          \
	[CONFIG_##name] = { table, key, kind, fallback, choices, who, sentence },
#include "seal-runtime/config/config.def"
#undef SETTING
};

static void value_fini(struct config_value *value)
{
	free(value->text);
	free(value->origin);
	*value = (struct config_value){ 0 };
}

void config_fini(struct config *config)
{
	for (size_t i = 0; i < CONFIG_MAX; i++)
		value_fini(&config->values[i]);
}

/* -- one value -- */

int config_check(enum config_key key, struct str value, struct err *err)
{
	const struct config_setting *setting = &config_settings[key];
	const char *choices = setting->kind == CONFIG_FLAG ? "true|false" : setting->choices;
	uint64_t number = 0;
	bool is_number = value.len > 0 && value.len < 8;

	if (setting->kind != CONFIG_NUMBER)
		return manifest_choice(choices, value) >= 0
		               ? 0
		               : err_set(err, ERR_INPUT, "%s.%s is one of %s, not \"%.*s\"",
		                         setting->table, setting->key, choices,
		                         STR_ARG(str_head(value, 64)));
	for (size_t i = 0; i < value.len && is_number; i++) {
		is_number = value.data[i] >= '0' && value.data[i] <= '9';
		number = number * 10 + (uint64_t)(value.data[i] - '0');
	}
	if (is_number && number <= NUMBER_MAX)
		return 0;
	return err_set(err, ERR_INPUT, "%s.%s is a whole number up to %d, not \"%.*s\"",
	               setting->table, setting->key, NUMBER_MAX, STR_ARG(str_head(value, 64)));
}

/* The value as text; ERR_INPUT when it is of another kind. */
static int read_value(const struct toml *toml, const struct seal_toml_node *node,
                      enum config_key key, struct buf *ret_text, struct err *err)
{
	enum config_kind kind = config_settings[key].kind;
	bool fits = (kind == CONFIG_FLAG && node->kind == SEAL_TOML_BOOL) ||
	            (kind == CONFIG_NUMBER && node->kind == SEAL_TOML_INTEGER) ||
	            (kind == CONFIG_WORD && node->kind == SEAL_TOML_STRING);
	static const char *const names[] = { [CONFIG_FLAG] = "true or false",
		                             [CONFIG_NUMBER] = "a whole number",
		                             [CONFIG_WORD] = "a string" };
	struct err why;

	if (!fits)
		return toml_fail(toml, node->start, err, "%s.%s must be %s, not %s",
		                 config_settings[key].table, config_settings[key].key, names[kind],
		                 toml_kind(node));
	if (kind == CONFIG_FLAG)
		buf_adds(ret_text, node->integer ? "true" : "false");
	else if (kind == CONFIG_WORD)
		buf_add(ret_text, toml_string(toml, node));
	else if (node->integer >= 0)
		buf_addu(ret_text, (uint64_t)node->integer);
	if (buf_check(ret_text, "the value", err) < 0)
		return err->code;
	if (config_check(key, buf_str(ret_text), &why) < 0)
		return toml_fail(toml, node->start, err, "%s", why.text);
	return 0;
}

/* -- one file -- */

struct layer {
	struct config *config;
	const char *path;
	bool is_project;
};

static int find_in(const char *table, struct str key, enum config_key *ret_key)
{
	for (size_t i = 0; i < CONFIG_MAX; i++) {
		if (strcmp(config_settings[i].table, table) != 0 ||
		    !str_is(key, config_settings[i].key))
			continue;
		*ret_key = (enum config_key)i;
		return 0;
	}
	return -1;
}

static void put_names(struct buf *names, const char *table)
{
	for (size_t i = 0; i < CONFIG_MAX; i++) {
		bool is_new = table || i == 0 ||
		              strcmp(config_settings[i].table, config_settings[i - 1].table) != 0;

		if (!is_new || (table && strcmp(table, config_settings[i].table) != 0))
			continue;
		buf_adds(names, names->len ? "|" : "");
		buf_adds(names, table ? config_settings[i].key : config_settings[i].table);
	}
}

/* `table` NULL: it is the table that is unknown. */
static int unknown(const struct toml *toml, const struct seal_toml_node *node, const char *table,
                   struct err *err)
{
	cleanup_buf struct buf names = BUF_INIT;
	cleanup_buf struct buf hint = BUF_INIT;
	struct str key = toml_key(toml, node);

	put_names(&names, table);
	manifest_suggest_choice(names.data ? names.data : "", key, &hint);
	return toml_fail(toml, node->key_start, err, "unknown %s \"%.*s\"; %.*s",
	                 table ? "key" : "table", STR_ARG(str_head(key, 64)),
	                 STR_ARG(buf_str(&hint)));
}

static int take(const struct layer *layer, const struct toml *toml,
                const struct seal_toml_node *node, const char *table, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct config_value value = { 0 };
	enum config_key key;
	unsigned int column;

	if (find_in(table, toml_key(toml, node), &key) < 0)
		return unknown(toml, node, table, err);
	if (layer->is_project && !config_settings[key].is_everywhere)
		return toml_fail(toml, node->key_start, err,
		                 "a project sets looks ([tui]) only; %s.%s belongs in your own "
		                 "configuration (`seal config set`)",
		                 table, config_settings[key].key);
	if (read_value(toml, node, key, &text, err) < 0)
		return err->code;
	toml_position(toml, node->start, &value.line, &column);
	value.origin = str_dup(str_of(layer->path));
	value.text = buf_take(&text);
	if (!value.text || !value.origin) {
		value_fini(&value);
		return err_nomem(err);
	}
	value_fini(&layer->config->values[key]);
	layer->config->values[key] = value;
	return 0;
}

static int take_table(const struct layer *layer, const struct toml *toml,
                      const struct seal_toml_node *table, struct err *err)
{
	const struct seal_toml_node *node;
	const char *name = NULL;

	for (size_t i = 0; i < CONFIG_MAX && !name; i++)
		if (str_is(toml_key(toml, table), config_settings[i].table))
			name = config_settings[i].table;
	if (!name || !toml_is_table(table))
		return unknown(toml, table, NULL, err);
	for (node = toml_first(toml, table); node; node = toml_next(toml, node))
		if (take(layer, toml, node, name, err) < 0)
			return err->code;
	return 0;
}

static int read_text(struct str text, const struct layer *layer, struct err *err)
{
	cleanup_with(toml_fini) struct toml toml = { 0 };
	const struct seal_toml_node *table;

	if (toml_read(&toml, text, layer->path, err) < 0)
		return err->code;
	for (table = toml_first(&toml, toml_root(&toml)); table; table = toml_next(&toml, table))
		if (take_table(layer, &toml, table, err) < 0)
			return err->code;
	return 0;
}

/* -- the layers -- */

static int read_layer(struct config *config, const char *path, bool is_project, bool is_wanted,
                      struct err *err)
{
	const struct layer layer = { config, path, is_project };
	cleanup_buf struct buf text = BUF_INIT;
	int r = fd_read_file(AT_FDCWD, path, CONFIG_SIZE_MAX, &text, err);

	if (r < 0 && err->sys == ENOENT && !is_wanted)
		return 0;
	if (r < 0 && is_wanted)
		return err_set(err, ERR_INPUT, "SEAL_CONFIG names %s: %s", path,
		               strerror(err->sys));
	if (r < 0)
		return err_wrap(err, "the configuration");
	return read_text(buf_str(&text), &layer, err);
}

static int read_below(struct config *config, const char *folder, const char *rest, bool is_project,
                      struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;

	buf_addf(&path, "%s%s", folder, rest);
	if (buf_check(&path, "the path", err) < 0)
		return err->code;
	return read_layer(config, path.data, is_project, false, err);
}

static int read_all(const char *root, struct config *config, struct err *err)
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	const char *named = getenv("SEAL_CONFIG");

	if (home && home[0] == '/' &&
	    read_below(config, home, "/.config/seal/config.toml", false, err) < 0)
		return err->code;
	if (xdg && xdg[0] == '/' && read_below(config, xdg, "/seal/config.toml", false, err) < 0)
		return err->code;
	if (named && named[0] && read_layer(config, named, false, true, err) < 0)
		return err->code;
	return root ? read_below(config, root, "/.seal/config.toml", true, err) : 0;
}

int config_load(const char *root, struct config *ret_config, struct err *err)
{
	cleanup_config struct config config = { 0 };

	for (size_t i = 0; i < CONFIG_MAX; i++) {
		config.values[i].text = str_dup(str_of(config_settings[i].fallback));
		if (!config.values[i].text)
			return err_nomem(err);
	}
	if (read_all(root, &config, err) < 0)
		return err->code;
	*ret_config = config;
	config = (struct config){ 0 };
	return 0;
}

int config_path(const char *root, char **ret_path, struct err *err)
{
	const char *named = getenv("SEAL_CONFIG");
	cleanup_free char *dir = NULL;
	cleanup_buf struct buf path = BUF_INIT;

	if (root) {
		buf_addf(&path, "%s/.seal/config.toml", root);
	} else if (named && named[0]) {
		buf_adds(&path, named);
	} else {
		if (dirs_get(DIRS_CONFIG, &dir, err) < 0)
			return err->code;
		buf_addf(&path, "%s/config.toml", dir);
	}
	*ret_path = buf_take(&path);
	return *ret_path ? 0 : err_nomem(err);
}

/* -- what is asked of it -- */

bool config_flag(const struct config *config, enum config_key key)
{
	return strcmp(config->values[key].text, "true") == 0;
}

unsigned int config_number(const struct config *config, enum config_key key)
{
	return (unsigned int)strtoul(config->values[key].text, NULL, 10);
}

const char *config_word(const struct config *config, enum config_key key)
{
	return config->values[key].text;
}

int config_find(const char *name, enum config_key *ret_key, struct err *err)
{
	cleanup_buf struct buf all = BUF_INIT;
	cleanup_buf struct buf hint = BUF_INIT;

	for (size_t i = 0; i < CONFIG_MAX; i++) {
		cleanup_buf struct buf known = BUF_INIT;

		buf_addf(&known, "%s.%s", config_settings[i].table, config_settings[i].key);
		buf_addf(&all, "%s%s", all.len ? "|" : "", known.data ? known.data : "");
		if (str_is(buf_str(&known), name)) {
			*ret_key = (enum config_key)i;
			return 0;
		}
	}
	manifest_suggest_choice(all.data ? all.data : "", str_of(name), &hint);
	return err_set(err, ERR_INPUT, "there is no setting \"%.64s\"; %.*s", name,
	               STR_ARG(buf_str(&hint)));
}
