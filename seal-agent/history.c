#include "seal-agent/history.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/rt/alloc.h"

#define USER SEAL_AGENT_TYPES_ROLE_USER

/* Providers count an image by its area, 1600 tokens at most: as text, this. */
#define IMAGE_BYTES 5600
#define IMAGE_CLEARED "[old image removed to save context; read the file again if you still need it]"

void history_free_block(seal_agent_types_block_t *block)
{
	switch (block->tag) {
	case SEAL_AGENT_TYPES_BLOCK_TEXT:
		wit_free(&block->val.text.text);
		break;
	case SEAL_AGENT_TYPES_BLOCK_THINKING:
		wit_free(&block->val.thinking.text);
		wit_free(&block->val.thinking.signature);
		break;
	case SEAL_AGENT_TYPES_BLOCK_REDACTED_THINKING:
		wit_free(&block->val.redacted_thinking);
		break;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_USE:
		wit_free(&block->val.tool_use.id);
		wit_free(&block->val.tool_use.name);
		wit_free(&block->val.tool_use.input_json);
		break;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT:
		wit_free(&block->val.tool_result.id);
		wit_free(&block->val.tool_result.content);
		break;
	case SEAL_AGENT_TYPES_BLOCK_IMAGE:
		wit_free(&block->val.image.media_type);
		wit_free(&block->val.image.base64);
		break;
	}
}

static size_t block_bytes(const seal_agent_types_block_t *block)
{
	switch (block->tag) {
	case SEAL_AGENT_TYPES_BLOCK_TEXT:
		return block->val.text.text.len;
	case SEAL_AGENT_TYPES_BLOCK_THINKING:
		return block->val.thinking.text.len + block->val.thinking.signature.len;
	case SEAL_AGENT_TYPES_BLOCK_REDACTED_THINKING:
		return block->val.redacted_thinking.len;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_USE:
		return block->val.tool_use.id.len + block->val.tool_use.name.len +
		       block->val.tool_use.input_json.len;
	case SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT:
		return block->val.tool_result.id.len + block->val.tool_result.content.len;
	case SEAL_AGENT_TYPES_BLOCK_IMAGE:
		return IMAGE_BYTES;
	}
	return 0;
}

void history_fini(struct history *history)
{
	for (size_t i = 0; i < history->len; i++) {
		seal_agent_types_list_block_t *content = &history->messages[i].content;

		for (size_t k = 0; k < content->len; k++)
			history_free_block(&content->ptr[k]);
		free(content->ptr);
	}
	free(history->messages);
	*history = (struct history){ 0 };
}

static seal_agent_types_message_t *message_for(struct history *history,
					       seal_agent_types_role_t role)
{
	seal_agent_types_message_t *last =
		history->len ? &history->messages[history->len - 1] : NULL;

	if (last && last->role == role)
		return last;
	if (history->len == history->size) {
		history->size = history->size ? history->size * 2 : 16;
		history->messages = alloc_grow(history->messages,
					       history->size * sizeof(*history->messages));
	}
	last = &history->messages[history->len++];
	*last = (seal_agent_types_message_t){ .role = role };
	return last;
}

void history_add(struct history *history, seal_agent_types_role_t role,
		 seal_agent_types_block_t block)
{
	seal_agent_types_list_block_t *content = &message_for(history, role)->content;

	/* Lists have no room for a capacity: it is the next power of two. */
	if ((content->len & (content->len - 1)) == 0)
		content->ptr = alloc_grow(content->ptr,
					  (content->len ? content->len * 2 : 1) * sizeof(block));
	content->ptr[content->len++] = block;
	history->bytes += block_bytes(&block);
	history->n_results += block.tag == SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT;
}

void history_add_text(struct history *history, seal_agent_types_role_t role, struct str text)
{
	history_add(history, role, history_text(wit_copy(text)));
}

void history_drop_last(struct history *history)
{
	seal_agent_types_list_block_t *content = &history->messages[history->len - 1].content;
	seal_agent_types_block_t *block = &content->ptr[--content->len];

	history->bytes -= block_bytes(block);
	history->n_results -= block->tag == SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT;
	history_free_block(block);
	if (content->len == 0) {
		free(content->ptr);
		history->len--;
	}
}

seal_agent_types_block_t history_text(agent_string_t text)
{
	return (seal_agent_types_block_t){ .tag = SEAL_AGENT_TYPES_BLOCK_TEXT,
					   .val.text.text = text };
}

seal_agent_types_block_t history_result(struct str id, agent_string_t content, bool is_error)
{
	return (seal_agent_types_block_t){
		.tag = SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT,
		.val.tool_result = { wit_copy(id), content, is_error },
	};
}

seal_agent_types_block_t history_image(seal_agent_types_image_block_t image)
{
	return (seal_agent_types_block_t){ .tag = SEAL_AGENT_TYPES_BLOCK_IMAGE, .val.image = image };
}

static void clear_images(struct history *history, seal_agent_types_list_block_t *content)
{
	for (size_t i = 0; i < content->len; i++) {
		seal_agent_types_block_t *block = &content->ptr[i];

		if (block->tag != SEAL_AGENT_TYPES_BLOCK_IMAGE)
			continue;
		history->bytes -= block_bytes(block);
		history_free_block(block);
		*block = history_text(wit_copy(STR(IMAGE_CLEARED)));
		history->bytes += block_bytes(block);
	}
}

