#include "seal-cli/run/clean.h"

#include "base/utf8.h"

static bool is_harmless(uint32_t point, bool one_line)
{
	if (point == '\t')
		return true;
	if (point == '\n')
		return !one_line;
	if (point < 0x20 || (point >= 0x7f && point < 0xa0))
		return false;
	/* Marks, embeddings, overrides and isolates of direction. */
	return point != 0x200e && point != 0x200f && point != 0x061c &&
	       !(point >= 0x202a && point <= 0x202e) && !(point >= 0x2066 && point <= 0x2069) &&
	       point != 0x2028 && point != 0x2029;
}

void clean_put(FILE *file, struct str text, bool one_line)
{
	while (text.len) {
		uint32_t point;
		size_t n = utf8_decode(text, &point);

		if (n && is_harmless(point, one_line))
			(void)fwrite(text.data, 1, n, file);
		else if (n && point == '\n')
			(void)fputs("\\n", file);
		else if (n && point > 0xff)
			(void)fprintf(file, "\\u{%x}", (unsigned int)point);
		else
			(void)fprintf(file, "\\x%02x", (unsigned char)text.data[0]);
		text = str_from(text, n ? n : 1);
	}
}
