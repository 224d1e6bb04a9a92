#include "seal-cli/run/output.h"

#include <fcntl.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "seal-cli/run/fits.h"

#define SCHEMA_MAX ((size_t)1 << 20)

void output_fini(struct output *output)
{
	json_free(output->schema);
	json_free(output->value);
	*output = (struct output){ 0 };
}

int output_load(struct output *output, const char *path, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	size_t at = 0;
	int r = fd_read_file(AT_FDCWD, path, SCHEMA_MAX, &text, err);

	if (r < 0)
		return err_set(err, ERR_INPUT, "run: --output-schema %s: %s", path,
		               err->sys ? strerror(err->sys) : err->text);
	output->schema = json_read(buf_str(&text), NULL, &at);
	if (!output->schema)
		return err_set(err, ERR_INPUT, "run: --output-schema %s: it is not JSON (byte %zu)",
		               path, at);
	if (fits_check_schema(yyjson_doc_get_root(output->schema), err) < 0)
		return err_wrap(err, "run: --output-schema %s", path);
	return 0;
}

void output_ask(const struct output *output, struct str prompt, struct buf *ret_text)
{
	struct json w = json_to(ret_text);

	buf_add(ret_text, prompt);
	if (!output->schema)
		return;
	buf_adds(ret_text, "\n\nWhen you are done, answer with one JSON value and nothing else: no "
	                   "words around "
	                   "it, no code fence. It must fit this JSON Schema:\n");
	json_put_val(&w, yyjson_doc_get_root(output->schema));
}

void output_ask_again(struct str why, struct buf *ret_text)
{
	buf_adds(ret_text, "Your answer does not fit the schema: ");
	buf_add(ret_text, why);
	buf_adds(ret_text, ". Answer again with one JSON value that does, and nothing else.");
}

/* Models like to put a fence around JSON. */
static struct str without_fence(struct str text)
{
	text = str_trim(text);
	if (!str_starts(text, STR("```")) || !str_ends(text, STR("```")) || text.len < 6)
		return text;
	text = str_head(text, text.len - 3);
	return str_trim(
		str_from(text, str_chr(text, '\n') == STR_NONE ? text.len : str_chr(text, '\n')));
}

bool output_take(struct output *output, struct str answer, struct buf *ret_why)
{
	cleanup_json yyjson_doc *value = json_read(without_fence(answer), NULL, NULL);

	if (!value) {
		buf_adds(ret_why, "the answer is not one JSON value");
		return false;
	}
	if (!fits(yyjson_doc_get_root(output->schema), yyjson_doc_get_root(value), ret_why))
		return false;
	json_free(output->value);
	output->value = take_ptr(value);
	return true;
}
