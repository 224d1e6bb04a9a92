/* A session as one file, of a stranger: only names of a log's files come out. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "seal-cli/audit/bundle.h"

static int put(void *ctx, struct str name, struct str bytes, struct err *err)
{
	volatile char last = 0;

	(void)ctx, (void)err;
	assert(name.len && name.data[0] != '/' && str_find(name, STR(".."), 0) == STR_NONE);
	if (bytes.len)
		last = bytes.data[bytes.len - 1];
	(void)last;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char id[BUNDLE_ID_LEN + 1];
	struct err err;

	if (bundle_read((struct str){ (const char *)data, size }, put, NULL, id, &err) == 0)
		assert(strlen(id) == BUNDLE_ID_LEN);
	return 0;
}
