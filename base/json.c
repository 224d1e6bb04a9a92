#include "base/json.h"

#include "base/cleanup.h"
#include "base/utf8.h"

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && c < 0x80;
}

/* A byte of the word that is below `byte` sets its top bit.  A borrow from the byte
 * before it may set it too, but only where that one has set its own. */
#define EACH(byte)         ((uint64_t)(byte) * 0x0101010101010101u)
#define BELOW(word, byte)  ((word) - EACH(byte))
#define EQUALS(word, byte) BELOW((word) ^ EACH(byte), 1)

/* How many bytes need no escape: eight at a time as long as all of them are plain. */
static size_t plain_run(struct str text)
{
	size_t n = 0;

	for (uint64_t word; n + sizeof(word) <= text.len; n += sizeof(word)) {
		memcpy(&word, text.data + n, sizeof(word));
		if ((word | BELOW(word, 0x20) | EQUALS(word, '"') | EQUALS(word, '\\') |
		     EQUALS(word, 0x7f)) &
		    EACH(0x80))
			break;
	}
	while (n < text.len && is_plain((unsigned char)text.data[n]))
		n++;
	return n;
}

/* yyjson parses without recursion, but those who walk the result recurse. */
static bool too_deep(struct str text)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		char c;

		if (in_string)
			i += plain_run(str_from(text, i));
		if (i == text.len)
			break;
		c = text.data[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if ((c == ']' || c == '}') && depth) {
			depth--;
		}
	}
	return false;
}

yyjson_doc *json_read(struct str text, enum json_fault *ret_fault, size_t *ret_at)
{
	yyjson_read_err why = { 0 };
	yyjson_doc *doc = NULL;
	enum json_fault fault = JSON_TOO_DEEP;

	if (!too_deep(text)) {
		/* Without YYJSON_READ_INSITU the text is not written to. */
		doc = yyjson_read_opts((char *)(uintptr_t)(text.data ? text.data : ""), text.len, 0,
		                       NULL, &why);
		fault = doc                                               ? JSON_OK
		        : why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? JSON_NO_MEMORY
		                                                          : JSON_SYNTAX;
	}
	if (ret_fault)
		*ret_fault = fault;
	if (ret_at)
		*ret_at = why.pos;
	return doc;
}

void json_free(yyjson_doc *doc)
{
	yyjson_doc_free(doc);
}

struct str json_str(yyjson_val *object, const char *key)
{
	yyjson_val *val = yyjson_obj_get(object, key);

	return yyjson_is_str(val) ? json_text(val) : (struct str){ NULL, 0 };
}

int64_t json_int(yyjson_val *object, const char *key, int64_t fallback)
{
	yyjson_val *val = yyjson_obj_get(object, key);

	if (yyjson_is_uint(val))
		return yyjson_get_uint(val) <= INT64_MAX ? (int64_t)yyjson_get_uint(val) : fallback;
	return yyjson_is_sint(val) ? yyjson_get_sint(val) : fallback;
}

bool json_bool(yyjson_val *object, const char *key, bool fallback)
{
	yyjson_val *val = yyjson_obj_get(object, key);

	return yyjson_is_bool(val) ? yyjson_get_bool(val) : fallback;
}

struct json json_to(struct buf *buf)
{
	return (struct json){ .buf = buf };
}

static void before_value(struct json *w)
{
	if (w->after_key)
		w->after_key = false;
	else if (w->comma[w->depth])
		buf_addc(w->buf, ',');
	w->comma[w->depth] = true;
}

static void open_with(struct json *w, char open, char close)
{
	before_value(w);
	buf_addc(w->buf, open);
	if (w->depth + 1 >= JSON_DEPTH_MAX) {
		w->buf->failed = true;
		return;
	}
	w->depth++;
	w->comma[w->depth] = false;
	w->close[w->depth] = close;
}

void json_object(struct json *w)
{
	open_with(w, '{', '}');
}

void json_array(struct json *w)
{
	open_with(w, '[', ']');
}

void json_end(struct json *w)
{
	if (w->depth == 0) {
		w->buf->failed = true;
		return;
	}
	buf_addc(w->buf, w->close[w->depth]);
	w->depth--;
}

static void put_escaped(struct buf *buf, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char *const shorts[] = {
		['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\r'] = "\\r",
		['\t'] = "\\t", ['\b'] = "\\b",  ['\f'] = "\\f",
	};

	if (c <= '\\' && shorts[c]) {
		buf_adds(buf, shorts[c]);
		return;
	}
	buf_adds(buf, "\\u00");
	buf_addc(buf, hex[c >> 4]);
	buf_addc(buf, hex[c & 15]);
}

static void put_string(struct buf *buf, struct str text)
{
	size_t at = 0;
	uint32_t point;

	(void)buf_reserve(buf, text.len + 2);
	buf_addc(buf, '"');
	while (at < text.len) {
		size_t run = plain_run(str_from(text, at)), n;

		buf_add(buf, (struct str){ text.data + at, run });
		at += run;
		if (at == text.len)
			break;
		if ((unsigned char)text.data[at] < 0x80) {
			put_escaped(buf, (unsigned char)text.data[at++]);
			continue;
		}
		n = utf8_decode(str_from(text, at), &point);
		if (n > 1)
			buf_add(buf, (struct str){ text.data + at, n });
		else
			buf_adds(buf, "\xef\xbf\xbd");
		at += n ? n : 1;
	}
	buf_addc(buf, '"');
}

void json_key(struct json *w, const char *key)
{
	before_value(w);
	put_string(w->buf, str_of(key));
	buf_addc(w->buf, ':');
	w->after_key = true;
}

void json_put(struct json *w, struct str text)
{
	before_value(w);
	put_string(w->buf, text);
}

void json_put_uint(struct json *w, uint64_t value)
{
	before_value(w);
	buf_addu(w->buf, value);
}

void json_put_int(struct json *w, int64_t value)
{
	before_value(w);
	if (value < 0)
		buf_addc(w->buf, '-');
	buf_addu(w->buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void json_put_bool(struct json *w, bool value)
{
	before_value(w);
	buf_adds(w->buf, value ? "true" : "false");
}

void json_put_null(struct json *w)
{
	before_value(w);
	buf_adds(w->buf, "null");
}

void json_put_raw(struct json *w, struct str json)
{
	before_value(w);
	buf_add(w->buf, json);
}

void json_put_val(struct json *w, yyjson_val *val)
{
	size_t len = 0;
	cleanup_free char *text = yyjson_val_write_opts(val, 0, NULL, &len, NULL);

	if (text)
		json_put_raw(w, (struct str){ text, len });
	else
		w->buf->failed = true;
}

void json_kv(struct json *w, const char *key, struct str text)
{
	json_key(w, key);
	json_put(w, text);
}

void json_kv_int(struct json *w, const char *key, int64_t value)
{
	json_key(w, key);
	json_put_int(w, value);
}

void json_kv_bool(struct json *w, const char *key, bool value)
{
	json_key(w, key);
	json_put_bool(w, value);
}

void json_kv_raw(struct json *w, const char *key, struct str json)
{
	json_key(w, key);
	json_put_raw(w, json);
}
