/*
 * Slices of JSON text.  Replay needs the very bytes that were logged, which a
 * parsed and rewritten value would not be.  Callers have the text checked by
 * json_read() first; nothing here reads past the end whatever the text is.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/format.h"
#include "base/err.h"

static void skip_blank(struct str *rest)
{
	while (rest->len && strchr(" \t\r\n", rest->data[0]) && rest->data[0])
		*rest = str_from(*rest, 1);
}

static size_t string_len(struct str text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.data[i] == '\\')
			i++;
		else if (text.data[i] == '"')
			return i + 1;
	}
	return text.len;
}

static size_t nested_len(struct str text)
{
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '"') {
			i += string_len(str_from(text, i)) - 1;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			depth--;
			if (depth == 0)
				return i + 1;
		}
	}
	return text.len;
}

static size_t value_len(struct str text)
{
	size_t n = 0;

	if (text.len == 0)
		return 0;
	if (text.data[0] == '"')
		return string_len(text);
	if (text.data[0] == '{' || text.data[0] == '[')
		return nested_len(text);
	while (n < text.len && !strchr(",]} \t\r\n", text.data[n]))
		n++;
	return n;
}

struct str scan_value(struct str *rest)
{
	struct str value;

	skip_blank(rest);
	value = str_head(*rest, value_len(*rest));
	*rest = str_from(*rest, value.len);
	return value;
}

/* Past the opening bracket or the comma; false at the end. */
static bool next(struct str *rest)
{
	skip_blank(rest);
	if (rest->len == 0 || !strchr("[{,", rest->data[0]))
		return false;
	*rest = str_from(*rest, 1);
	skip_blank(rest);
	return rest->len && rest->data[0] != ']' && rest->data[0] != '}';
}

bool scan_item(struct str *rest, struct str *ret_value)
{
	if (!next(rest))
		return false;
	*ret_value = scan_value(rest);
	return ret_value->len;
}

bool scan_member(struct str *rest, struct str *ret_key, struct str *ret_value)
{
	struct str key;

	if (!next(rest))
		return false;
	key = scan_value(rest);
	skip_blank(rest);
	if (key.len < 2 || rest->len == 0 || rest->data[0] != ':')
		return false;
	*rest = str_from(*rest, 1);
	*ret_key = (struct str){ key.data + 1, key.len - 2 };
	*ret_value = scan_value(rest);
	return ret_value->len;
}

struct str scan_find(struct str object, const char *key)
{
	struct str name, value;

	while (scan_member(&object, &name, &value))
		if (str_is(name, key))
			return value;
	return (struct str){ "", 0 };
}

void pieces_finip(struct pieces *pieces)
{
	free(pieces->piece);
}

static int add_piece(struct pieces *pieces, struct str piece, struct err *err)
{
	if (piece.len == 0)
		return 0;
	if (pieces->n == AUDIT_PIECES_MAX)
		return err_set(err, ERR_LIMIT, "a payload of more than %d pieces", AUDIT_PIECES_MAX);
	if (pieces->n == pieces->size) {
		size_t size = pieces->size ? pieces->size * 2 : 64;
		struct str *grown = realloc(pieces->piece, size * sizeof(*grown));

		if (!grown)
			return err_nomem(err);
		pieces->piece = grown;
		pieces->size = size;
	}
	pieces->piece[pieces->n++] = piece;
	return 0;
}

/* A long piece in parts of AUDIT_PIECE bytes. */
static int add_long(struct pieces *pieces, struct str text, struct err *err)
{
	while (text.len) {
		int r = add_piece(pieces, str_head(text, AUDIT_PIECE), err);

		if (r < 0)
			return r;
		text = str_from(text, AUDIT_PIECE);
	}
	return 0;
}

int pieces_cut(struct str payload, bool is_chat, struct pieces *ret_pieces, struct err *err)
{
	struct str args = payload, request, messages = { "", 0 }, message;
	const char *at = payload.data;
	int r;

	if (is_chat && scan_item(&args, &request))
		messages = scan_find(request, "messages");
	if (messages.len == 0)
		return payload.len > 2 * AUDIT_PIECE ? add_long(ret_pieces, payload, err) : 0;
	/* A message goes with what stands before it, the comma or the opening:
	 * the same message at the same place is the same piece again. */
	while (scan_item(&messages, &message)) {
		const char *end = message.data + message.len;

		if (at == payload.data) {
			r = add_long(ret_pieces, (struct str){ at, (size_t)(message.data - at) }, err);
			at = message.data;
		} else {
			r = 0;
		}
		if (r >= 0)
			r = add_long(ret_pieces, (struct str){ at, (size_t)(end - at) }, err);
		if (r < 0)
			return r;
		at = end;
	}
	return add_long(ret_pieces, (struct str){ at, (size_t)(payload.data + payload.len - at) }, err);
}
