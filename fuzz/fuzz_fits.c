/* A JSON Schema and a value, a line each, from a person's file and a model. */
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "seal-cli/run/fits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	size_t cut = str_chr(text, '\n');
	cleanup_json yyjson_doc *schema = NULL;
	cleanup_json yyjson_doc *value = NULL;
	cleanup_buf struct buf why = BUF_INIT;
	struct err err;

	if (cut == STR_NONE)
		return 0;
	schema = json_read(str_head(text, cut), NULL, NULL);
	value = json_read(str_from(text, cut + 1), NULL, NULL);
	if (schema && value && fits_check_schema(yyjson_doc_get_root(schema), &err) == 0)
		(void)fits(yyjson_doc_get_root(schema), yyjson_doc_get_root(value), &why);
	return 0;
}
