#include "llm/replay/replay.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "llm/replay/record.h"
#include "llm/reply.h"
#include "llm/retry.h"

#define CHUNK_DEFAULT 24
#define DELAY_MAX_MS  600000

/* provider = "replay", name = "sample": one turn that needs no tool. */
static const char sample[] =
    "{\"content\":[{\"thinking\":{\"text\":\"A recorded reply; no model is "
    "asked.\",\"signature\":\"\"}},"
    "{\"text\":{\"text\":\"Hello. This reply is a recording: seal works, and no model was asked. "
    "Set provider and name in [model] of seal.toml to talk to one.\"}}],"
    "\"stop\":\"end-turn\",\"usage\":{\"input\":12,\"output\":34,\"cache-read\":0,\"cache-write\":"
    "0}}\n";

struct replay {
	char *name;
	struct buf text;
	uint64_t given; /* replies so far */
};

/* ---- lines ---- */

/* Empty lines and lines that start with # are no replies. */
static bool is_reply_line(struct str line)
{
	line = str_trim(line);
	return line.len > 0 && line.data[0] != '#';
}

static bool find_line(const struct replay *replay, uint64_t wanted, struct str *ret_line,
		      unsigned int *ret_number)
{
	struct str rest = buf_str(&replay->text), line;
	uint64_t seen = 0;

	for (*ret_number = 1; str_line(&rest, &line); ++*ret_number) {
		if (is_reply_line(line) && seen++ == wanted) {
			*ret_line = line;
			return true;
		}
	}
	return false;
}

int replay_of(struct str name, struct buf *text, struct replay **ret_replay, struct err *err)
{
	cleanup_with(replay_free) struct replay *replay = calloc(1, sizeof(*replay));

	if (!replay)
		return err_nomem(err);
	replay->name = str_dup(name);
	if (!replay->name)
		return err_nomem(err);
	replay->text = *text;
	*text = BUF_INIT;
	*ret_replay = take_ptr(replay);
	return 0;
}

int replay_new(struct str name, struct replay **ret_replay, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_free char *path = str_dup(name);
	int r;

	if (!path)
		return err_nomem(err);
	if (str_is(name, "sample")) {
		buf_adds(&text, sample);
		r = buf_check(&text, "sample", err);
	} else {
		r = fd_read_file(AT_FDCWD, path, REPLAY_SIZE_MAX, &text, err);
	}
	if (r < 0)
		return err_wrap(
		    err,
		    "[model] provider = \"replay\" plays the file that name says, relative to the "
		    "project's root");
	return replay_of(name, &text, ret_replay, err);
}

void replay_free(struct replay *replay)
{
	if (!replay)
		return;
	free(replay->name);
	buf_fini(&replay->text);
	free(replay);
}

uint64_t replay_given(const struct replay *replay)
{
	return replay->given;
}

void replay_skip(struct replay *replay, uint64_t given)
{
	replay->given = given;
}

/* ---- a recorded reply into a reply ---- */

struct player {
	struct reply *reply;
	size_t chunk;
	int64_t delay_ms; /* before each piece */
	int cancel_fd;
};

static int play_text(struct player *player, struct reply_block *block, struct str text,
		     struct err *err)
{
	while (text.len) {
		size_t cut = utf8_cut(text, player->chunk);
		int r;

		cut = cut ? cut : utf8_cut(text, 4);
		if (cut == 0)
			cut = text.len;
		if (retry_wait(player->cancel_fd, player->delay_ms)) {
			fault_set(&player->reply->fault, FAULT_CANCELLED, "cancelled");
			return 0;
		}
		r = reply_grow(player->reply, block, str_head(text, cut), err);
		if (r < 0)
			return r;
		text = str_from(text, cut);
	}
	return 0;
}

static int play_tool(struct player *player, yyjson_val *tool, struct err *err)
{
	struct reply *reply = player->reply;
	struct reply_block *block;
	int r;

	r = reply_add(reply, REPLY_TOOL, (int64_t)reply->n_blocks, &block, err);
	if (r == 0)
		r = reply_grow_part(reply, &block->id, json_str(tool, "id"), err);
	if (r == 0)
		r = reply_grow_part(reply, &block->name, json_str(tool, "name"), err);
	if (r < 0)
		return r;
	reply_show_tool(reply, json_str(tool, "name"));
	block->is_whole = true;
	return play_text(player, block, json_str(tool, "input-json"), err);
}

static int play_block(struct player *player, yyjson_val *item, struct err *err)
{
	static const struct {
		const char *name;
		enum reply_kind kind;
	} kinds[] = {
	    {"text", REPLY_TEXT},
	    {"thinking", REPLY_THINKING},
	    {"redacted-thinking", REPLY_REDACTED},
	};
	struct reply *reply = player->reply;
	yyjson_val *tool = yyjson_obj_get(item, "tool-use");

	if (yyjson_is_obj(tool))
		return play_tool(player, tool, err);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		yyjson_val *val = yyjson_obj_get(item, kinds[i].name);
		struct reply_block *block;
		int r;

		if (!val)
			continue;
		r = reply_add(reply, kinds[i].kind, (int64_t)reply->n_blocks, &block, err);
		if (r == 0)
			r = reply_grow_part(reply, &block->signature, json_str(val, "signature"),
					    err);
		if (r < 0)
			return r;
		return play_text(player, block,
				 yyjson_is_str(val) ? json_text(val) : json_str(val, "text"), err);
	}
	return err_set(err, ERR_INPUT,
		       "a block is none of text, thinking, redacted-thinking, tool-use");
}

