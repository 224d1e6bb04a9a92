#include "manifest/fill.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "manifest/manifest.h"

const char *fill_where(const char *table, char *space, size_t size)
{
	const struct manifest_table *row = manifest_table_find(str_of(table));

	if (table[0] == '@' && row)
		(void)snprintf(space, size, " in an %.*s", (int)strlen(row->sentence) - 4,
			       row->sentence + 3);
	else if (table[0])
		(void)snprintf(space, size, " in [%s]", table);
	else
		space[0] = '\0';
	return space;
}

/* The table's member is a table of manifest.def, or on the way to one. */
static bool is_table_name(const char *table, struct str key, char *ret_name, size_t size)
{
	int len = snprintf(ret_name, size, "%s%s%.*s", table, table[0] ? "." : "", STR_ARG(key));

	if (table[0] == '@' || len < 0 || (size_t)len >= size || str_chr(key, '.') != STR_NONE)
		return false;
	for (size_t i = 0; i < manifest_n_tables; i++) {
		const char *name = manifest_tables[i].name;

		if (strncmp(name, ret_name, (size_t)len) == 0 &&
		    (name[len] == '\0' || name[len] == '.'))
			return true;
	}
	return false;
}

static int fail_unknown(struct fill *fill, const struct seal_toml_node *node, const char *table,
			struct err *err)
{
	cleanup_buf struct buf help = BUF_INIT;
	struct str key = toml_key(fill->toml, node);
	char where[FILL_WHERE_MAX];

	manifest_suggest_key(table, key, &help);
	return toml_fail(fill->toml, node->key_start, err, "unknown %s \"%.*s\"%s; %.*s",
			 toml_is_table(node) ? "table" : "key", STR_ARG(str_head(key, 100)),
			 fill_where(table, where, sizeof(where)), STR_ARG(buf_str(&help)));
}

int fill_check_names(struct fill *fill, const struct seal_toml_node *table, const char *name,
		     struct err *err)
{
	for (const struct seal_toml_node *node = toml_first(fill->toml, table); node;
	     node = toml_next(fill->toml, node)) {
		struct str key = toml_key(fill->toml, node);
		char below[128];
		int r = 0;

		if (manifest_key_find(name, key))
			continue;
		if (!is_table_name(name, key, below, sizeof(below)))
			return fail_unknown(fill, node, name, err);
		if (toml_is_table(node))
			r = fill_check_names(fill, node, below, err);
		else
			r = toml_fail(fill->toml, node->start, err,
				      "\"%s\" is %s, must be a table: [%s]", below, toml_kind(node),
				      below);
		if (r < 0)
			return r;
	}
	return 0;
}

static int fail_kind(struct fill *fill, const struct manifest_key *key,
		     const struct seal_toml_node *node, const char *want, struct err *err)
{
	char where[FILL_WHERE_MAX];

	return toml_fail(fill->toml, node->start, err, "%s%s is %s, must be %s", key->name,
			 fill_where(key->table, where, sizeof(where)), toml_kind(node), want);
}

/* A string that can be shown, compared and put into a command's environment. */
static int check_string(struct fill *fill, const struct manifest_key *key,
			const struct seal_toml_node *node, const char *want, struct err *err)
{
	char where[FILL_WHERE_MAX];
	struct str text = toml_string(fill->toml, node);

	if (node->kind != SEAL_TOML_STRING)
		return fail_kind(fill, key, node, want, err);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
			return toml_fail(fill->toml, node->start, err,
					 "%s%s has a control character (0x%02x); remove it",
					 key->name, fill_where(key->table, where, sizeof(where)),
					 (unsigned int)(unsigned char)text.data[i]);
	if (text.len == 0 && !key->initial)
		return toml_fail(fill->toml, node->start, err, "%s%s is empty; %s", key->name,
				 fill_where(key->table, where, sizeof(where)),
				 key->type == TYPE_STRING ? "give it a value or remove the key"
							  : "remove the empty string");
	return 0;
}

static int find_choice(struct fill *fill, const struct manifest_key *key,
		       const struct seal_toml_node *node, int *ret_index, struct err *err)
{
	cleanup_buf struct buf help = BUF_INIT;
	char where[FILL_WHERE_MAX];
	struct str text;

	if (node->kind != SEAL_TOML_STRING)
		return fail_kind(fill, key, node, "a string", err);
	text = toml_string(fill->toml, node);
	*ret_index = manifest_choice(key->choices, text);
	if (*ret_index >= 0)
		return 0;
	manifest_suggest_choice(key->choices, text, &help);
	return toml_fail(fill->toml, node->start, err, "\"%.*s\" is no value of %s%s; %.*s",
			 STR_ARG(str_head(text, 100)), key->name,
			 fill_where(key->table, where, sizeof(where)), STR_ARG(buf_str(&help)));
}

