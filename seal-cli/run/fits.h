/*
 * Does a JSON value fit a JSON Schema?  For `seal run --output-schema`.
 *
 * A subset of draft 2020-12, without the network: what is not in it is refused
 * when the schema is loaded, so that no rule is silently not checked.
 */
#pragma once

#include <stdbool.h>

#include "base/json.h"

struct buf;
struct err;

/* ERR_INPUT names the keyword that is not known, or that has a wrong form. */
int fits_check_schema(yyjson_val *schema, struct err *err);

/* false: *ret_why says where and what, such as "/items/0: must be a string". */
bool fits(yyjson_val *schema, yyjson_val *value, struct buf *ret_why);
