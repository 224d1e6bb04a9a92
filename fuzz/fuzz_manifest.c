/*
 * seal.toml: any bytes either give a manifest or a sentence with a place; what
 * loads can be signed, and a rule can be added to it without losing a byte.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "manifest/edit.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"

/* All of `before` is in `after`, in order; an edit only adds, or makes true false. */
static bool is_kept(struct str before, struct str after)
{
	size_t at = 0;

	for (size_t i = 0; i < after.len && at < before.len; i++)
		at += after.data[i] == before.data[at];
	return at == before.len || str_find(after, STR("false"), 0) != STR_NONE;
}

static void add_rule(const struct manifest *manifest, enum manifest_edit_section section)
{
	const struct manifest_edit edit = {EDIT_ALLOW, section, STR("x-added/y"), false};
	cleanup_buf struct buf text = BUF_INIT, again = BUF_INIT;
	struct err err;

	if (manifest_edit_add(manifest->text, &edit, &text, &err) < 0)
		return;
	assert(is_kept(manifest->text, buf_str(&text)));
	/* What was added is found again, so nothing is added twice. */
	assert(manifest_edit_add(buf_str(&text), &edit, &again, &err) == 0);
	assert(str_eq(buf_str(&text), buf_str(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf bytes = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	struct err err = {0};

	if (manifest_parse((struct str){(const char *)data, size}, "t", &manifest, &err) < 0) {
		assert(strncmp(err.text, "t:", 2) == 0 && err.code == ERR_INPUT);
		return 0;
	}
	assert(manifest_canonical(manifest, MANIFEST_ANY_ROOT, &bytes, &err) == 0);
	doc = json_read(buf_str(&bytes), NULL, NULL);
	assert(doc);
	add_rule(manifest, EDIT_COMMANDS);
	add_rule(manifest, EDIT_READ);
	add_rule(manifest, EDIT_NETWORK);
	return 0;
}
