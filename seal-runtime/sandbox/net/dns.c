#include <string.h>

#include "sandbox/net/request.h"

#define HEADER    12
#define LABEL_MAX 63
#define TYPE_A    1
#define CLASS_IN  1
#define ANSWER    16

bool dns_parse(struct str bytes, struct dns_question *ret_question)
{
	const uint8_t *at = (const uint8_t *)bytes.data + HEADER,
		      *end = (const uint8_t *)bytes.data + bytes.len;
	size_t len = 0;

	if (bytes.len < HEADER + 5 || bytes.len > DNS_MAX)
		return false;
	/* A query, of exactly one question. */
	if (((uint8_t)bytes.data[2] & 0xf8) != 0 || bytes.data[4] != 0 || bytes.data[5] != 1)
		return false;
	while (at < end && *at) {
		size_t label = *at++;

		if (label > LABEL_MAX || (size_t)(end - at) < label ||
		    len + label + 1 >= sizeof(ret_question->name))
			return false;
		if (memchr(at, 0, label))
			return false;
		memcpy(ret_question->name + len, at, label);
		len += label;
		ret_question->name[len++] = '.';
		at += label;
	}
	if (end - at < 5)
		return false;
	ret_question->name[len ? len - 1 : 0] = '\0';
	ret_question->type = (unsigned int)at[1] << 8 | at[2];
	ret_question->len = (size_t)(at + 5 - (const uint8_t *)bytes.data);
	return true;
}

size_t dns_answer(uint8_t *bytes, size_t size, const struct dns_question *question,
                  uint32_t address)
{
	const uint8_t answer[ANSWER] = { 0xc0,
		                         HEADER,
		                         0,
		                         TYPE_A,
		                         0,
		                         CLASS_IN,
		                         0,
		                         0,
		                         0,
		                         0,
		                         0,
		                         4,
		                         (uint8_t)(address >> 24),
		                         (uint8_t)(address >> 16),
		                         (uint8_t)(address >> 8),
		                         (uint8_t)address };
	size_t len = question->len;

	bytes[2] = 0x84 | (bytes[2] & 1);
	bytes[3] = address ? 0x80 : 0x83;
	memset(bytes + 6, 0, 6);
	if (!address || question->type != TYPE_A || len + ANSWER > size)
		return len;
	bytes[7] = 1;
	memcpy(bytes + len, answer, ANSWER);
	return len + ANSWER;
}
