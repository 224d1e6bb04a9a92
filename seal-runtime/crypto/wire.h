/*
 * Private to crypto/: the bytes of SSH's formats (RFC 4251 section 5) and the
 * text form around them.  A reader that ran out of bytes stays failed and gives
 * empty values, so a chain of reads is tested once, at its end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

struct wire {
	struct str rest;
	bool failed;
};

static inline struct wire wire_of(struct str bytes)
{
	return (struct wire){.rest = bytes};
}

uint8_t wire_u8(struct wire *wire);
uint32_t wire_u32(struct wire *wire);
struct str wire_string(struct wire *wire);
struct str wire_take(struct wire *wire, size_t len);

/* Everything was read, and nothing is left. */
bool wire_is_done(const struct wire *wire);

void wire_put_u32(struct buf *buf, uint32_t value);
void wire_put_string(struct buf *buf, struct str bytes);

/* Fails on anything but one whole value: no blanks, no loose bits. */
int wire_base64(struct str text, struct buf *ret_bytes, struct err *err);
void wire_put_base64(struct buf *buf, struct str bytes,
		     size_t width); /* width 0: one line, no newline */

/* -----BEGIN <label>----- ... -----END <label>----- and nothing around it. */
int wire_armor(struct str text, const char *label, struct buf *ret_bytes, struct err *err);
void wire_put_armor(struct buf *buf, const char *label, struct str bytes);
