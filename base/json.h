/*
 * JSON.  Reading is yyjson with our limits in front; writing is a small
 * streaming writer whose output depends on nothing but the calls made (the
 * audit log and the guest rely on that: same calls, same bytes).
 *
 * The guest links this too: no stdio here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "base/buf.h"
#include "base/str.h"

#define JSON_DEPTH_MAX 128

enum json_fault {
	JSON_OK = 0,
	JSON_SYNTAX,  /* not JSON, or not UTF-8 */
	JSON_TOO_DEEP,
	JSON_NO_MEMORY,
};

/*
 * NULL when the text is not one JSON value, is nested deeper than
 * JSON_DEPTH_MAX, or memory ran out.  *ret_fault and *ret_at (byte offset) say
 * why; both may be NULL.  Free with json_free().
 */
yyjson_doc *json_read(struct str text, enum json_fault *ret_fault, size_t *ret_at);
void json_free(yyjson_doc *doc);
static inline void json_freep(yyjson_doc **doc)
{
	json_free(*doc);
}
#define cleanup_json cleanup_with(json_free)

/* The member as text; {NULL, 0} when it is absent or no string. */
struct str json_str(yyjson_val *object, const char *key);

/* The member, or the fallback when it is absent or of another type. */
int64_t json_int(yyjson_val *object, const char *key, int64_t fallback);
bool json_bool(yyjson_val *object, const char *key, bool fallback);

/* The value as text; {NULL, 0} when it is no string. */
static inline struct str json_text(yyjson_val *val)
{
	return yyjson_is_str(val) ? (struct str){ yyjson_get_str(val), yyjson_get_len(val) }
				  : (struct str){ NULL, 0 };
}

/*
 * Writer.  Commas are its business:
 *   struct json w = json_to(&buf);
 *   json_object(&w); json_key(&w, "a"); json_put_int(&w, 1); json_end(&w);
 */
struct json {
	struct buf *buf;
	unsigned int depth;
	bool comma[JSON_DEPTH_MAX];	/* by depth: the next value needs a comma */
	char close[JSON_DEPTH_MAX];
	bool after_key;
};

struct json json_to(struct buf *buf);
void json_object(struct json *w);
void json_array(struct json *w);
void json_end(struct json *w);
void json_key(struct json *w, const char *key);
void json_put(struct json *w, struct str text);	 /* a string; bad UTF-8 becomes U+FFFD */
void json_put_int(struct json *w, int64_t value);
void json_put_uint(struct json *w, uint64_t value);
void json_put_bool(struct json *w, bool value);
void json_put_null(struct json *w);
void json_put_raw(struct json *w, struct str json); /* already JSON */
void json_put_val(struct json *w, yyjson_val *val); /* a value read before */

/* key and value in one. */
void json_kv(struct json *w, const char *key, struct str text);
void json_kv_int(struct json *w, const char *key, int64_t value);
void json_kv_bool(struct json *w, const char *key, bool value);
void json_kv_raw(struct json *w, const char *key, struct str json);
