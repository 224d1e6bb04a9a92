/* One hash, BLAKE2b-256, and its lower-case hex form. */
#pragma once

#include <stdint.h>

#include "base/str.h"

#define HASH_SIZE 32
#define HASH_HEX  (2 * HASH_SIZE + 1) /* with the final NUL */

void hash_bytes(struct str bytes, uint8_t ret_hash[HASH_SIZE]);
void hash_hex(struct str bytes, char ret_hex[HASH_HEX]);

/* Hash of a file's content; `fd` is read from its current offset to its end. */
struct err;
int hash_fd_hex(int fd, char ret_hex[HASH_HEX], struct err *err);
