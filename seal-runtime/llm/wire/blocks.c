#include "llm/wire/blocks.h"

#include "base/buf.h"
#include "base/cleanup.h"

enum block_kind block_kind(yyjson_val *block, yyjson_val **ret_val)
{
	static const char *const names[] = {
	    [BLOCK_TEXT] = "text",
	    [BLOCK_THINKING] = "thinking",
	    [BLOCK_REDACTED] = "redacted-thinking",
	    [BLOCK_TOOL_USE] = "tool-use",
	    [BLOCK_TOOL_RESULT] = "tool-result",
	    [BLOCK_IMAGE] = "image",
	};
	yyjson_obj_iter items = yyjson_obj_iter_with(block);
	yyjson_val *key = yyjson_obj_iter_next(&items);

	*ret_val = key ? yyjson_obj_iter_get_val(key) : NULL;
	for (int kind = BLOCK_TEXT; key && kind <= BLOCK_IMAGE; kind++) {
		if (str_is(json_text(key), names[kind]))
			return (enum block_kind)kind;
	}
	return BLOCK_NONE;
}

static bool is_object(struct str input)
{
	cleanup_json yyjson_doc *doc = json_read(input, NULL, NULL);

	return yyjson_is_obj(yyjson_doc_get_root(doc));
}

static void wrap(struct buf *text, struct str input)
{
	struct json w = json_to(text);

	json_object(&w);
	json_kv(&w, "invalid-json", input);
	json_end(&w);
}

void block_put_input(struct json *w, struct str input)
{
	cleanup_buf struct buf wrapped = BUF_INIT;

	if (str_trim(input).len == 0) {
		json_put_raw(w, STR("{}"));
	} else if (is_object(input)) {
		json_put_raw(w, input);
	} else {
		wrap(&wrapped, input);
		json_put_raw(w, buf_str(&wrapped));
	}
}

void block_put_input_text(struct json *w, struct str input)
{
	cleanup_buf struct buf wrapped = BUF_INIT;

	if (str_trim(input).len == 0) {
		json_put(w, STR("{}"));
	} else if (is_object(input)) {
		json_put(w, input);
	} else {
		wrap(&wrapped, input);
		json_put(w, buf_str(&wrapped));
	}
}

static bool is_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

void block_put_id(struct json *w, struct str id)
{
	cleanup_buf struct buf text = BUF_INIT;

	for (size_t i = 0; i < id.len; i++)
		buf_addc(&text, is_id_char(id.data[i]) ? id.data[i] : '_');
	json_put(w, text.len ? buf_str(&text) : STR("call"));
}
