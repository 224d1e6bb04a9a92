/*
 * What servers tell of their models, headers of limits and all: foreign bytes
 * never crash, and sizes stay within what fits.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "llm/ask/ask.h"
#include "llm/backend.h"
#include "llm/retry.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str text = {(const char *)bytes, len};
	cleanup_json yyjson_doc *doc = json_read(text, NULL, NULL);
	struct llm llm = {.settings.model.name = STR("m"), .model = {.context = 1000, .is_guess = true}};
	char line[41];

	ask_read_sizes(&llm, yyjson_doc_get_root(doc));
	assert(llm.model.context > 0 && llm.model.context <= INT32_MAX);
	assert(llm.model.max_output >= 0 && llm.model.max_output <= INT32_MAX);
	text = str_head(text, sizeof(line) - 1);
	memcpy(line, text.data, text.len);
	line[text.len] = '\0';
	assert(retry_reset_ms(line, 1445412440) >= -1);
	return 0;
}
