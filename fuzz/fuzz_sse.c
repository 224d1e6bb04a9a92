/* Every way to cut the same bytes gives the same events. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "llm/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int note(void *ctx, const struct sse_event *event, struct err *err)
{
	struct buf *notes = ctx;

	(void)err;
	if (event->data.len == 0)
		abort(); /* the header promises data */
	buf_addf(notes, "%zu:%zu:", event->name.len, event->data.len);
	buf_add(notes, event->name);
	buf_add(notes, event->data);
	return 0;
}

/* Pieces as long as the bytes of `steps` say, in turn. */
static void read_in(struct str bytes, struct str steps, struct buf *notes)
{
	cleanup_sse struct sse sse = {0};
	struct err err;
	size_t turn = 0;

	sse_init(&sse, note, notes);
	while (bytes.len) {
		size_t step =
		    steps.len ? (unsigned char)steps.data[turn++ % steps.len] % 8 + 1 : bytes.len;

		(void)sse_feed(&sse, str_head(bytes, step), &err);
		bytes = str_from(bytes, step);
	}
	(void)sse_finish(&sse, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	cleanup_buf struct buf whole = BUF_INIT, cut = BUF_INIT;
	struct str all = {(const char *)bytes, size};

	if (size < 5)
		return 0;
	read_in(str_from(all, 4), STR(""), &whole);
	read_in(str_from(all, 4), str_head(all, 4), &cut);
	if (!str_eq(buf_str(&whole), buf_str(&cut)))
		abort();
	return 0;
}
