/*
 * TOML text as nodes with positions, for manifest/ and config/.  The reading itself
 * is toml_edit's, in deps/native; here are the refusals that come before it
 * and the way from a byte to a line and column.
 */
#pragma once

#include <seal_toml.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

struct toml {
	struct str text;  /* borrowed */
	const char *name; /* borrowed: what messages call the file */
	struct seal_toml raw;
	uint32_t *lines; /* where each line begins */
	size_t n_lines;
	uint32_t *points; /* characters before each TOML_STRIDE bytes */
};

#define TOML_STRIDE 256

/* On failure err says "<name>:<line>:<column>: ..." and nothing is kept. */
int toml_read(struct toml *toml, struct str text, const char *name, struct err *err);
void toml_fini(struct toml *toml);
static inline void toml_finip(struct toml *toml)
{
	toml_fini(toml);
}

/* 1-based; a column is a character. */
void toml_position(const struct toml *toml, size_t at, unsigned int *ret_line,
		   unsigned int *ret_column);

/* ERR_INPUT, "<name>:<line>:<column>: <text>". */
int toml_fail(const struct toml *toml, size_t at, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The root, and the ways from a node; NULL when there is none. */
const struct seal_toml_node *toml_root(const struct toml *toml);
const struct seal_toml_node *toml_first(const struct toml *toml, const struct seal_toml_node *node);
const struct seal_toml_node *toml_next(const struct toml *toml, const struct seal_toml_node *node);
const struct seal_toml_node *toml_member(const struct toml *toml,
					 const struct seal_toml_node *table, struct str key);
/* By a dotted name of a table; "" is the root. */
const struct seal_toml_node *toml_table(const struct toml *toml, const char *name);

bool toml_is_table(const struct seal_toml_node *node);
struct str toml_key(const struct toml *toml, const struct seal_toml_node *node);
struct str toml_string(const struct toml *toml, const struct seal_toml_node *node);
const char *toml_kind(const struct seal_toml_node *node); /* "a string" */
