#include "crypto/wire.h"

#include <sodium.h>

#include "base/cleanup.h"
#include "base/err.h"

/* As ssh-keygen breaks its lines. */
#define ARMOR_WIDTH 70

struct str wire_take(struct wire *wire, size_t len)
{
	struct str taken = str_head(wire->rest, len);

	if (wire->failed || wire->rest.len < len) {
		wire->failed = true;
		return (struct str){"", 0};
	}
	wire->rest = str_from(wire->rest, len);
	return taken;
}

uint8_t wire_u8(struct wire *wire)
{
	struct str bytes = wire_take(wire, 1);

	return bytes.len ? (uint8_t)bytes.data[0] : 0;
}

uint32_t wire_u32(struct wire *wire)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | wire_u8(wire);
	return value;
}

struct str wire_string(struct wire *wire)
{
	return wire_take(wire, wire_u32(wire));
}

bool wire_is_done(const struct wire *wire)
{
	return !wire->failed && wire->rest.len == 0;
}

void wire_put_u32(struct buf *buf, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(buf, (char)(value >> shift & 0xff));
}

void wire_put_string(struct buf *buf, struct str bytes)
{
	wire_put_u32(buf, (uint32_t)bytes.len);
	buf_add(buf, bytes);
}

static int decode(struct str text, const char *ignore, struct buf *ret_bytes, struct err *err)
{
	char *room = buf_reserve(ret_bytes, text.len);
	const char *end;
	size_t len;

	if (!room)
		return err_nomem(err);
	/* libsodium's decoder takes byte 0xaf for a slash. */
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] >= 0x80)
			return err_set(err, ERR_INPUT, "is not base64");
	if (sodium_base642bin((unsigned char *)room, text.len, text.data, text.len, ignore, &len,
			      &end, sodium_base64_VARIANT_ORIGINAL) < 0 ||
	    end != text.data + text.len || text.len == 0)
		return err_set(err, ERR_INPUT, "is not base64");
	ret_bytes->len += len;
	return 0;
}

int wire_base64(struct str text, struct buf *ret_bytes, struct err *err)
{
	return decode(text, NULL, ret_bytes, err);
}

void wire_put_base64(struct buf *buf, struct str bytes, size_t width)
{
	size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
	cleanup_free char *text = malloc(size);
	struct str rest;

	if (!text) {
		buf->failed = true;
		return;
	}
	(void)sodium_bin2base64(text, size, (const unsigned char *)bytes.data, bytes.len,
				sodium_base64_VARIANT_ORIGINAL);
	rest = str_of(text);
	if (!width)
		buf_add(buf, rest);
	for (; width && rest.len; rest = str_from(rest, width)) {
		buf_add(buf, str_head(rest, width));
		buf_addc(buf, '\n');
	}
	explicit_bzero(text, size);
}

static bool skip(struct str *rest, const char *prefix)
{
	if (!str_starts(*rest, str_of(prefix)))
		return false;
	*rest = str_from(*rest, strlen(prefix));
	return true;
}

int wire_armor(struct str text, const char *label, struct buf *ret_bytes, struct err *err)
{
	cleanup_buf struct buf begin = BUF_INIT, end = BUF_INIT;
	size_t at;

	buf_addf(&begin, "-----BEGIN %s-----\n", label);
	buf_addf(&end, "\n-----END %s-----", label);
	if (begin.failed || end.failed)
		return err_nomem(err);
	if (!skip(&text, begin.data))
		return err_set(err, ERR_INPUT, "does not begin with -----BEGIN %s-----", label);
	at = str_find(text, buf_str(&end), 0);
	if (at == STR_NONE)
		return err_set(err, ERR_INPUT, "does not end with -----END %s-----", label);
	if (decode(str_head(text, at), "\n", ret_bytes, err) < 0)
		return err_wrap(err, "what stands in it");
	text = str_from(text, at + end.len);
	if (text.len && !str_is(text, "\n"))
		return err_set(err, ERR_INPUT, "has something after -----END %s-----", label);
	return 0;
}

void wire_put_armor(struct buf *buf, const char *label, struct str bytes)
{
	buf_addf(buf, "-----BEGIN %s-----\n", label);
	wire_put_base64(buf, bytes, ARMOR_WIDTH);
	buf_addf(buf, "-----END %s-----\n", label);
}
