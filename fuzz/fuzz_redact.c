/* A redacted log of a stranger: what is said to be verified has records. */
#include <assert.h>
#include <stdint.h>

#include "base/err.h"
#include "seal-cli/audit/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redacted redacted;
	struct err err;

	if (redact_verify((struct str){ (const char *)data, size }, &redacted, &err) == 0)
		assert(redacted.n_records >= redacted.n_whole && redacted.n_records >= redacted.n_signed &&
		       redacted.n_records);
	return 0;
}
