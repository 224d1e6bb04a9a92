#include "random.h"

#include <string.h>

#define ROOM     8192
#define LOOT_MAX 65536
#define BIG      (1024 * 1024)

static uint64_t state;
static const char *places[3];
static char ring[8][ROOM], big[BIG], loot[LOOT_MAX];
static uint32_t slot, n_loot;

void random_begin(uint32_t seed, const char *home, const char *sink, const char *page)
{
	state = 0x9e3779b97f4a7c15u ^ seed;
	places[0] = home;
	places[1] = sink;
	places[2] = page;
	slot = n_loot = 0;
	memset(big, 'a', BIG);
}

uint32_t below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? (uint32_t)(state >> 32) % n : 0;
}

bool one_in(uint32_t n)
{
	return below(n) == 0;
}

static uint32_t add(char *to, uint32_t len, const char *from)
{
	uint32_t n = (uint32_t)strlen(from);

	if (len + n >= ROOM)
		return len;
	memcpy(to + len, from, n);
	return len + n;
}

static uint32_t expand(char *to, const char *pattern)
{
	uint32_t len = 0;

	for (; *pattern && len < ROOM - 1; pattern++) {
		char one[2] = { *pattern, '\0' };
		bool is_place = *pattern == '%' && pattern[1] && strchr("HPW", pattern[1]);

		if (is_place)
			pattern++;
		len = add(to, len,
		          !is_place ? one
		                    : places[*pattern == 'H'   ? 0
		                             : *pattern == 'P' ? 1
		                                               : 2]);
	}
	return len;
}

/* One code point; a good part of them are those that parsers trip over. */
static uint32_t add_code(char *to, uint32_t len)
{
	static const uint32_t odd[] = { 0,      '\n',   '\r',   0x1b,   0x7f,   0x85,     0x202e,
		                        0x2028, 0x200b, 0xfeff, 0xff0f, 0xff0e, 0x10ffff, '"',
		                        '\'',   '\\',   '/',    '.',    '$',    '`' };
	uint32_t code = one_in(3)   ? odd[below(sizeof(odd) / sizeof(odd[0]))]
	                : one_in(4) ? below(0xd800)
	                            : 0x20 + below(0x5f);

	if (len + 4 >= ROOM)
		return len;
	if (code < 0x80) {
		to[len++] = (char)code;
		return len;
	}
	if (code >= 0x10000)
		to[len++] = (char)(0xf0 | code >> 18),
		to[len++] = (char)(0x80 | (code >> 12 & 0x3f));
	else if (code >= 0x800)
		to[len++] = (char)(0xe0 | code >> 12);
	if (code < 0x800)
		to[len++] = (char)(0xc0 | code >> 6);
	else
		to[len++] = (char)(0x80 | (code >> 6 & 0x3f));
	to[len++] = (char)(0x80 | (code & 0x3f));
	return len;
}

static char *next_slot(void)
{
	slot = (slot + 1) % 8;
	return ring[slot];
}

agent_string_t any_text(void)
{
	char *to = next_slot();
	uint32_t len = 0, n = one_in(10) ? below(2000) : below(24);

	if (one_in(2000))
		return (agent_string_t){ (uint8_t *)big, below(BIG) };
	while (n--)
		len = add_code(to, len);
	return (agent_string_t){ (uint8_t *)to, len };
}

/* As it is in the list, or bent a little: most bugs are near what is allowed. */
agent_string_t word_of(const char *const list[], uint32_t n)
{
	static const char *const ends[] = {
		"/", "/.", "/..", " ", "\n", "/../../.env", ";id", "\xe2\x80\xae", "::$DATA", ".py"
	};
	char *to;
	uint32_t len;

	if (one_in(12))
		return any_text();
	to = next_slot();
	len = expand(to, list[below(n)]);
	if (one_in(6))
		len = add(to, len, ends[below(sizeof(ends) / sizeof(ends[0]))]);
	if (one_in(10))
		len = add_code(to, len);
	if (one_in(12) && len && (to[0] & 0x80) == 0) {
		memmove(to + 2, to, len);
		memcpy(to, "./", 2);
		len += 2;
	}
	return (agent_string_t){ (uint8_t *)to, len };
}

void loot_add(agent_string_t got)
{
	uint32_t n = got.len < 2000 ? (uint32_t)got.len : 2000;

	while (n < got.len && n && (got.ptr[n] & 0xc0) == 0x80)
		n--;
	if (n_loot + n > LOOT_MAX)
		return;
	memcpy(loot + n_loot, got.ptr, n);
	n_loot += n;
}

agent_string_t loot_take(void)
{
	agent_string_t all = { (uint8_t *)loot, n_loot };

	n_loot = 0;
	return all;
}