static int fill_string(struct fill *fill, const struct manifest_key *key,
		       const struct seal_toml_node *node, struct str *ret_text, struct err *err)
{
	int r = check_string(fill, key, node, "a string", err), index;

	if (r == 0 && key->choices)
		r = find_choice(fill, key, node, &index, err);
	if (r < 0)
		return r;
	*ret_text = toml_string(fill->toml, node);
	if (fill->values)
		json_put(fill->values, *ret_text);
	return 0;
}

static int fill_choice(struct fill *fill, const struct manifest_key *key,
		       const struct seal_toml_node *node, void *field, struct err *err)
{
	int index, r = find_choice(fill, key, node, &index, err);

	if (r < 0)
		return r;
	if (key->type == TYPE_SWITCH)
		*(bool *)field = index == 1;
	else
		*(unsigned int *)field = (unsigned int)index;
	if (fill->values)
		json_put(fill->values, toml_string(fill->toml, node));
	return 0;
}

static int fail_range(struct fill *fill, const struct manifest_key *key,
		      const struct seal_toml_node *node, struct err *err)
{
	char where[FILL_WHERE_MAX];
	int len = (int)(node->end - node->start);

	if (key->min == key->max)
		return toml_fail(fill->toml, node->start, err, "%s is %lld, must be %lld",
				 key->name, (long long)node->integer, (long long)key->min);
	return toml_fail(fill->toml, node->start, err, "%s%s is %.*s, must be from %lld to %lld",
			 key->name, fill_where(key->table, where, sizeof(where)),
			 len < 40 ? len : 40, fill->toml->text.data + node->start,
			 (long long)key->min, (long long)key->max);
}

static int fill_integer(struct fill *fill, const struct manifest_key *key,
			const struct seal_toml_node *node, int64_t *ret_value, struct err *err)
{
	if (node->kind != SEAL_TOML_INTEGER)
		return fail_kind(fill, key, node, "an integer", err);
	if (node->integer < key->min || node->integer > key->max)
		return fail_range(fill, key, node, err);
	*ret_value = node->integer;
	if (fill->values)
		json_put_int(fill->values, *ret_value);
	return 0;
}

static int fill_number(struct fill *fill, const struct manifest_key *key,
		       const struct seal_toml_node *node, double *ret_value, struct err *err)
{
	double value = node->kind == SEAL_TOML_INTEGER ? (double)node->integer : node->number;
	char text[40];

	if (node->kind != SEAL_TOML_INTEGER && node->kind != SEAL_TOML_FLOAT)
		return fail_kind(fill, key, node, "a number", err);
	if (!isfinite(value) || value < (double)key->min || value > (double)key->max)
		return fail_range(fill, key, node, err);
	*ret_value = value;
	(void)snprintf(text, sizeof(text), "%.17g", value);
	if (fill->values)
		json_put_raw(fill->values, str_of(text));
	return 0;
}

static int fill_boolean(struct fill *fill, const struct manifest_key *key,
			const struct seal_toml_node *node, void *field, struct err *err)
{
	bool is = node->integer != 0;

	if (node->kind != SEAL_TOML_BOOL)
		return fail_kind(fill, key, node, "true or false", err);
	if (key->type == TYPE_TRISTATE)
		*(enum manifest_tristate *)field = is ? TRISTATE_TRUE : TRISTATE_FALSE;
	else
		*(bool *)field = is;
	if (fill->values)
		json_put_bool(fill->values, is);
	return 0;
}

size_t fill_count(const struct toml *toml, const struct seal_toml_node *node)
{
	size_t n = 0;

	for (node = toml_first(toml, node); node; node = toml_next(toml, node))
		n++;
	return n;
}

static int list_room(struct fill *fill, size_t n, struct manifest_list *ret_list, struct err *err)
{
	*ret_list = (struct manifest_list){
	    .items = manifest_store_take(fill->store, n, sizeof(struct str)),
	    .lines = manifest_store_take(fill->store, n, sizeof(unsigned int)),
	};
	return ret_list->items && ret_list->lines ? 0 : err_nomem(err);
}

static void list_add(struct fill *fill, struct manifest_list *list, struct str text, size_t at)
{
	unsigned int column;

	toml_position(fill->toml, at, &list->lines[list->n], &column);
	list->items[list->n++] = text;
}

static int check_variable(struct fill *fill, const struct seal_toml_node *node, struct err *err)
{
	struct str text = toml_string(fill->toml, node);

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool letter =
		    (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '*';

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return toml_fail(
			    fill->toml, node->start, err,
			    "\"%.*s\" is no name of a variable; letters, digits, _ and * make one",
			    STR_ARG(str_head(text, 100)));
	}
	return 0;
}

