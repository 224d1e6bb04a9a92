#include "seal-agent/persist.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/rt/alloc.h"
#include "seal-agent/state.h"
#include "seal-agent/tasks.h"

/* Storage holds a limited number of keys; a generation of so many chunks is
 * written anew, packed. */
#define CHUNKS_MAX 1500
#define CHUNK_FULL ((size_t)1 << 20)

static int storage_failed(agent_string_t *error, struct buf *why)
{
	buf_adds(why, "storage: ");
	buf_add(why, wit_str(*error));
	wit_free(error);
	return -1;
}

int persist_save(const char *key, struct str value, struct buf *ret_why)
{
	agent_string_t name = wit_borrow(str_of(key)), text = wit_borrow(value), error;

	if (!seal_agent_storage_save(&name, &text, &error))
		return storage_failed(&error, ret_why);
	return 0;
}

static void add_digits(struct buf *out, uint32_t value, uint32_t top)
{
	for (; top > value && top > 1; top /= 10)
		buf_addc(out, '0');
	buf_addu(out, value);
}

static void add_prefix(struct buf *out, uint32_t generation)
{
	buf_adds(out, "history/");
	add_digits(out, generation, 1000);
	buf_addc(out, '/');
}

/* Writing. */

static void put_pair(struct json *w, const char *tag, const char *first, agent_string_t a,
		     const char *second, agent_string_t b)
{
	json_key(w, tag);
	json_object(w);
	json_kv(w, first, wit_str(a));
	json_kv(w, second, wit_str(b));
	json_end(w);
}

static void put_block(struct json *w, const seal_agent_types_block_t *block)
{
	json_object(w);
	switch (block->tag) {
	case SEAL_AGENT_TYPES_BLOCK_TEXT:
		json_kv(w, "text", wit_str(block->val.text.text));
		break;
	case SEAL_AGENT_TYPES_BLOCK_THINKING:
		put_pair(w, "thinking", "text", block->val.thinking.text, "signature",
			 block->val.thinking.signature);
		break;
	case SEAL_AGENT_TYPES_BLOCK_REDACTED_THINKING:
		json_kv(w, "redacted-thinking", wit_str(block->val.redacted_thinking));
		break;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_USE:
		json_key(w, "tool-use");
		json_object(w);
		json_kv(w, "id", wit_str(block->val.tool_use.id));
		json_kv(w, "name", wit_str(block->val.tool_use.name));
		json_kv(w, "input-json", wit_str(block->val.tool_use.input_json));
		json_end(w);
		break;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT:
		json_key(w, "tool-result");
		json_object(w);
		json_kv(w, "id", wit_str(block->val.tool_result.id));
		json_kv(w, "content", wit_str(block->val.tool_result.content));
		json_kv_bool(w, "is-error", block->val.tool_result.is_error);
		json_end(w);
		break;
	case SEAL_AGENT_TYPES_BLOCK_IMAGE:
		put_pair(w, "image", "media-type", block->val.image.media_type, "base64",
			 block->val.image.base64);
		break;
	}
	json_end(w);
}

static void put_message(struct json *w, seal_agent_types_role_t role,
			const seal_agent_types_block_t *blocks, size_t n_blocks)
{
	json_object(w);
	json_kv(w, "role", role == SEAL_AGENT_TYPES_ROLE_USER ? STR("user") : STR("assistant"));
	json_key(w, "content");
	json_array(w);
	for (size_t i = 0; i < n_blocks; i++)
		put_block(w, &blocks[i]);
	json_end(w);
	json_end(w);
}

static int save_chunk(struct place *place, const struct buf *value, struct buf *why)
{
	cleanup_buf struct buf key = BUF_INIT;

	alloc_check(value);
	add_prefix(&key, place->generation);
	add_digits(&key, place->next_chunk, 100000);
	alloc_check(&key);
	if (persist_save(key.data, buf_str(value), why) < 0)
		return -1;
	place->next_chunk++;
	return 0;
}

