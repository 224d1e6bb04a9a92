/* A stream of this protocol, cut in any way, gives one reply. */
#include <stddef.h>
#include <stdint.h>

#include "llm/backend.h"
#include "wire_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	wire_check(&wire_openai_responses, bytes, size);
	return 0;
}
