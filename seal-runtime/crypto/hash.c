#include "crypto/hash.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

#include "base/err.h"

_Static_assert(HASH_SIZE == crypto_generichash_BYTES, "BLAKE2b-256");

static void to_hex(const uint8_t hash[HASH_SIZE], char ret_hex[HASH_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_SIZE; i++) {
		ret_hex[2 * i] = digits[hash[i] >> 4];
		ret_hex[2 * i + 1] = digits[hash[i] & 15];
	}
	ret_hex[2 * HASH_SIZE] = '\0';
}

void hash_bytes(struct str bytes, uint8_t ret_hash[HASH_SIZE])
{
	/* Picks the processor's fast form, the first time; later calls cost little,
	 * and where it cannot the plain form serves. */
	int ready = sodium_init();

	(void)ready;
	(void)crypto_generichash(ret_hash, HASH_SIZE, (const uint8_t *)bytes.data, bytes.len, NULL,
				 0);
}

void hash_hex(struct str bytes, char ret_hex[HASH_HEX])
{
	uint8_t hash[HASH_SIZE];

	hash_bytes(bytes, hash);
	to_hex(hash, ret_hex);
}

int hash_fd_hex(int fd, char ret_hex[HASH_HEX], struct err *err)
{
	crypto_generichash_state state;
	uint8_t chunk[65536], hash[HASH_SIZE];

	(void)crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read");
		if (n == 0)
			break;
		(void)crypto_generichash_update(&state, chunk, (size_t)n);
	}
	(void)crypto_generichash_final(&state, hash, HASH_SIZE);
	to_hex(hash, ret_hex);
	return 0;
}
