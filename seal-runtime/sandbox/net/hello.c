#include <string.h>

#include "sandbox/net/request.h"

#define RECORD_HANDSHAKE 22
#define RECORD_LEN_MAX   16640
#define CLIENT_HELLO     1
#define HELLO_HEAD       4
#define EXT_SERVER_NAME  0
#define EXT_ENCRYPTED    0xfe0d
#define NAME_LEN_MAX     253

/* A window on bytes; reading past its end makes it `bad` for good. */
struct reader {
	const uint8_t *at, *end;
	bool bad;
};

static unsigned int take(struct reader *reader, int n_bytes)
{
	unsigned int value = 0;

	if (reader->end - reader->at < n_bytes) {
		reader->bad = true;
		reader->at = reader->end;
		return 0;
	}
	while (n_bytes--)
		value = value << 8 | *reader->at++;
	return value;
}

static struct reader take_part(struct reader *reader, size_t len)
{
	struct reader part = { reader->at, reader->at + len, reader->bad };

	if ((size_t)(reader->end - reader->at) < len) {
		reader->bad = true;
		return (struct reader){ reader->end, reader->end, true };
	}
	reader->at += len;
	return part;
}

static bool is_whole(const uint8_t *bytes, size_t len)
{
	return len >= HELLO_HEAD &&
	       len >= HELLO_HEAD + ((size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3]);
}

/* The handshake message, put together from as many records as it came in. */
static enum request_state gather(struct str bytes, struct hello *hello, size_t *ret_len)
{
	struct reader in = { (const uint8_t *)bytes.data, (const uint8_t *)bytes.data + bytes.len,
		             false };
	size_t len = 0;

	while (!is_whole(hello->bytes, len)) {
		size_t record, have;

		if (in.at < in.end && *in.at != RECORD_HANDSHAKE)
			return REQUEST_BAD;
		if (in.end - in.at < 5)
			return REQUEST_MORE;
		(void)take(&in, 1);
		if (take(&in, 1) != 3)
			return REQUEST_BAD;
		(void)take(&in, 1);
		record = take(&in, 2);
		if (record == 0 || record > RECORD_LEN_MAX)
			return REQUEST_BAD;
		have = (size_t)(in.end - in.at) < record ? (size_t)(in.end - in.at) : record;
		if (len + have > sizeof(hello->bytes))
			return REQUEST_BAD;
		memcpy(hello->bytes + len, in.at, have);
		len += have;
		in.at += have;
		if (len && hello->bytes[0] != CLIENT_HELLO)
			return REQUEST_BAD;
		if (have < record && !is_whole(hello->bytes, len))
			return REQUEST_MORE;
	}
	*ret_len = HELLO_HEAD +
	           ((size_t)hello->bytes[1] << 16 | (size_t)hello->bytes[2] << 8 | hello->bytes[3]);
	return REQUEST_WHOLE;
}

static bool read_server_name(struct reader *extension, struct hello *hello)
{
	struct reader list = take_part(extension, take(extension, 2));
	unsigned int type = take(&list, 1);
	struct reader name = take_part(&list, take(&list, 2));

	hello->name = (struct str){ (const char *)name.at, (size_t)(name.end - name.at) };
	/* One name, of type host; anything else is read differently by others. */
	return !extension->bad && !list.bad && !name.bad && type == 0 && list.at == list.end &&
	       hello->name.len > 0 && hello->name.len <= NAME_LEN_MAX &&
	       str_chr(hello->name, '\0') == STR_NONE;
}

static enum request_state read_extensions(struct reader *in, struct hello *hello)
{
	struct reader list = take_part(in, take(in, 2));

	while (!list.bad && list.at < list.end) {
		unsigned int type = take(&list, 2);
		struct reader extension = take_part(&list, take(&list, 2));

		if (type == EXT_ENCRYPTED)
			hello->is_encrypted = true;
		if (type == EXT_SERVER_NAME &&
		    (hello->name.len || !read_server_name(&extension, hello)))
			return REQUEST_BAD;
	}
	return list.bad ? REQUEST_BAD : REQUEST_WHOLE;
}

enum request_state hello_parse(struct str bytes, struct hello *ret_hello)
{
	struct reader in;
	size_t len;
	enum request_state state;

	ret_hello->name = (struct str){ "", 0 };
	ret_hello->is_encrypted = false;
	state = gather(bytes, ret_hello, &len);
	if (state != REQUEST_WHOLE)
		return state;
	in = (struct reader){ ret_hello->bytes + HELLO_HEAD, ret_hello->bytes + len, false };
	(void)take_part(&in, 2 + 32);
	(void)take_part(&in, take(&in, 1));
	(void)take_part(&in, take(&in, 2));
	(void)take_part(&in, take(&in, 1));
	if (in.bad)
		return REQUEST_BAD;
	return in.at == in.end ? REQUEST_WHOLE : read_extensions(&in, ret_hello);
}