static int fill_strings(struct fill *fill, const struct manifest_key *key,
			const struct seal_toml_node *node, struct manifest_list *ret_list,
			struct err *err)
{
	int r;

	if (node->kind != SEAL_TOML_ARRAY)
		return fail_kind(fill, key, node, "an array of strings", err);
	r = list_room(fill, fill_count(fill->toml, node), ret_list, err);
	if (fill->values)
		json_array(fill->values);
	for (node = toml_first(fill->toml, node); r == 0 && node;
	     node = toml_next(fill->toml, node)) {
		r = check_string(fill, key, node, "an array of strings", err);
		if (r == 0 && key->is_variable)
			r = check_variable(fill, node, err);
		if (r < 0)
			return r;
		list_add(fill, ret_list, toml_string(fill->toml, node), node->start);
		if (fill->values)
			json_put(fill->values, toml_string(fill->toml, node));
	}
	if (fill->values)
		json_end(fill->values);
	return r;
}

static int fill_ports(struct fill *fill, const struct manifest_key *key,
		      const struct seal_toml_node *node, struct fill_array *ret_array,
		      struct err *err)
{
	struct manifest_key port = *key;
	uint16_t *items;
	int r = 0;

	port.min = 1;
	port.max = UINT16_MAX;
	if (node->kind != SEAL_TOML_ARRAY)
		return fail_kind(fill, key, node, "an array of ports", err);
	items = manifest_store_take(fill->store, fill_count(fill->toml, node), sizeof(*items));
	if (!items)
		return err_nomem(err);
	*ret_array = (struct fill_array){items, 0};
	if (fill->values)
		json_array(fill->values);
	for (node = toml_first(fill->toml, node); r == 0 && node;
	     node = toml_next(fill->toml, node)) {
		int64_t value = 0;

		r = fill_integer(fill, &port, node, &value, err);
		items[ret_array->n++] = (uint16_t)value;
	}
	if (fill->values)
		json_end(fill->values);
	return r;
}

static bool is_header_name(struct str name)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    !(c && strchr(others, c)))
			return false;
	}
	return name.len > 0;
}

static int fill_headers(struct fill *fill, const struct manifest_key *key,
			const struct seal_toml_node *node, struct manifest_list ret_lists[2],
			struct err *err)
{
	size_t n = fill_count(fill->toml, node);
	int r;

	if (!toml_is_table(node))
		return fail_kind(fill, key, node, "a table of strings", err);
	r = list_room(fill, n, &ret_lists[0], err);
	if (r == 0)
		r = list_room(fill, n, &ret_lists[1], err);
	if (fill->values)
		json_array(fill->values);
	for (node = toml_first(fill->toml, node); r == 0 && node;
	     node = toml_next(fill->toml, node)) {
		struct str name = toml_key(fill->toml, node);
		struct str value;

		if (!is_header_name(name))
			return toml_fail(
			    fill->toml, node->key_start, err,
			    "\"%.*s\" is no name of an HTTP header; use letters, digits and -",
			    STR_ARG(str_head(name, 100)));
		if (fill->values)
			json_put(fill->values, name);
		r = fill_string(fill, key, node, &value, err);
		if (r < 0)
			return r;
		list_add(fill, &ret_lists[0], name, node->key_start);
		list_add(fill, &ret_lists[1], value, node->start);
	}
	if (fill->values)
		json_end(fill->values);
	return r;
}

int fill_value(struct fill *fill, const struct manifest_key *key, const struct seal_toml_node *node,
	       void *base, struct err *err)
{
	void *field = (char *)base + key->offset;

	if (key->has)
		*(bool *)((char *)base + key->has) = true;
	switch (key->type) {
	case TYPE_STRING:
		return fill_string(fill, key, node, field, err);
	case TYPE_INTEGER:
		return fill_integer(fill, key, node, field, err);
	case TYPE_NUMBER:
		return fill_number(fill, key, node, field, err);
	case TYPE_BOOLEAN:
	case TYPE_TRISTATE:
		return fill_boolean(fill, key, node, field, err);
	case TYPE_ENUM:
	case TYPE_SWITCH:
		return fill_choice(fill, key, node, field, err);
	case TYPE_STRINGS:
		return fill_strings(fill, key, node, field, err);
	case TYPE_PORTS:
		return fill_ports(fill, key, node, field, err);
	case TYPE_HEADERS:
		return fill_headers(fill, key, node, field, err);
	case TYPE_ENTRIES:
		return fill_entries(fill, key, node, field, err);
	}
	return err_set(err, ERR_INTERNAL, "key %s has no type", key->name);
}
