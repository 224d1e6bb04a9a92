/*
 * Memory of the guest.  Running out of it is no condition the loop could do
 * anything about: it traps, the host ends the turn and says so.  So nothing in
 * seal-agent tests an allocation.
 */
#pragma once

#include <stddef.h>

struct buf;

/* Zeroed. */
void *alloc_bytes(size_t len);
void *alloc_grow(void *data, size_t len);

/* Traps when the buffer ran out of memory or reached its limit. */
void alloc_check(const struct buf *buf);
