/*
 * A WIT type as a tree, read from its canonical text ("func(path:string)->
 * result<list<u8>,string>"), which `seal-wit signatures` and host/reflect.c
 * write alike.  Private to host/ and its fuzz target.  Knows no engine.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct type;

enum type_kind {
	TYPE_BOOL,
	TYPE_S8,
	TYPE_S16,
	TYPE_S32,
	TYPE_S64,
	TYPE_U8,
	TYPE_U16,
	TYPE_U32,
	TYPE_U64,
	TYPE_STRING,
	TYPE_LIST,   /* one member */
	TYPE_OPTION, /* one member */
	TYPE_RESULT, /* two members: ok, err; either may have no type */
	TYPE_TUPLE,
	TYPE_RECORD,  /* members are fields */
	TYPE_VARIANT, /* members are cases; without a type: no payload */
	TYPE_ENUM,
	TYPE_FLAGS,
	TYPE_FUNC, /* members are parameters */
};

struct type_member {
	char *name; /* NULL in list, option and tuple; "ok", "err" in result */
	size_t name_len;
	struct type *type; /* NULL: none */
};

struct type {
	enum type_kind kind;
	size_t n_members;
	struct type_member *members;
	struct type *result; /* of a function; NULL: it returns nothing */
};

/* ERR_INPUT says at which byte the text stops being a type. */
int type_parse(struct str text, struct type **ret_type, struct err *err);
void type_free(struct type *type);
DEFINE_CLEANUP(struct type, type_free)

/* NULL when the type has no such member. */
const struct type_member *type_member_named(const struct type *type, struct str name);
struct str type_name_of(const struct type_member *member);
