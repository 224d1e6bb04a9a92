/* Borrowed bytes: a pointer and a length, never owned, not NUL-terminated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *data;
	size_t len;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })

/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).data ? (s).data : ""

/* A C string; NULL reads as empty. */
static inline struct str str_of(const char *text)
{
	return (struct str){ text ? text : "", text ? strlen(text) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
	return str_eq(a, str_of(text));
}

static inline bool str_starts(struct str a, struct str prefix)
{
	return a.len >= prefix.len && memcmp(a.data, prefix.data, prefix.len) == 0;
}

static inline bool str_ends(struct str a, struct str suffix)
{
	return a.len >= suffix.len &&
	       memcmp(a.data + a.len - suffix.len, suffix.data, suffix.len) == 0;
}

/* From `at` on; empty when `at` is past the end. */
static inline struct str str_from(struct str a, size_t at)
{
	return at >= a.len ? (struct str){ "", 0 } : (struct str){ a.data + at, a.len - at };
}

/* The first `len` bytes, or all. */
static inline struct str str_head(struct str a, size_t len)
{
	return (struct str){ a.data, len < a.len ? len : a.len };
}

#define STR_NONE ((size_t)-1)

/* Position of `needle` at or after `from`, or STR_NONE. */
size_t str_find(struct str hay, struct str needle, size_t from);

/* Position of the byte, or STR_NONE. */
size_t str_chr(struct str hay, char byte);

/* Takes the next line (without its \n) off `rest`; false when none is left. */
bool str_line(struct str *rest, struct str *ret_line);

/* Takes the next piece up to `sep` off `rest`; false when none is left. */
bool str_split(struct str *rest, char sep, struct str *ret_piece);

/* Without blanks, tabs, CR, LF at both ends. */
struct str str_trim(struct str a);

/* NUL-terminated copy, to be freed; NULL when out of memory. */
char *str_dup(struct str a);
