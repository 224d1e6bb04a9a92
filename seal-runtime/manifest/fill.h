/*
 * Private to manifest/: nodes of TOML to the fields of struct manifest, by the
 * rows of manifest.def, writing the normalised values on the way.
 */
#pragma once

#include "base/json.h"
#include "manifest/keys.h"
#include "manifest/store.h"

struct err;

struct fill {
	struct toml *toml;
	struct manifest_store *store;
	struct json *values; /* NULL: not wanted (defaults) */
};

/* Every member of `table` has a row; `name` is the table's in manifest.def. */
int fill_check_names(struct fill *fill, const struct seal_toml_node *table, const char *name,
		     struct err *err);

/* One value into `base` + the row's offset. */
int fill_value(struct fill *fill, const struct manifest_key *key, const struct seal_toml_node *node,
	       void *base, struct err *err);

/* As arrays stand in struct manifest: pointer, then length. */
struct fill_array {
	void *items;
	size_t n;
};

/* The same for an array of entries; entries.c. */
int fill_entries(struct fill *fill, const struct manifest_key *key,
		 const struct seal_toml_node *node, struct fill_array *ret_array, struct err *err);

size_t fill_count(const struct toml *toml, const struct seal_toml_node *node);

/* " in [model]", or "" for the root; for messages. */
const char *fill_where(const char *table, char *space, size_t size);
#define FILL_WHERE_MAX 96
