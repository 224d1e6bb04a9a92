/*
 * config.toml: settings of the person, not of the project.  Layers, the later
 * over the earlier: what is built in, ~/.config/seal/config.toml,
 * $XDG_CONFIG_HOME/seal/config.toml, the file that $SEAL_CONFIG names, and for
 * looks alone the project's .seal/config.toml.  A command's flags stand over all.
 *
 * `seal` and seald load it at their start.  Nothing in it grants a call anything:
 * that is seal.toml's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"

struct buf;
struct err;

enum config_key {
#define SETTING(name, table, key, kind, fallback, choices, who, sentence) CONFIG_##name,
#include "seal-runtime/config/config.def"
#undef SETTING
	CONFIG_MAX
};

enum config_kind { CONFIG_FLAG, CONFIG_NUMBER, CONFIG_WORD };

struct config_value {
	char *text;   /* as it is written in the file, without quotes */
	char *origin; /* the file; NULL: built in */
	unsigned int line;
};

struct config {
	struct config_value values[CONFIG_MAX];
};

struct config_setting {
	const char *table, *key;
	enum config_kind kind;
	const char *fallback, *choices;
	bool is_everywhere; /* a project's file may set it */
	const char *sentence;
};
extern const struct config_setting config_settings[CONFIG_MAX];

/* `root`: the project, or NULL.  ERR_INPUT says file, line, column and remedy. */
int config_load(const char *root, struct config *ret_config, struct err *err);
void config_fini(struct config *config);
static inline void config_finip(struct config *config)
{
	config_fini(config);
}
#define cleanup_config cleanup_with(config_fini)

bool config_flag(const struct config *config, enum config_key key);
unsigned int config_number(const struct config *config, enum config_key key);
const char *config_word(const struct config *config, enum config_key key);

/* By "table.key"; ERR_INPUT names the nearest. */
int config_find(const char *name, enum config_key *ret_key, struct err *err);

/* Is the text a value of that setting?  ERR_INPUT says which are. */
int config_check(enum config_key key, struct str value, struct err *err);

/* The text of a config.toml with this value in it; the rest stays byte for byte. */
int config_edit(struct str text, enum config_key key, struct str value, struct buf *ret_text,
		struct err *err);

/* The file that `seal config set` writes: the project's, or the person's. */
int config_path(const char *root, char **ret_path, struct err *err);
