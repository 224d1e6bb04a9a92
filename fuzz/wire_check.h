/*
 * Shared by the targets of the model's wires: the bytes behind the first one are
 * a stream; however it is cut (the first byte says how), the reply is the same,
 * and it is JSON.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct wire;

void wire_check(const struct wire *wire, const uint8_t *bytes, size_t size);
