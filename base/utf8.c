#include "base/utf8.h"

size_t utf8_decode(struct str text, uint32_t *ret_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead;
	size_t n;
	uint32_t point;

	if (text.len == 0)
		return 0;
	lead = (unsigned char)text.data[0];
	if (lead < 0x80) {
		*ret_point = lead;
		return 1;
	}
	n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (lead < 0xc2 || lead > 0xf4 || n > text.len)
		return 0;
	point = lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (c & 0x3fu);
	}
	if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*ret_point = point;
	return n;
}

/* Most text is ASCII: eight bytes a step. */
static size_t ascii_len(struct str text)
{
	size_t at = 0;
	uint64_t word;

	for (; at + sizeof(word) <= text.len; at += sizeof(word)) {
		memcpy(&word, text.data + at, sizeof(word));
		if (word & 0x8080808080808080u)
			break;
	}
	return at;
}

size_t utf8_valid_len(struct str text)
{
	size_t at = 0;
	uint32_t point;

	while (at < text.len) {
		size_t n;

		at += ascii_len(str_from(text, at));
		if (at == text.len)
			break;
		n = utf8_decode(str_from(text, at), &point);

		if (n == 0)
			break;
		at += n;
	}
	return at;
}

bool utf8_valid(struct str text)
{
	return utf8_valid_len(text) == text.len;
}

size_t utf8_cut(struct str text, size_t max)
{
	size_t at;

	if (text.len <= max)
		return text.len;
	at = max;
	while (at > 0 && ((unsigned char)text.data[at] & 0xc0) == 0x80)
		at--;
	return at;
}