int persist_append(struct agent *agent, seal_agent_types_role_t role,
		   const seal_agent_types_block_t *blocks, size_t n_blocks, struct buf *ret_why)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	if (agent->place.is_behind || agent->place.next_chunk > CHUNKS_MAX)
		return persist_rewrite(agent, ret_why);
	json_array(&w);
	put_message(&w, role, blocks, n_blocks);
	json_end(&w);
	if (save_chunk(&agent->place, &text, ret_why) == 0)
		return 0;
	agent->place.is_behind = true;
	return -1;
}

int persist_head(struct agent *agent, struct buf *ret_why)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	json_object(&w);
	json_kv_int(&w, "generation", agent->place.generation);
	json_kv_int(&w, "cleared", (int64_t)agent->history.n_cleared);
	json_end(&w);
	alloc_check(&text);
	return persist_save("head", buf_str(&text), ret_why);
}

static int drop_generation(uint32_t generation, struct buf *why)
{
	cleanup_buf struct buf name = BUF_INIT;
	agent_string_t prefix, error;
	agent_list_string_t keys;
	bool is_ok = true;

	add_prefix(&name, generation);
	alloc_check(&name);
	prefix = wit_borrow(buf_str(&name));
	if (!seal_agent_storage_list_keys(&prefix, &keys, &error))
		return storage_failed(&error, why);
	for (size_t i = 0; is_ok && i < keys.len; i++)
		is_ok = seal_agent_storage_delete(&keys.ptr[i], &error);
	agent_list_string_free(&keys);
	return is_ok ? 0 : storage_failed(&error, why);
}

int persist_rewrite(struct agent *agent, struct buf *ret_why)
{
	uint32_t old = agent->place.generation;
	/* An attempt that failed leaves chunks behind: never write there again. */
	struct place next = { ++agent->place.newest, 1, agent->place.newest, false };
	const struct history *history = &agent->history;
	size_t i = 0;

	agent->place.is_behind = true;

	while (i < history->len) {
		cleanup_buf struct buf text = BUF_INIT;
		struct json w = json_to(&text);

		json_array(&w);
		for (; i < history->len && text.len < CHUNK_FULL; i++)
			put_message(&w, history->messages[i].role, history->messages[i].content.ptr,
				    history->messages[i].content.len);
		json_end(&w);
		if (save_chunk(&next, &text, ret_why) < 0)
			return -1;
	}
	agent->place = next;
	if (persist_head(agent, ret_why) < 0) {
		agent->place.is_behind = true;
		return -1;
	}
	return drop_generation(old, ret_why);
}

/* Reading. */

static agent_string_t copy_of(yyjson_val *object, const char *key)
{
	return wit_copy(json_str(object, key));
}

static bool read_block(yyjson_val *val, seal_agent_types_block_t *ret_block)
{
	yyjson_val *in;

	*ret_block = (seal_agent_types_block_t){ 0 };
	if (json_str(val, "text").data) {
		*ret_block = history_text(copy_of(val, "text"));
	} else if ((in = yyjson_obj_get(val, "thinking"))) {
		ret_block->tag = SEAL_AGENT_TYPES_BLOCK_THINKING;
		ret_block->val.thinking.text = copy_of(in, "text");
		ret_block->val.thinking.signature = copy_of(in, "signature");
	} else if (json_str(val, "redacted-thinking").data) {
		ret_block->tag = SEAL_AGENT_TYPES_BLOCK_REDACTED_THINKING;
		ret_block->val.redacted_thinking = copy_of(val, "redacted-thinking");
	} else if ((in = yyjson_obj_get(val, "tool-use"))) {
		ret_block->tag = SEAL_AGENT_TYPES_BLOCK_TOOL_USE;
		ret_block->val.tool_use.id = copy_of(in, "id");
		ret_block->val.tool_use.name = copy_of(in, "name");
		ret_block->val.tool_use.input_json = copy_of(in, "input-json");
	} else if ((in = yyjson_obj_get(val, "tool-result"))) {
		*ret_block = history_result(json_str(in, "id"), copy_of(in, "content"),
					    json_bool(in, "is-error", false));
	} else if ((in = yyjson_obj_get(val, "image"))) {
		ret_block->tag = SEAL_AGENT_TYPES_BLOCK_IMAGE;
		ret_block->val.image.media_type = copy_of(in, "media-type");
		ret_block->val.image.base64 = copy_of(in, "base64");
	} else {
		return false;
	}
	return true;
}

