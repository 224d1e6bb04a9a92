#include "sandbox/plan/tracked.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

#define HEADER    12
#define FIXED     62 /* of an entry, up to its flags and with them */
#define HASH_AT   40
#define FLAGS_AT  60
#define EXTENDED  0x4000
#define PATH_LONG 4096

/* --- SHA-1, for git's names only ---------------------------------------- */

struct sha1 {
	uint32_t h[5];
	uint8_t block[64];
	size_t used;
	uint64_t total;
};

static uint32_t rotate(uint32_t value, int by)
{
	return value << by | value >> (32 - by);
}

static void mix(struct sha1 *s)
{
	uint32_t w[80], a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3], e = s->h[4];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)s->block[4 * i] << 24 | (uint32_t)s->block[4 * i + 1] << 16 |
		       (uint32_t)s->block[4 * i + 2] << 8 | s->block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20              ? (b & c) | (~b & d)
		             : i < 40 || i >= 60 ? b ^ c ^ d
		                                 : (b & c) | (b & d) | (c & d);
		uint32_t k = i < 20   ? 0x5a827999
		             : i < 40 ? 0x6ed9eba1
		             : i < 60 ? 0x8f1bbcdc
		                      : 0xca62c1d6;
		uint32_t next = rotate(a, 5) + f + e + k + w[i];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	s->h[0] += a;
	s->h[1] += b;
	s->h[2] += c;
	s->h[3] += d;
	s->h[4] += e;
}

static void take(struct sha1 *s, struct str bytes)
{
	s->total += bytes.len;
	for (size_t i = 0; i < bytes.len; i++) {
		s->block[s->used++] = (uint8_t)bytes.data[i];
		if (s->used < sizeof(s->block))
			continue;
		mix(s);
		s->used = 0;
	}
}

void tracked_hash(struct str content, uint8_t ret_hash[TRACKED_HASH])
{
	struct sha1 s = { .h = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 } };
	char head[32];
	uint64_t bits;

	take(&s, (struct str){ head,
	                       (size_t)snprintf(head, sizeof(head), "blob %zu", content.len) + 1 });
	take(&s, content);
	bits = s.total * 8;
	take(&s, STR("\x80"));
	while (s.used != 56)
		take(&s, STR("\0"));
	for (int i = 7; i >= 0; i--)
		take(&s, (struct str){ (char[]){ (char)(bits >> (8 * i)) }, 1 });
	for (int i = 0; i < TRACKED_HASH; i++)
		ret_hash[i] = (uint8_t)(s.h[i / 4] >> (24 - 8 * (i % 4)));
}

/* --- the index ---------------------------------------------------------- */

static uint32_t word_at(struct str bytes, size_t at)
{
	const uint8_t *b = (const uint8_t *)bytes.data + at;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The number of version 4's prefix that is taken over; advances *at. */
static bool read_strip(struct str index, size_t *at, size_t *ret_strip)
{
	size_t value = 0;
	uint8_t byte;

	do {
		if (*at >= index.len || value > PATH_LONG)
			return false;
		byte = (uint8_t)index.data[(*at)++];
		value = (value << 7) + (byte & 127);
		if (byte & 128)
			value++;
	} while (byte & 128);
	*ret_strip = value;
	return true;
}

/* Reads the entry's path into `path`, which holds the one before; advances *at. */
static bool read_path(struct str index, uint32_t version, size_t start, size_t *at,
                      char path[PATH_LONG])
{
	size_t kept = 0, strip, len, end;

	if (version == 4) {
		if (!read_strip(index, at, &strip) || strip > strlen(path))
			return false;
		kept = strlen(path) - strip;
	}
	end = str_chr(str_from(index, *at), '\0');
	if (end == STR_NONE || kept + end >= PATH_LONG)
		return false;
	memcpy(path + kept, index.data + *at, end + 1);
	*at += end + 1;
	/* Older versions pad each entry to eight bytes, with at least one NUL. */
	len = *at - start;
	if (version != 4)
		*at = start + (len + 7) / 8 * 8;
	return true;
}

bool tracked_find(struct str index, const char *path, uint8_t ret_hash[TRACKED_HASH])
{
	char have[PATH_LONG] = "";
	uint32_t version, n;
	size_t at = HEADER;

	if (index.len < HEADER || memcmp(index.data, "DIRC", 4) != 0)
		return false;
	version = word_at(index, 4);
	n = word_at(index, 8);
	if (version < 2 || version > 4)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		size_t start = at;

		if (index.len < FIXED || at > index.len - FIXED)
			return false;
		at += FIXED + (word_at(index, start + FLAGS_AT - 2) & EXTENDED ? 2 : 0);
		if (at > index.len || !read_path(index, version, start, &at, have))
			return false;
		if (strcmp(have, path) != 0)
			continue;
		memcpy(ret_hash, index.data + start + HASH_AT, TRACKED_HASH);
		return true;
	}
	return false;
}

void tracked_load(const char *root, struct buf *ret_index)
{
	cleanup_close int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err ignored;

	if (fd < 0 || fd_read_file(fd, ".git/index", TRACKED_INDEX_MAX, ret_index, &ignored) < 0)
		buf_clear(ret_index);
}

bool tracked_is(struct str index, const char *path, int folder, const char *name)
{
	cleanup_buf struct buf content = BUF_INIT;
	uint8_t want[TRACKED_HASH], have[TRACKED_HASH];
	struct err ignored;

	if (!tracked_find(index, path, want) ||
	    fd_read_file(folder, name, TRACKED_FILE_MAX, &content, &ignored) < 0)
		return false;
	tracked_hash(buf_str(&content), have);
	return memcmp(want, have, sizeof(want)) == 0;
}
