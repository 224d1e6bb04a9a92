/* UTF-8: is it valid, where may it be cut. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Strict: no overlong forms, no surrogates, at most U+10FFFF. */
bool utf8_valid(struct str text);

/* Length of the longest valid prefix. */
size_t utf8_valid_len(struct str text);

/* Decodes one code point at text.data; returns its bytes, 0 if invalid or empty. */
size_t utf8_decode(struct str text, uint32_t *ret_point);

/* The largest cut <= max that does not split a character. */
size_t utf8_cut(struct str text, size_t max);
