#include "seal-agent/rt/alloc.h"

#include <stdlib.h>

#include "base/buf.h"
#include "seal-agent/wit.h"

void *alloc_bytes(size_t len)
{
	void *data = calloc(1, len ? len : 1);

	if (!data)
		__builtin_trap();
	return data;
}

void *alloc_grow(void *data, size_t len)
{
	void *grown = realloc(data, len ? len : 1);

	if (!grown)
		__builtin_trap();
	return grown;
}

void alloc_check(const struct buf *buf)
{
	if (buf->failed)
		__builtin_trap();
}

/* The glue's allocator answers a request for no bytes with an address that is
 * none, so an empty string is never freed, and here never allocated. */
agent_string_t wit_copy(struct str text)
{
	uint8_t *data;

	if (text.len == 0)
		return (agent_string_t){ NULL, 0 };
	data = alloc_bytes(text.len);
	memcpy(data, text.data, text.len);
	return (agent_string_t){ data, text.len };
}

agent_string_t wit_take(struct buf *buf)
{
	size_t len = buf->len;
	char *data;

	alloc_check(buf);
	if (len == 0) {
		buf_fini(buf);
		return (agent_string_t){ NULL, 0 };
	}
	data = buf_take(buf);
	if (!data)
		__builtin_trap();
	return (agent_string_t){ (uint8_t *)data, len };
}

void wit_free(agent_string_t *text)
{
	if (text->len)
		free(text->ptr);
	*text = (agent_string_t){ NULL, 0 };
}
