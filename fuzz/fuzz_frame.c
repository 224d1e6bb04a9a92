/*
 * A stream cut into pieces: the lines that come out are those of the whole, and
 * a line is too long in both or in neither.  The first byte says how to cut.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "rpc/frame.h"

#define LIMIT 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* true: read to the end; the lines, each with a newline, are in ret_lines. */
static bool feed(struct str bytes, size_t piece, struct buf *ret_lines)
{
	cleanup_frame struct frame frame = { .line_max = LIMIT };
	struct str line;
	struct err err;

	while (bytes.len) {
		struct str now = str_head(bytes, piece);
		char *at = frame_room(&frame, now.len);

		assert(at);
		memcpy(at, now.data, now.len);
		if (frame_added(&frame, now.len, &err) < 0)
			return false;
		while (frame_next(&frame, &line)) {
			assert(line.len <= LIMIT);
			buf_add(ret_lines, line);
			buf_addc(ret_lines, '\n');
		}
		bytes = str_from(bytes, now.len);
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data + 1, size ? size - 1 : 0 };
	cleanup_buf struct buf whole = BUF_INIT;
	cleanup_buf struct buf pieces = BUF_INIT;
	bool fits;

	if (size == 0)
		return 0;
	fits = feed(bytes, bytes.len, &whole);
	assert(feed(bytes, 1u + data[0] % 32, &pieces) == fits);
	assert(!fits || str_eq(buf_str(&whole), buf_str(&pieces)));
	return 0;
}
