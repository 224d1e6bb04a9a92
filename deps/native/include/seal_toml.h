/*
 * TOML text as a flat list of nodes, each with the bytes of the text it came
 * from.  Implemented by src/toml.rs; used by seal-runtime/manifest only.
 *
 * nodes[0] is the root table.  A node's children are a chain: `first`, then
 * each one's `next`; 0 ends it, as the root is nobody's child.  Names and
 * strings are stretches of `bytes`.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum seal_toml_kind {
	SEAL_TOML_STRING = 1,
	SEAL_TOML_INTEGER,
	SEAL_TOML_FLOAT,
	SEAL_TOML_BOOL, /* in `integer` */
	SEAL_TOML_DATE,
	SEAL_TOML_ARRAY,
	SEAL_TOML_TABLE_INLINE,	  /* { ... } */
	SEAL_TOML_TABLE_DOTTED,	  /* made by a dotted key, or by the header of a table below it */
	SEAL_TOML_TABLE_HEADER,	  /* [a.b]; start..end is the header */
	SEAL_TOML_ARRAY_OF_TABLES, /* [[a.b]] */
};

struct seal_toml_node {
	uint32_t kind;
	uint32_t start, end;	/* of the value, in the text */
	uint32_t key_start;	/* of the key, in the text */
	uint32_t next, first;
	uint32_t key, key_len;	/* in `bytes` */
	uint32_t text, text_len; /* in `bytes`: a string, decoded */
	int64_t integer;
	double number;
};

struct seal_toml {
	struct seal_toml_node *nodes;
	size_t n_nodes;
	char *bytes;
	size_t n_bytes;
	size_t error_at;	/* on failure: where; `bytes` says what */
};

/* 0, or -1 with the error in ret.  Either way ret is to be freed. */
int seal_toml_parse(const char *text, size_t len, struct seal_toml *ret);
void seal_toml_free(struct seal_toml *toml);