static void clear_result(struct history *history, seal_agent_types_tool_result_block_t *result)
{
	if (result->content.len <= sizeof(HISTORY_CLEARED) - 1)
		return;
	history->bytes -= result->content.len;
	wit_free(&result->content);
	result->content = wit_copy(STR(HISTORY_CLEARED));
	history->bytes += result->content.len;
}

size_t history_clear_results(struct history *history, size_t keep)
{
	size_t end = history->n_results > keep ? history->n_results - keep : 0;
	size_t from = history->n_cleared, seen = 0;

	if (end <= from)
		return 0;
	for (size_t i = 0; i < history->len && seen < end; i++) {
		seal_agent_types_list_block_t *content = &history->messages[i].content;

		for (size_t k = 0; k < content->len && seen < end; k++) {
			if (content->ptr[k].tag != SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT)
				continue;
			if (seen++ >= from)
				clear_result(history, &content->ptr[k].val.tool_result);
		}
		if (seen <= end && history->messages[i].role == USER)
			clear_images(history, content);
	}
	history->n_cleared = end;
	return end - from;
}

static bool has_result(const seal_agent_types_list_block_t *content, struct str id)
{
	for (size_t i = 0; i < content->len; i++) {
		const seal_agent_types_block_t *block = &content->ptr[i];

		if (block->tag == SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT &&
		    str_eq(wit_str(block->val.tool_result.id), id))
			return true;
	}
	return false;
}

bool history_dangling(const struct history *history, struct str *ret_id)
{
	static const seal_agent_types_list_block_t none;
	const seal_agent_types_list_block_t *calls, *results = &none;
	size_t at = history->len;

	if (at && history->messages[at - 1].role == USER)
		results = &history->messages[--at].content;
	if (!at)
		return false;
	calls = &history->messages[at - 1].content;
	for (size_t i = 0; i < calls->len; i++) {
		*ret_id = wit_str(calls->ptr[i].val.tool_use.id);
		if (calls->ptr[i].tag == SEAL_AGENT_TYPES_BLOCK_TOOL_USE &&
		    !has_result(results, *ret_id))
			return true;
	}
	return false;
}

void history_mend_input(struct history *history, seal_agent_types_block_t *call)
{
	agent_string_t *input = &call->val.tool_use.input_json;
	cleanup_json yyjson_doc *doc = json_read(wit_str(*input), NULL, NULL);

	if (yyjson_is_obj(yyjson_doc_get_root(doc)))
		return;
	history->bytes -= input->len;
	wit_free(input);
	*input = wit_copy(STR("{}"));
	history->bytes += input->len;
}

const char history_unknown[] =
	"The session was interrupted while this call was under way: whether it took effect is "
	"unknown. Look at the state of things before you repeat it.";

static bool has_call(const seal_agent_types_list_block_t *content, struct str id)
{
	for (size_t i = 0; i < content->len; i++) {
		const seal_agent_types_block_t *block = &content->ptr[i];

		if (block->tag == SEAL_AGENT_TYPES_BLOCK_TOOL_USE &&
		    str_eq(wit_str(block->val.tool_use.id), id))
			return true;
	}
	return false;
}

/* Results for the calls of a reply that the message behind it does not answer. */
static void answer_missing(struct history *history, size_t reply)
{
	seal_agent_types_list_block_t calls = history->messages[reply].content;

	for (size_t i = 0; i < calls.len; i++) {
		struct str id = wit_str(calls.ptr[i].val.tool_use.id);

		if (calls.ptr[i].tag != SEAL_AGENT_TYPES_BLOCK_TOOL_USE)
			continue;
		if (history->len > reply + 1 && has_result(&history->messages[reply + 1].content, id))
			continue;
		history_add(history, USER,
			    history_result(id, wit_copy(str_of(history_unknown)), true));
	}
}

/* Does the reply before the user's message under way, if any, make this call? */
static bool is_called(const struct history *history, struct str id)
{
	size_t at = history->len;

	if (at && history->messages[at - 1].role == USER)
		at--;
	return at && has_call(&history->messages[at - 1].content, id);
}

static bool is_welcome(const struct history *history, seal_agent_types_role_t role,
		       const seal_agent_types_block_t *block)
{
	if (role != USER)
		return history->len > 0;
	return block->tag != SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT ||
	       is_called(history, wit_str(block->val.tool_result.id));
}

/* Moves the message's results, or all else, to `whole`. */
static void move_blocks(struct history *whole, const seal_agent_types_message_t *message,
			bool are_results)
{
	for (size_t i = 0; i < message->content.len; i++) {
		seal_agent_types_block_t *block = &message->content.ptr[i];

		if ((block->tag == SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT) != are_results)
			continue;
		if (is_welcome(whole, message->role, block))
			history_add(whole, message->role, *block);
		else
			history_free_block(block);
	}
}

void history_mend(struct history *history)
{
	struct history whole = { 0 };

	for (size_t i = 0; i < history->len; i++) {
		seal_agent_types_message_t *message = &history->messages[i];
		bool is_answer = message->role == USER && whole.len &&
				 whole.messages[whole.len - 1].role != USER;
		size_t reply = whole.len;

		/* Results come first in a message; whatever else it says, after. */
		move_blocks(&whole, message, true);
		if (is_answer)
			answer_missing(&whole, reply - 1);
		move_blocks(&whole, message, false);
		message->content.len = 0;
	}
	history_fini(history);
	*history = whole;
}
