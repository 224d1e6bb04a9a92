/*
 * The smallest manifest under which past sessions run without a prompt.
 *
 * Each thing that was done is granted by itself, each thing that was refused and
 * would be asked about is denied; a rule without which nothing would change is
 * not in it.  What is no rule (the model, limits, the sandbox, what commands see
 * of the environment and the network) is that of the last session.
 */
#pragma once

#include <stdbool.h>

struct buf;
struct err;
struct past;

/* `broad`: the step that the prompt recommends instead of the exact one.
 * *ret_text loads; what cannot be granted once for all is a comment in it. */
int suggest_manifest(const struct past *past, bool broad, struct buf *ret_text, struct err *err);
