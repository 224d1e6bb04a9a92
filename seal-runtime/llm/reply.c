#include "llm/reply.h"

#include <stdlib.h>

#include "base/err.h"
#include "llm/llm.h"

void reply_init(struct reply *reply, const struct llm_sink *sink)
{
	*reply = (struct reply){.sink = sink, .cost = -1};
}

void reply_fini(struct reply *reply)
{
	for (size_t i = 0; i < reply->n_blocks; i++) {
		buf_fini(&reply->blocks[i].text);
		buf_fini(&reply->blocks[i].signature);
		buf_fini(&reply->blocks[i].id);
		buf_fini(&reply->blocks[i].name);
	}
	free(reply->blocks);
	reply->blocks = NULL;
	reply->n_blocks = reply->n_room = 0;
}

void reply_reset(struct reply *reply)
{
	const struct llm_sink *sink = reply->sink;

	reply_fini(reply);
	reply_init(reply, sink);
}

int reply_add(struct reply *reply, enum reply_kind kind, int64_t key,
	      struct reply_block **ret_block, struct err *err)
{
	if (reply->n_blocks == REPLY_BLOCKS_MAX)
		return err_set(err, ERR_LIMIT, "the reply has more than %d blocks",
			       REPLY_BLOCKS_MAX);
	if (reply->n_blocks == reply->n_room) {
		size_t room = reply->n_room ? reply->n_room * 2 : 8;
		void *blocks = realloc(reply->blocks, room * sizeof(*reply->blocks));

		if (!blocks)
			return err_nomem(err);
		reply->blocks = blocks;
		reply->n_room = room;
	}
	reply->blocks[reply->n_blocks] = (struct reply_block){.kind = kind, .key = key};
	*ret_block = &reply->blocks[reply->n_blocks++];
	return 0;
}

struct reply_block *reply_find(struct reply *reply, int64_t key)
{
	for (size_t i = reply->n_blocks; i-- > 0;) {
		if (reply->blocks[i].key == key)
			return &reply->blocks[i];
	}
	return NULL;
}

int reply_grow_part(struct reply *reply, struct buf *part, struct str delta, struct err *err)
{
	if (delta.len > REPLY_SIZE_MAX - reply->size)
		return err_set(err, ERR_LIMIT, "the reply is larger than %zu bytes",
			       REPLY_SIZE_MAX);
	reply->size += delta.len;
	buf_add(part, delta);
	return part->failed ? err_nomem(err) : 0;
}

int reply_grow(struct reply *reply, struct reply_block *block, struct str delta, struct err *err)
{
	const struct llm_sink *sink = reply->sink;
	int r = reply_grow_part(reply, &block->text, delta, err);

	if (r < 0)
		return r;
	if (delta.len == 0)
		return 0;
	if (block->kind == REPLY_TEXT || block->kind == REPLY_THINKING)
		reply->is_shown = true;
	if (block->kind == REPLY_TEXT && sink && sink->text)
		sink->text(sink->ctx, delta);
	if (block->kind == REPLY_THINKING && sink && sink->thought)
		sink->thought(sink->ctx, delta);
	return 0;
}

void reply_show_tool(struct reply *reply, struct str name)
{
	reply->is_shown = true;
	if (reply->sink && reply->sink->tool)
		reply->sink->tool(reply->sink->ctx, name);
}

/* Results are matched with calls by id: what has none, or an earlier call's, gets
 * one that is its own. */
static void write_id(const struct reply *reply, const struct reply_block *block, struct json *w)
{
	cleanup_buf struct buf own = BUF_INIT;
	struct str id = buf_str(&block->id);
	bool is_own = id.len > 0;

	for (const struct reply_block *other = reply->blocks; is_own && other < block; other++)
		is_own = other->kind != REPLY_TOOL || !str_eq(buf_str(&other->id), id);
	if (!is_own)
		buf_addf(&own, "%.*s_%s_%zu", STR_ARG(id), reply->id[0] ? reply->id : "0",
			 (size_t)(block - reply->blocks));
	json_kv(w, "id", is_own || own.failed ? id : buf_str(&own));
}

static void write_block(const struct reply *reply, const struct reply_block *block,
			struct json *w)
{
	static const char *const names[] = {
	    [REPLY_TEXT] = "text",
	    [REPLY_THINKING] = "thinking",
	    [REPLY_REDACTED] = "redacted-thinking",
	    [REPLY_TOOL] = "tool-use",
	};

	json_object(w);
	json_key(w, names[block->kind]);
	if (block->kind == REPLY_REDACTED) {
		json_put(w, buf_str(&block->text));
		json_end(w);
		return;
	}
	json_object(w);
	if (block->kind == REPLY_TOOL) {
		write_id(reply, block, w);
		json_kv(w, "name", buf_str(&block->name));
		json_kv(w, "input-json", block->text.len ? buf_str(&block->text) : STR("{}"));
	} else {
		json_kv(w, "text", buf_str(&block->text));
		if (block->kind == REPLY_THINKING)
			json_kv(w, "signature", buf_str(&block->signature));
	}
	json_end(w);
	json_end(w);
}

static bool is_json_object(struct str text)
{
	cleanup_json yyjson_doc *doc = json_read(text, NULL, NULL);

	return yyjson_is_obj(yyjson_doc_get_root(doc));
}

/* max-tokens may end a call between any two bytes; what still reads as an
 * object, and was said to be complete, is a whole call. */
static bool is_cut(const struct reply *reply, const struct reply_block *block)
{
	return block->kind == REPLY_TOOL && reply->stop == REPLY_MAX_TOKENS &&
	       !(block->is_whole &&
		 (block->text.len == 0 || is_json_object(buf_str(&block->text))));
}

static bool is_empty(const struct reply_block *block)
{
	return (block->kind == REPLY_TEXT && block->text.len == 0) ||
	       (block->kind == REPLY_THINKING && block->text.len == 0 && block->signature.len == 0);
}

static void write_usage(const struct reply_usage *usage, struct json *w)
{
	json_key(w, "usage");
	json_object(w);
	json_key(w, "input");
	json_put_uint(w, usage->input);
	json_key(w, "output");
	json_put_uint(w, usage->output);
	json_key(w, "cache-read");
	json_put_uint(w, usage->cache_read);
	json_key(w, "cache-write");
	json_put_uint(w, usage->cache_write);
	json_end(w);
}

void reply_write(const struct reply *reply, struct json *w)
{
	static const char *const stops[] = {
	    [REPLY_OTHER] = "other",       [REPLY_END_TURN] = "end-turn",
	    [REPLY_TOOL_USE] = "tool-use", [REPLY_MAX_TOKENS] = "max-tokens",
	    [REPLY_REFUSAL] = "refusal",
	};

	json_object(w);
	json_key(w, "content");
	json_array(w);
	for (size_t i = 0; i < reply->n_blocks; i++) {
		if (!is_cut(reply, &reply->blocks[i]) && !is_empty(&reply->blocks[i]))
			write_block(reply, &reply->blocks[i], w);
	}
	json_end(w);
	json_kv(w, "stop", str_of(stops[reply->stop]));
	write_usage(&reply->usage, w);
	json_end(w);
}
