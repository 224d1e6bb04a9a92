/* Private to manifest/: what changed between two texts, line by line. */
#pragma once

#include "base/str.h"

struct buf;

/* Lines of `- old` and `+ new`, with up to two unchanged ones around; empty when equal. */
void diff_lines(struct str before, struct str after, struct buf *out);
