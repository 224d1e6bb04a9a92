/* What a server sends with an error status becomes a sentence that is text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "llm/fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fault fault = {0};

	if (size < 1)
		return 0;
	fault_read(&fault, 200 + 2 * bytes[0], "anthropic",
		   (struct str){(const char *)bytes + 1, size - 1});
	if (fault.kind == FAULT_NONE || !utf8_valid(str_of(fault.text)))
		abort();
	fault_redact(&fault, (struct str){(const char *)bytes, size});
	return 0;
}