static enum reply_stop stop_of(struct str name, bool has_tool)
{
	if (str_is(name, "end-turn"))
		return REPLY_END_TURN;
	if (str_is(name, "tool-use"))
		return REPLY_TOOL_USE;
	if (str_is(name, "max-tokens"))
		return REPLY_MAX_TOKENS;
	if (str_is(name, "refusal"))
		return REPLY_REFUSAL;
	if (name.len)
		return REPLY_OTHER;
	return has_tool ? REPLY_TOOL_USE : REPLY_END_TURN;
}

static uint64_t count(yyjson_val *usage, const char *key)
{
	int64_t value = json_int(usage, key, 0);

	return value > 0 ? (uint64_t)value : 0;
}

static int play_reply(struct player *player, yyjson_val *recorded, struct err *err)
{
	yyjson_val *content = yyjson_obj_get(recorded, "content");
	yyjson_val *usage = yyjson_obj_get(recorded, "usage"), *item;
	struct reply *reply = player->reply;
	yyjson_arr_iter items = yyjson_arr_iter_with(content);
	bool has_tool = false;

	if (!yyjson_is_arr(content))
		return err_set(err, ERR_INPUT, "there is no list \"content\"");
	while ((item = yyjson_arr_iter_next(&items))) {
		int r = play_block(player, item, err);

		if (r < 0 || reply->fault.kind)
			return r;
		has_tool = has_tool || yyjson_obj_get(item, "tool-use");
	}
	reply->stop = stop_of(json_str(recorded, "stop"), has_tool);
	reply->usage =
	    (struct reply_usage){count(usage, "input"), count(usage, "output"),
				 count(usage, "cache-read"), count(usage, "cache-write")};
	return 0;
}

/* "cancelled" or {"overloaded":"..."}. */
static int play_fault(struct player *player, yyjson_val *fault, struct err *err)
{
	yyjson_obj_iter items = yyjson_obj_iter_with(fault);
	struct str name = json_text(fault), text = {"", 0};

	if (yyjson_is_obj(fault)) {
		yyjson_val *key = yyjson_obj_iter_next(&items);

		name = json_text(key);
		text = json_text(yyjson_obj_iter_get_val(key));
	}
	if (fault_of(name) == FAULT_NONE)
		return err_set(err, ERR_INPUT, "\"err\" is no llm-error of the WIT");
	fault_set(&player->reply->fault, fault_of(name), "%.*s", STR_ARG(text));
	return 0;
}

/* ---- chat ---- */

static int64_t bounded(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

static int play_line(struct replay *replay, yyjson_val *line, struct player *player,
		     struct err *err)
{
	yyjson_val *recorded = yyjson_obj_get(line, "reply"), *fault = yyjson_obj_get(line, "err");
	int64_t delay = bounded(json_int(line, "delay_ms", 0), 0, DELAY_MAX_MS);

	player->chunk = (size_t)bounded(json_int(line, "chunk", CHUNK_DEFAULT), 1, 1 << 20);
	player->delay_ms = bounded(json_int(line, "chunk_ms", 0), 0, DELAY_MAX_MS);
	if (retry_wait(player->cancel_fd, delay)) {
		fault_set(&player->reply->fault, FAULT_CANCELLED, "cancelled");
		return 0;
	}
	replay->given++;
	return fault ? play_fault(player, fault, err)
		     : play_reply(player, recorded ? recorded : line, err);
}

static int check_expected(yyjson_val *line, yyjson_val *request, struct err *err)
{
	struct str expect = json_str(line, "expect");
	struct str asked = record_asked(request);

	if (expect.len == 0 || record_is_asked(request, expect))
		return 0;
	return err_set(err, ERR_INPUT, "expects \"%.*s\" in the last message, which is \"%.*s\"",
		       STR_ARG(str_head(expect, utf8_cut(expect, 200))),
		       STR_ARG(str_head(asked, utf8_cut(asked, 200))));
}

int replay_chat(struct replay *replay, yyjson_val *request, struct reply *reply, int cancel_fd,
		struct err *err)
{
	struct player player = {.reply = reply, .cancel_fd = cancel_fd};
	cleanup_json yyjson_doc *doc = NULL;
	unsigned int number;
	struct str text;
	int r;

	if (!find_line(replay, replay->given, &text, &number)) {
		fault_set(
		    &reply->fault, FAULT_INVALID,
		    "the recording %s has no reply left: all %llu were given; record a longer one",
		    replay->name, (unsigned long long)replay->given);
		return 0;
	}
	doc = json_read(text, NULL, NULL);
	if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
		r = err_set(err, ERR_INPUT, "this is no JSON object");
	else
		r = check_expected(yyjson_doc_get_root(doc), request, err);
	if (r == 0)
		r = play_line(replay, yyjson_doc_get_root(doc), &player, err);
	if (r == ERR_INPUT) {
		fault_set(&reply->fault, FAULT_INVALID,
			  "the recording does not fit: %s:%u: %s; record it again", replay->name,
			  number, err->text);
		return 0;
	}
	return r;
}
