/* Private to mask/: which texts are secrets. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

#define SECRET_MIN 8
#define SECRET_MAX 4096

/* Called for each secret; `name` says where it comes from. */
typedef void secret_fn(void *ctx, struct str name, struct str value);

/* NAME=value of an environment. */
void secrets_of_variable(struct str name, struct str value, secret_fn *found, void *ctx);

/* A file of secrets: variables, key files, whatever words have the look of one. */
void secrets_of_file(struct str name, struct str text, secret_fn *found, void *ctx);
