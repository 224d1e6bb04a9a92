/*
 * Owned bytes that grow up to a limit.  Always NUL-terminated behind `len` once
 * something was added.  Appending to a buffer that failed (limit or memory)
 * does nothing; the failure is sticky, so a chain of appends is tested once, at
 * its end, with buf_failed().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

struct buf {
	char *data;
	size_t len;
	size_t size;	/* allocated */
	size_t limit;	/* 0: BUF_LIMIT */
	bool failed;
};

#define BUF_LIMIT   ((size_t)1 << 30)
#define BUF_INIT    ((struct buf){ 0 })
#define cleanup_buf cleanup_with(buf_fini)

void buf_fini(struct buf *buf);
static inline void buf_finip(struct buf *buf)
{
	buf_fini(buf);
}

void buf_clear(struct buf *buf);
void buf_add(struct buf *buf, struct str bytes);
void buf_addc(struct buf *buf, char c);
void buf_adds(struct buf *buf, const char *text);
void buf_addu(struct buf *buf, uint64_t value); /* decimal; no stdio, so wasm may use it */

/* Native only (stdio). */
void buf_addf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for `more` bytes behind len; NULL when it cannot be. */
char *buf_reserve(struct buf *buf, size_t more);

/* Drops the first `count` bytes. */
void buf_consume(struct buf *buf, size_t count);

static inline struct str buf_str(const struct buf *buf)
{
	return (struct str){ buf->data ? buf->data : "", buf->len };
}

/* 0, or ERR_LIMIT: "<what> is larger than N bytes" / out of memory. */
int buf_check(const struct buf *buf, const char *what, struct err *err);

/* The bytes as a C string, owned by the caller; buf is empty afterwards.
 * NULL when the buffer failed. */
char *buf_take(struct buf *buf);