/* The block was stored as it came. */
static void mend_last(struct history *history)
{
	const seal_agent_types_list_block_t *content = &history->messages[history->len - 1].content;

	history_mend_input(history, &content->ptr[content->len - 1]);
}

static void read_chunk(struct history *history, struct str text)
{
	cleanup_json yyjson_doc *doc = json_read(text, NULL, NULL);
	yyjson_val *message, *val;
	size_t i, k, n, m;

	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, message) {
		seal_agent_types_role_t role = str_is(json_str(message, "role"), "user")
						       ? SEAL_AGENT_TYPES_ROLE_USER
						       : SEAL_AGENT_TYPES_ROLE_ASSISTANT;

		yyjson_arr_foreach(yyjson_obj_get(message, "content"), k, m, val) {
			seal_agent_types_block_t block;

			if (!read_block(val, &block))
				continue;
			history_add(history, role, block);
			if (block.tag == SEAL_AGENT_TYPES_BLOCK_TOOL_USE)
				mend_last(history);
		}
	}
}

/* *ret_text is {NULL, 0} when there is no such key. */
static int load(agent_string_t key, agent_string_t *ret_text, struct buf *why)
{
	agent_option_string_t value;
	agent_string_t error;

	if (!seal_agent_storage_load(&key, &value, &error))
		return storage_failed(&error, why);
	*ret_text = value.is_some ? value.val : (agent_string_t){ NULL, 0 };
	return 0;
}

static int load_key(struct agent *agent, agent_string_t key, struct str prefix, struct buf *why)
{
	agent_string_t text, error;

	/* Left over from a rewrite that was cut short. */
	if (!str_starts(wit_str(key), prefix))
		return seal_agent_storage_delete(&key, &error) ? 0 : storage_failed(&error, why);
	if (load(key, &text, why) < 0)
		return -1;
	read_chunk(&agent->history, wit_str(text));
	wit_free(&text);
	agent->place.next_chunk++;
	return 0;
}

static int load_history(struct agent *agent, struct buf *why)
{
	cleanup_buf struct buf prefix = BUF_INIT;
	agent_string_t all = wit_borrow(STR("history/")), error;
	agent_list_string_t keys;
	int r = 0;

	add_prefix(&prefix, agent->place.generation);
	alloc_check(&prefix);
	if (!seal_agent_storage_list_keys(&all, &keys, &error))
		return storage_failed(&error, why);
	for (size_t i = 0; r == 0 && i < keys.len; i++)
		r = load_key(agent, keys.ptr[i], buf_str(&prefix), why);
	agent_list_string_free(&keys);
	return r;
}

static void clear_first(struct history *history, int64_t n)
{
	if (n > 0 && (uint64_t)n <= history->n_results)
		(void)history_clear_results(history, history->n_results - (size_t)n);
}

int persist_start(struct agent *agent, bool is_resume, struct buf *ret_why)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *head;
	agent_string_t text;
	int r;

	agent->place = (struct place){ 1, 1, 1, false };
	if (!is_resume)
		return 0;
	r = load(wit_borrow(STR("head")), &text, ret_why);
	if (r < 0)
		return r;
	doc = json_read(wit_str(text), NULL, NULL);
	wit_free(&text);
	head = yyjson_doc_get_root(doc);
	agent->place.generation = (uint32_t)json_int(head, "generation", 1);
	agent->place.newest = agent->place.generation;
	r = load_history(agent, ret_why);
	if (r < 0)
		return r;
	history_mend(&agent->history);
	clear_first(&agent->history, json_int(head, "cleared", 0));
	r = load(wit_borrow(STR("tasks")), &text, ret_why);
	if (r < 0)
		return r;
	tasks_read(&agent->tasks, wit_str(text));
	wit_free(&text);
	return 0;
}
