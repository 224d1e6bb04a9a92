#include "base/err.h"
#include "manifest/fill.h"
#include "manifest/manifest.h"

/* What the forms of entries are in C. */
static const struct form {
	const char *name;
	size_t size, line, column; /* column 0: none */
} forms[] = {
    {"@allow-path", sizeof(struct manifest_path), offsetof(struct manifest_path, line),
     offsetof(struct manifest_path, column)},
    {"@deny-path", sizeof(struct manifest_path), offsetof(struct manifest_path, line),
     offsetof(struct manifest_path, column)},
    {"@allow-command", sizeof(struct manifest_command), offsetof(struct manifest_command, line),
     offsetof(struct manifest_command, column)},
    {"@deny-command", sizeof(struct manifest_command), offsetof(struct manifest_command, line),
     offsetof(struct manifest_command, column)},
    {"@tool", sizeof(struct manifest_tool), offsetof(struct manifest_tool, line), 0},
};

static const struct form *form_of(const char *name)
{
	const struct form *form = forms;

	while (strcmp(form->name, name) != 0)
		form++;
	return form;
}

/* A row of an entry; a switch that is on unless said otherwise starts so. */
static int fill_member(struct fill *fill, const struct manifest_key *key,
		       const struct seal_toml_node *entry, void *base, struct err *err)
{
	const struct seal_toml_node *node = toml_member(fill->toml, entry, str_of(key->name));
	char where[FILL_WHERE_MAX];

	if (key->type == TYPE_BOOLEAN)
		*(bool *)((char *)base + key->offset) = strcmp(key->initial, "true") == 0;
	if (!node && key->required)
		return toml_fail(fill->toml, entry->start, err, "\"%s\" is missing%s; add it",
				 key->name, fill_where(key->table, where, sizeof(where)));
	if (!node)
		return 0;
	if (fill->values)
		json_key(fill->values, key->name);
	return fill_value(fill, key, node, base, err);
}

/* "x" means the same as { command = "x" }, and is signed as the same. */
static int fill_plain(struct fill *fill, const struct manifest_table *table,
		      const struct seal_toml_node *node, void *base, struct err *err)
{
	for (size_t i = 0; i < manifest_n_keys; i++) {
		const struct manifest_key *key = &manifest_keys[i];
		int r;

		if (strcmp(key->table, table->name) != 0)
			continue;
		if (key->type == TYPE_BOOLEAN)
			*(bool *)((char *)base + key->offset) = strcmp(key->initial, "true") == 0;
		if (strcmp(key->name, table->plain) != 0)
			continue;
		if (fill->values)
			json_key(fill->values, key->name);
		r = fill_value(fill, key, node, base, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int fill_table(struct fill *fill, const struct manifest_table *table,
		      const struct seal_toml_node *node, void *base, struct err *err)
{
	int r = fill_check_names(fill, node, table->name, err);

	for (size_t i = 0; r == 0 && i < manifest_n_keys; i++)
		if (strcmp(manifest_keys[i].table, table->name) == 0)
			r = fill_member(fill, &manifest_keys[i], node, base, err);
	return r;
}

static int fill_entry(struct fill *fill, const struct form *form, const struct seal_toml_node *node,
		      void *base, struct err *err)
{
	const struct manifest_table *table = manifest_table_find(str_of(form->name));
	unsigned int line, column;
	int r;

	toml_position(fill->toml, node->start, &line, &column);
	*(unsigned int *)((char *)base + form->line) = line;
	if (form->column)
		*(unsigned int *)((char *)base + form->column) = column;
	if (fill->values)
		json_object(fill->values);
	if (node->kind == SEAL_TOML_STRING)
		r = fill_plain(fill, table, node, base, err);
	else if (toml_is_table(node))
		r = fill_table(fill, table, node, base, err);
	else
		r = toml_fail(fill->toml, node->start, err,
			      "the entry is %s, must be a string or a table { %s = \"...\" }",
			      toml_kind(node), table->plain);
	if (fill->values)
		json_end(fill->values);
	return r;
}

int fill_entries(struct fill *fill, const struct manifest_key *key,
		 const struct seal_toml_node *node, struct fill_array *ret_array, struct err *err)
{
	const struct form *form = form_of(key->entry);
	char where[FILL_WHERE_MAX];
	size_t n = 0;
	char *items;
	int r = 0;

	if (node->kind != SEAL_TOML_ARRAY && node->kind != SEAL_TOML_ARRAY_OF_TABLES)
		return toml_fail(fill->toml, node->start, err, "%s%s is %s, must be an array",
				 key->name, fill_where(key->table, where, sizeof(where)),
				 toml_kind(node));
	items = manifest_store_take(fill->store, fill_count(fill->toml, node), form->size);
	if (!items)
		return err_nomem(err);
	if (fill->values)
		json_array(fill->values);
	for (node = toml_first(fill->toml, node); r == 0 && node;
	     node = toml_next(fill->toml, node))
		r = fill_entry(fill, form, node, items + form->size * n++, err);
	if (fill->values)
		json_end(fill->values);
	*ret_array = (struct fill_array){items, n};
	return r;
}
