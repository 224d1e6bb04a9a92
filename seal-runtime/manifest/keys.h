/* The rows of manifest.def, and finding one: for manifest/, the schema and the manual. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum manifest_type {
	TYPE_STRING,
	TYPE_INTEGER,
	TYPE_NUMBER,
	TYPE_BOOLEAN,
	TYPE_TRISTATE,
	TYPE_ENUM,    /* the index among the choices */
	TYPE_SWITCH,  /* the same, of two, as a bool */
	TYPE_STRINGS, /* struct manifest_list */
	TYPE_PORTS,   /* uint16_t *, then size_t */
	TYPE_HEADERS, /* names, then values: two struct manifest_list */
	TYPE_ENTRIES, /* the entry's struct *, then size_t */
};

struct manifest_table {
	const char *name, *sentence;
	const char *plain; /* of an entry: the key that a bare string gives */
	size_t present;    /* offset of a bool, or 0 */
};

struct manifest_key {
	const char *table, *name;
	enum manifest_type type;
	size_t offset; /* in struct manifest, or in the entry */
	const char *sentence;
	bool required;
	bool is_variable;    /* strings are names of variables, `*` allowed */
	const char *initial; /* as TOML; NULL: unset */
	int64_t min, max;
	const char *choices; /* "a|b|c" */
	const char *entry;
	size_t has; /* offset of a bool, or 0 */
};

extern const struct manifest_table manifest_tables[];
extern const size_t manifest_n_tables;
extern const struct manifest_key manifest_keys[];
extern const size_t manifest_n_keys;

const struct manifest_table *manifest_table_find(struct str name);
const struct manifest_key *manifest_key_find(const char *table, struct str name);

/* Index among "a|b|c", or -1. */
int manifest_choice(const char *choices, struct str name);

/*
 * What a person may do about a name that is not known: "did you mean ...?" when
 * one is near, else all that there are.
 */
struct buf;
void manifest_suggest_key(const char *table, struct str name, struct buf *text);
void manifest_suggest_choice(const char *choices, struct str name, struct buf *text);
