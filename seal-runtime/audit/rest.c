#include "audit/format.h"
#include "audit/tail.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"

#define FIRST_LOOK ((size_t)64 << 10)

static bool is_kind(struct str line, struct str kind)
{
	static const struct str mark = { "\"kind\":\"", 8 };
	size_t at = str_find(line, mark, 0);

	/* The first is the record's own: payloads come after it. */
	return at != STR_NONE && str_starts(str_from(line, at + mark.len), kind);
}

/* Up to the end of the last turn that begins and ends in it. */
static size_t synced_len(struct str text)
{
	struct str rest = text, line;
	bool is_turn = false;
	size_t len = 0;

	while (str_line(&rest, &line)) {
		if (is_kind(line, STR("export-begin\"")))
			is_turn = str_find(line, STR("\"call\":\"init\""), 0) == STR_NONE;
		else if (is_kind(line, STR("export-end\"")) && is_turn)
			len = text.len - rest.len;
	}
	return len;
}

static int check_pieces(struct blobs *blobs, yyjson_val *pieces, bool *ret_is_whole, struct err *err)
{
	yyjson_val *piece;
	size_t i, n;

	yyjson_arr_foreach(yyjson_obj_get(pieces, "add"), i, n, piece)
		if (*ret_is_whole && yyjson_is_str(piece) &&
		    blobs_vouch(blobs, json_text(piece), ret_is_whole, err) < 0)
			return err->code;
	return 0;
}

static int check_line(struct blobs *blobs, struct str line, bool *ret_is_whole, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(line, NULL, NULL);
	yyjson_val *key, *value;
	size_t i, n;

	*ret_is_whole = doc;
	yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, key, value) {
		int r = 0;

		if (*ret_is_whole && str_ends(json_text(key), STR("-blob")))
			r = blobs_vouch(blobs, json_text(value), ret_is_whole, err);
		else if (*ret_is_whole && str_ends(json_text(key), STR("-pieces")))
			r = check_pieces(blobs, value, ret_is_whole, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Most often the last turn's end is the last line but a few. */
static int read_rest(int fd, off_t end, struct buf *ret_text, struct err *err)
{
	bool is_whole = false;
	size_t len = 0;

	for (size_t size = FIRST_LOOK; !len && !is_whole; size *= 4) {
		if (tail_read(fd, end, size, ret_text, &is_whole, err) < 0)
			return err->code;
		len = synced_len(buf_str(ret_text));
	}
	buf_consume(ret_text, len);
	return 0;
}

int rest_check(struct blobs *blobs, int fd, off_t *end, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str rest, line;
	bool is_whole = true;
	size_t left;

	if (read_rest(fd, *end, &text, err) < 0)
		return err->code;
	rest = buf_str(&text);
	for (left = rest.len; is_whole && str_line(&rest, &line);) {
		if (check_line(blobs, line, &is_whole, err) < 0)
			return err->code;
		left = is_whole ? rest.len : left;
	}
	*end -= (off_t)left;
	return 0;
}
