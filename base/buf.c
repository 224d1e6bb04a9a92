#include "base/buf.h"

#include <stdlib.h>

void buf_fini(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ .limit = buf->limit };
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

char *buf_reserve(struct buf *buf, size_t more)
{
	size_t limit = buf->limit ? buf->limit : BUF_LIMIT;
	size_t need, size;
	char *data;

	if (buf->failed || more > limit || buf->len > limit - more) {
		buf->failed = true;
		return NULL;
	}
	need = buf->len + more + 1;
	if (need <= buf->size)
		return buf->data + buf->len;
	size = buf->size ? buf->size * 2 : 64;
	if (size < need)
		size = need;
	data = realloc(buf->data, size);
	if (!data) {
		buf->failed = true;
		return NULL;
	}
	buf->data = data;
	buf->size = size;
	return data + buf->len;
}

void buf_add(struct buf *buf, struct str bytes)
{
	char *at = buf_reserve(buf, bytes.len);

	if (!at)
		return;
	if (bytes.len)
		memcpy(at, bytes.data, bytes.len);
	buf->len += bytes.len;
	buf->data[buf->len] = '\0';
}

void buf_addc(struct buf *buf, char c)
{
	char *at = buf_reserve(buf, 1);

	if (!at)
		return;
	at[0] = c;
	at[1] = '\0';
	buf->len++;
}

void buf_adds(struct buf *buf, const char *text)
{
	buf_add(buf, str_of(text));
}

void buf_addu(struct buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add(buf, (struct str){ digits + at, sizeof(digits) - at });
}

void buf_consume(struct buf *buf, size_t count)
{
	if (count >= buf->len) {
		buf_clear(buf);
		return;
	}
	memmove(buf->data, buf->data + count, buf->len - count + 1);
	buf->len -= count;
}

char *buf_take(struct buf *buf)
{
	char *data;

	if (!buf_reserve(buf, 0))
		return NULL;
	data = buf->data;
	data[buf->len] = '\0';
	*buf = (struct buf){ .limit = buf->limit };
	return data;
}
