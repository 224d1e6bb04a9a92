/* `seal config`: the person's settings, where each comes from, and how to set one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "seal-cli/cmd.h"
#include "seal-runtime/config/config.h"
#include "seal-runtime/manifest/manifest.h"

#define CONFIG_FILE_MAX ((size_t)256 << 10)

static const char help[] =
	"usage: seal config list [--json]\n"
	"       seal config get KEY\n"
	"       seal config set KEY VALUE [--project]\n\n"
	"Settings of config.toml, the later layer over the earlier: built in,\n"
	"~/.config/seal/config.toml, $XDG_CONFIG_HOME/seal/config.toml, the file that "
        "$SEAL_CONFIG\n"
	"names, and for [tui] alone the project's .seal/config.toml. Flags stand over all.\n"
	"`list` says of each value which file it is from. `set` writes your own file, or with\n"
	"--project the project's. A daemon that runs reads its settings when it starts again.\n";

/* The project of this folder; NULL where there is none. */
static char *find_root(void)
{
	cleanup_free char *cwd = realpath(".", NULL);
	char *root = NULL;
	struct err ignored;

	return cwd && manifest_find_root(cwd, &root, &ignored) == 0 ? root : NULL;
}

int config_load_here(struct config *ret_config, struct err *err)
{
	cleanup_free char *root = find_root();

	return config_load(root, ret_config, err);
}

static void put_json(const struct config *config)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	json_array(&w);
	for (size_t i = 0; i < CONFIG_MAX; i++) {
		const struct config_setting *setting = &config_settings[i];
		const struct config_value *value = &config->values[i];
		cleanup_buf struct buf name = BUF_INIT;

		buf_addf(&name, "%s.%s", setting->table, setting->key);
		json_object(&w);
		json_kv(&w, "key", buf_str(&name));
		if (setting->kind == CONFIG_WORD)
			json_kv(&w, "value", str_of(value->text));
		else
			json_kv_raw(&w, "value", str_of(value->text));
		json_kv(&w, "origin", value->origin ? str_of(value->origin) : STR("built in"));
		if (value->origin)
			json_kv_int(&w, "line", value->line);
		json_kv(&w, "meaning", str_of(setting->sentence));
		json_end(&w);
	}
	json_end(&w);
	puts(text.data ? text.data : "");
}

static void put_text(const struct config *config)
{
	for (size_t i = 0; i < CONFIG_MAX; i++) {
		const struct config_value *value = &config->values[i];
		int width = 28 - (int)strlen(config_settings[i].table);

		printf("%s.%-*s %-8s ", config_settings[i].table, width, config_settings[i].key,
		       value->text);
		if (value->origin)
			printf("%s:%u\n", value->origin, value->line);
		else
			puts("built in");
	}
}

static int list(int argc, char **argv, struct err *err)
{
	cleanup_config struct config config = { 0 };
	bool json = argc == 3 && strcmp(argv[2], "--json") == 0;

	if (argc > 2 && !json)
		return err_set(err, ERR_INPUT,
		               "config: list takes --json alone; see `seal config --help`");
	if (config_load_here(&config, err) < 0)
		return err->code;
	if (json)
		put_json(&config);
	else
		put_text(&config);
	return EXIT_DONE;
}

static int get(int argc, char **argv, struct err *err)
{
	cleanup_config struct config config = { 0 };
	enum config_key key;

	if (argc != 3)
		return err_set(err, ERR_INPUT, "config: get needs one KEY, such as tui.theme");
	if (config_find(argv[2], &key, err) < 0 || config_load_here(&config, err) < 0)
		return err->code;
	puts(config_word(&config, key));
	return EXIT_DONE;
}

/* The folder of a project's file may not be there yet. */
static int make_folder(const char *root, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;

	buf_addf(&path, "%s/.seal", root);
	if (buf_check(&path, "the path", err) < 0)
		return err->code;
	if (mkdir(path.data, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "make %s", path.data);
	return 0;
}

static int write_value(const char *root, enum config_key key, const char *value, struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_buf struct buf before = BUF_INIT;
	cleanup_buf struct buf after = BUF_INIT;
	int r;

	if ((root && make_folder(root, err) < 0) || config_path(root, &path, err) < 0)
		return err->code;
	r = fd_read_file(AT_FDCWD, path, CONFIG_FILE_MAX, &before, err);
	if (r < 0 && err->sys != ENOENT)
		return r;
	r = config_edit(buf_str(&before), key, str_of(value), &after, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	return fd_replace_path(path, buf_str(&after), root ? 0644 : 0600, err);
}

static int set(int argc, char **argv, struct err *err)
{
	bool is_project = argc == 5 && strcmp(argv[4], "--project") == 0;
	cleanup_free char *root = is_project ? find_root() : NULL;
	cleanup_config struct config config = { 0 };
	enum config_key key;

	if (argc != 4 && !is_project)
		return err_set(err, ERR_INPUT, "config: set needs KEY VALUE [--project]");
	if (config_find(argv[2], &key, err) < 0)
		return err->code;
	if (is_project && !root)
		return err_set(err, ERR_INPUT,
		               "config: there is no project here: no seal.toml at or above");
	if (is_project && !config_settings[key].is_everywhere)
		return err_set(err, ERR_INPUT,
		               "config: a project sets looks ([tui]) only, because others write "
		               "its files; "
		               "leave --project away");
	if (write_value(root, key, argv[3], err) < 0)
		return err->code;
	/* What was written is also what holds, or the person is told what stands above it. */
	if (config_load_here(&config, err) < 0)
		return err->code;
	if (strcmp(config_word(&config, key), argv[3]) != 0)
		(void)fprintf(stderr, "seal: config: written, but %s says %s\n",
		              config.values[key].origin, config_word(&config, key));
	return EXIT_DONE;
}

int cmd_config(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv, struct err *err);
	} verbs[] = { { "list", list }, { "get", get }, { "set", set } };
	struct err err;

	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int r;

		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		r = verbs[i].run(argc, argv, &err);
		return r < 0 ? cmd_fail(&err) : r;
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(help, stdout);
		return EXIT_DONE;
	}
	(void)fputs(help, stderr);
	return EXIT_INPUT;
}
