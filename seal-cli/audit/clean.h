/* Foreign text on one line of a terminal: no control byte reaches it. */
#pragma once

#include <stddef.h>

#include "base/str.h"

struct buf;

/* At most `max` bytes of it, cut between characters. */
void clean_add(struct buf *out, struct str text, size_t max);
