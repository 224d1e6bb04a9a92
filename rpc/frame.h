/*
 * Bytes of a stream -> lines, one message each.  Both ends of every socket and
 * the worker use it.  Looks at nothing but the newline; a line may be at most
 * FRAME_LINE_MAX bytes.
 *
 *   n = read(fd, frame_room(&frame, 65536), 65536);
 *   frame_added(&frame, n, &err);
 *   while (frame_next(&frame, &line)) ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct err;

#define FRAME_LINE_MAX ((size_t)64 << 20)

struct frame {
	struct buf buf;
	size_t start;    /* of the first line not yet given out */
	size_t open;     /* of the line whose newline has not come */
	size_t line_max; /* 0: FRAME_LINE_MAX; tests make it small */
};

#define FRAME_INIT ((struct frame){ 0 })

void frame_fini(struct frame *frame);
static inline void frame_finip(struct frame *frame)
{
	frame_fini(frame);
}
#define cleanup_frame cleanup_with(frame_fini)

/* Where the next `size` bytes go; NULL when memory ran out.  Lines given out
 * before are gone after this. */
char *frame_room(struct frame *frame, size_t size);

/* `len` bytes were put there.  ERR_LIMIT when a line is too long: the stream
 * cannot be read further. */
int frame_added(struct frame *frame, size_t len, struct err *err);

/* The next whole line without its newline, blank ones left out; lives until
 * the next frame_room(). */
bool frame_next(struct frame *frame, struct str *ret_line);
