#include "seal-cli/schema.h"

#include <stdint.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "manifest/keys.h"

static void put_string_type(struct json *json)
{
	json_kv(json, "type", STR("string"));
	/* As the loader: no control characters. */
	json_kv(json, "pattern", STR("^[^\\u0000-\\u001f\\u007f]*$"));
}

static void put_choices(struct json *json, const char *choices)
{
	struct str rest = str_of(choices), choice;

	json_key(json, "enum");
	json_array(json);
	while (str_split(&rest, '|', &choice))
		json_put(json, choice);
	json_end(json);
}

static void put_range(struct json *json, int64_t min, int64_t max)
{
	json_kv_int(json, "minimum", min);
	if (max != INT64_MAX)
		json_kv_int(json, "maximum", max);
}

static void put_string(struct json *json, const struct manifest_key *key)
{
	if (key->choices) {
		put_choices(json, key->choices);
		return;
	}
	put_string_type(json);
	if (!key->initial)
		json_kv_int(json, "minLength", 1);
}

static void put_strings(struct json *json, const struct manifest_key *key)
{
	json_kv(json, "type", STR("array"));
	json_key(json, "items");
	json_object(json);
	json_kv(json, "type", STR("string"));
	json_kv_int(json, "minLength", 1);
	json_kv(json, "pattern",
		key->is_variable ? STR("^[A-Za-z_*][A-Za-z0-9_*]*$")
				 : STR("^[^\\u0000-\\u001f\\u007f]*$"));
	json_end(json);
}

static void put_table(struct json *json, const char *name);

/* A bare string, or the table of an entry. */
static void put_entries(struct json *json, const struct manifest_key *key)
{
	const struct manifest_table *table = manifest_table_find(str_of(key->entry));

	json_kv(json, "type", STR("array"));
	json_key(json, "items");
	json_object(json);
	json_key(json, "oneOf");
	json_array(json);
	json_object(json);
	put_string(json, manifest_key_find(key->entry, str_of(table->plain)));
	json_end(json);
	json_object(json);
	put_table(json, key->entry);
	json_end(json);
	json_end(json);
	json_end(json);
}

static void put_ports(struct json *json)
{
	json_kv(json, "type", STR("array"));
	json_key(json, "items");
	json_object(json);
	json_kv(json, "type", STR("integer"));
	put_range(json, 1, UINT16_MAX);
	json_end(json);
}

static void put_headers(struct json *json)
{
	json_kv(json, "type", STR("object"));
	json_key(json, "propertyNames");
	json_object(json);
	json_kv(json, "pattern", STR("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"));
	json_end(json);
	json_key(json, "additionalProperties");
	json_object(json);
	put_string_type(json);
	json_kv_int(json, "minLength", 1);
	json_end(json);
}

static void put_type(struct json *json, const struct manifest_key *key)
{
	switch (key->type) {
	case TYPE_STRING:
		put_string(json, key);
		break;
	case TYPE_INTEGER:
		json_kv(json, "type", STR("integer"));
		put_range(json, key->min, key->max);
		break;
	case TYPE_NUMBER:
		json_kv(json, "type", STR("number"));
		put_range(json, key->min, key->max);
		break;
	case TYPE_BOOLEAN:
	case TYPE_TRISTATE:
		json_kv(json, "type", STR("boolean"));
		break;
	case TYPE_ENUM:
	case TYPE_SWITCH:
		put_choices(json, key->choices);
		break;
	case TYPE_STRINGS:
		put_strings(json, key);
		break;
	case TYPE_PORTS:
		put_ports(json);
		break;
	case TYPE_HEADERS:
		put_headers(json);
		break;
	case TYPE_ENTRIES:
		put_entries(json, key);
		break;
	}
}

static void put_key(struct json *json, const struct manifest_key *key)
{
	json_key(json, key->name);
	json_object(json);
	json_kv(json, "description", str_of(key->sentence));
	put_type(json, key);
	/* The defaults of manifest.def are TOML that is JSON too. */
	if (key->initial)
		json_kv_raw(json, "default", str_of(key->initial));
	json_end(json);
}

/* The part of `name` right below `table`; empty when it is not below. */
static struct str part_below(const char *table, const char *name)
{
	size_t len = strlen(table);
	struct str rest = str_of(name);

	if (name[0] == '@' || name[0] == '\0')
		return (struct str){0};
	if (len && (strncmp(name, table, len) != 0 || name[len] != '.'))
		return (struct str){0};
	rest = str_from(rest, len ? len + 1 : 0);
	return str_head(rest, str_chr(rest, '.'));
}

static void put_below(struct json *json, const char *table, struct str part)
{
	cleanup_buf struct buf key = BUF_INIT, name = BUF_INIT;

	buf_add(&key, part);
	buf_addf(&name, "%s%s%.*s", table, table[0] ? "." : "", STR_ARG(part));
	if (key.failed || name.failed) {
		json->buf->failed = true;
		return;
	}
	json_key(json, key.data);
	json_object(json);
	put_table(json, name.data);
	json_end(json);
}

static void put_properties(struct json *json, const char *name)
{
	struct str last = {0};

	json_key(json, "properties");
	json_object(json);
	for (size_t i = 0; i < manifest_n_keys; i++)
		if (strcmp(manifest_keys[i].table, name) == 0)
			put_key(json, &manifest_keys[i]);
	for (size_t i = 0; name[0] != '@' && i < manifest_n_tables; i++) {
		struct str part = part_below(name, manifest_tables[i].name);

		if (part.len && !str_eq(part, last)) {
			put_below(json, name, part);
			last = part;
		}
	}
	json_end(json);
}

static void put_required(struct json *json, const char *name)
{
	json_key(json, "required");
	json_array(json);
	for (size_t i = 0; i < manifest_n_keys; i++)
		if (strcmp(manifest_keys[i].table, name) == 0 && manifest_keys[i].required)
			json_put(json, str_of(manifest_keys[i].name));
	if (name[0] == '\0')
		json_put(json, STR("model"));
	json_end(json);
}

static void put_table(struct json *json, const char *name)
{
	const struct manifest_table *table = manifest_table_find(str_of(name));

	json_kv(json, "type", STR("object"));
	if (table && name[0])
		json_kv(json, "description", str_of(table->sentence));
	put_properties(json, name);
	put_required(json, name);
	json_kv_bool(json, "additionalProperties", false);
}

/* What a row alone cannot say; parse.c says the same in check_together(). */
static void put_together(struct json *json)
{
	json_kv_raw(
	    json, "allOf",
	    STR("[{\"if\":{\"properties\":{\"model\":{\"properties\":{\"thinking\":{\"const\":"
		"\"manual\"}},"
		"\"required\":[\"thinking\"]}}},\"then\":{\"properties\":{\"model\":{\"required\":"
		"[\"thinking_budget\"]}}}},{\"if\":{\"properties\":{\"model\":{\"properties\":{"
		"\"provider\":"
		"{\"const\":\"local\"}}}}},\"then\":{\"properties\":{\"model\":{\"required\":["
		"\"base_url\"]}}}}]"));
}

void schema_write(struct buf *text)
{
	struct json json = json_to(text);

	json_object(&json);
	json_kv(&json, "$schema", STR("https://json-schema.org/draft/2020-12/schema"));
	json_kv(&json, "title", STR("seal.toml"));
	json_kv(
	    &json, "description",
	    STR("The manifest of a project: what its coding agent may do. See seal-manifest(5)."));
	put_table(&json, "");
	put_together(&json);
	json_end(&json);
	buf_addc(text, '\n');
}
