#include "rpc/frame.h"

#include "base/err.h"

/* An empty buffer larger than this is given back: one large message must not
 * make a process large for ever. */
#define FRAME_KEEP ((size_t)256 << 10)

void frame_fini(struct frame *frame)
{
	buf_fini(&frame->buf);
	*frame = (struct frame){ .line_max = frame->line_max };
}

char *frame_room(struct frame *frame, size_t size)
{
	if (frame->start) {
		buf_consume(&frame->buf, frame->start);
		frame->open -= frame->start;
		frame->start = 0;
	}
	if (frame->buf.len == 0 && frame->buf.size > FRAME_KEEP)
		buf_fini(&frame->buf);
	return buf_reserve(&frame->buf, size);
}

int frame_added(struct frame *frame, size_t len, struct err *err)
{
	size_t max = frame->line_max ? frame->line_max : FRAME_LINE_MAX;
	struct str all;
	size_t at = frame->buf.len;

	frame->buf.len += len;
	frame->buf.data[frame->buf.len] = '\0';
	all = buf_str(&frame->buf);
	while ((at = str_find(all, STR("\n"), at)) != STR_NONE && at - frame->open <= max)
		frame->open = ++at;
	if ((at == STR_NONE ? all.len : at) - frame->open > max)
		return err_set(err, ERR_LIMIT, "a message is longer than %zu bytes", max);
	return 0;
}

bool frame_next(struct frame *frame, struct str *ret_line)
{
	while (frame->start < frame->open) {
		struct str rest = { frame->buf.data + frame->start, frame->open - frame->start };
		struct str line = str_head(rest, str_chr(rest, '\n'));

		frame->start += line.len + 1;
		if (str_trim(line).len == 0)
			continue;
		*ret_line = line;
		return true;
	}
	return false;
}
