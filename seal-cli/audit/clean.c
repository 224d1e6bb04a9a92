#include "seal-cli/audit/clean.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "seal-cli/run/clean.h"

void clean_add(struct buf *out, struct str text, size_t max)
{
	cleanup_free char *bytes = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&bytes, &len);

	if (!stream) {
		out->failed = true;
		return;
	}
	clean_put(stream, str_head(text, utf8_cut(text, max)), true);
	if (fclose(stream) == 0)
		buf_add(out, (struct str){ bytes, len });
	else
		out->failed = true;
	if (text.len > max)
		buf_adds(out, "...");
}
