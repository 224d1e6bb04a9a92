#include "seal-agent/loop.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "seal-agent/compact.h"
#include "seal-agent/dispatch.h"
#include "seal-agent/persist.h"
#include "seal-agent/rt/alloc.h"
#include "seal-agent/state.h"
#include "seal-agent/tasks.h"
#include "seal-agent/tools/agents.h"

#define USER	  SEAL_AGENT_TYPES_ROLE_USER
#define ASSISTANT SEAL_AGENT_TYPES_ROLE_ASSISTANT

/* A model that runs into its output limit this often in a row will not stop. */
#define CUT_MAX 3

static const char cut_call[] =
	"Not run: your reply was cut at the output limit, so this call may be incomplete. Send it "
	"again, in smaller parts if it is long (write a file in pieces, or use file_edit).";
static const char cancelled_call[] = "Not run: the user cancelled the turn.";
static const char declined[] = "[The model declined to continue here.]";
static const char thought_only[] = "[The reply ended here, without a text.]";

enum step { STEP_ON, STEP_DONE, STEP_FAILED = -1 };

/* Into the history and the storage. */
static int add(struct agent *agent, seal_agent_types_role_t role, seal_agent_types_block_t block,
	       struct buf *why)
{
	history_add(&agent->history, role, block);
	return persist_append(agent, role, &block, 1, why);
}

/* After a kill or a trap a reply may have calls without results, and providers
 * refuse such a conversation. */
static int repair(struct agent *agent, struct buf *why)
{
	struct str id;

	while (history_dangling(&agent->history, &id)) {
		agent_string_t text = wit_copy(str_of(history_unknown));

		if (add(agent, USER, history_result(id, text, true), why) < 0)
			return -1;
	}
	return 0;
}

static bool is_blank(const seal_agent_types_block_t *block)
{
	return block->tag == SEAL_AGENT_TYPES_BLOCK_TEXT &&
	       str_trim(wit_str(block->val.text.text)).len == 0;
}

/* Providers send texts without a word and refuse to take them back. */
static void drop_blanks(seal_agent_llm_reply_t *reply)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < reply->content.len; i++) {
		if (is_blank(&reply->content.ptr[i]))
			history_free_block(&reply->content.ptr[i]);
		else
			reply->content.ptr[n_kept++] = reply->content.ptr[i];
	}
	reply->content.len = n_kept;
}

/* The reply's blocks, as they are; text goes to the turn as well. */
static int keep_reply(struct turn *turn, seal_agent_llm_reply_t *reply, struct buf *why)
{
	struct agent *agent = turn->agent;
	int r = 0;

	buf_clear(&turn->text);
	drop_blanks(reply);
	for (size_t i = 0; i < reply->content.len; i++) {
		const seal_agent_types_block_t *block = &reply->content.ptr[i];

		if (block->tag == SEAL_AGENT_TYPES_BLOCK_TEXT)
			buf_add(&turn->text, wit_str(block->val.text.text));
		history_add(&agent->history, ASSISTANT, *block);
	}
	if (reply->content.len)
		r = persist_append(agent, ASSISTANT, reply->content.ptr, reply->content.len, why);
	compact_learn(agent, &reply->usage);
	return r;
}

/* 1: the person cancelled. */
static int run_call(struct turn *turn, const seal_agent_types_tool_use_block_t *use,
		    struct buf *why)
{
	struct done done = dispatch_run(turn->agent, use);

	turn->tool_calls++;
	agents_keep_image(turn->agent, done.image);
	if (done.agent_id.len) {
		(void)agents_await(turn->agent, use->id, done.agent_id);
		return 0;
	}
	if (add(turn->agent, USER, done.result, why) < 0)
		return -1;
	return done.is_cancelled;
}

static int answer_call(struct turn *turn, seal_agent_types_block_t *call, const char *instead,
		       struct buf *why)
{
	int r;

	if (instead)
		r = add(turn->agent, USER,
			history_result(wit_str(call->val.tool_use.id), wit_copy(str_of(instead)), true),
			why);
	else
		r = run_call(turn, &call->val.tool_use, why);
	history_mend_input(&turn->agent->history, call);
	return r;
}

/* Providers want the results first, and nothing between them. */
static int add_images(struct agent *agent, struct buf *why)
{
	struct later *later = &agent->later;
	int r = 0;

	for (size_t i = 0; r == 0 && i < later->n_images; i++) {
		seal_agent_types_image_block_t image = later->images[i];

		later->images[i] = (seal_agent_types_image_block_t){ 0 };
		r = add(agent, USER, history_image(image), why);
	}
	later->n_images = 0;
	return r;
}

/* Every call of the last reply gets its result, in order, in one message; those
 * of other agents behind the rest, when they have run. */
static int answer_calls(struct turn *turn, const char *instead, struct buf *why)
{
	const struct history *history = &turn->agent->history;
	seal_agent_types_list_block_t calls = history->messages[history->len - 1].content;

	for (size_t i = 0; i < calls.len; i++) {
		int r;

		if (calls.ptr[i].tag != SEAL_AGENT_TYPES_BLOCK_TOOL_USE)
			continue;
		r = answer_call(turn, &calls.ptr[i], instead, why);
		if (r < 0)
			return r;
		if (r > 0) {
			turn->stop = "cancelled";
			instead = cancelled_call;
		}
	}
	if (turn->agent->later.n_agents) {
		turn->stop = turn->stop ? turn->stop : "agents";
		return 0;
	}
	return add_images(turn->agent, why);
}

static int add_reminder(struct turn *turn, struct buf *why)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (!tasks_remind(turn->agent, &text))
		return 0;
	return add(turn->agent, USER, history_text(wit_take(&text)), why);
}

static enum step after_calls(struct turn *turn, bool is_cut, struct buf *why)
{
	turn->n_cut = is_cut ? turn->n_cut + 1 : 0;
	tasks_count(&turn->agent->tasks);
	if (answer_calls(turn, is_cut ? cut_call : NULL, why) < 0)
		return STEP_FAILED;
	if (turn->agent->later.n_agents)
		return STEP_DONE;
	if (add_reminder(turn, why) < 0)
		return STEP_FAILED;
	if (turn->n_cut >= CUT_MAX)
		turn->stop = "max-tokens";
	return turn->stop ? STEP_DONE : STEP_ON;
}

static bool has_calls(const seal_agent_llm_reply_t *reply)
{
	for (size_t i = 0; i < reply->content.len; i++) {
		if (reply->content.ptr[i].tag == SEAL_AGENT_TYPES_BLOCK_TOOL_USE)
			return true;
	}
	return false;
}

/* Providers refuse a conversation in which a reply ends in a thought. */
static bool ends_in_thought(const seal_agent_llm_reply_t *reply)
{
	uint8_t tag = reply->content.len ? reply->content.ptr[reply->content.len - 1].tag
					 : SEAL_AGENT_TYPES_BLOCK_TEXT;

	return tag == SEAL_AGENT_TYPES_BLOCK_THINKING ||
	       tag == SEAL_AGENT_TYPES_BLOCK_REDACTED_THINKING;
}

/* Calls count whatever the stop reason says: some servers say "stop" with them. */
static enum step take_reply(struct turn *turn, seal_agent_llm_reply_t *reply, struct buf *why)
{
	static const char *const stops[] = {
		[SEAL_AGENT_LLM_STOP_REASON_END_TURN] = "end-turn",
		[SEAL_AGENT_LLM_STOP_REASON_TOOL_USE] = "end-turn",
		[SEAL_AGENT_LLM_STOP_REASON_MAX_TOKENS] = "max-tokens",
		[SEAL_AGENT_LLM_STOP_REASON_REFUSAL] = "refusal",
		[SEAL_AGENT_LLM_STOP_REASON_OTHER] = "error",
	};

	if (keep_reply(turn, reply, why) < 0)
		return STEP_FAILED;
	if (has_calls(reply))
		return after_calls(turn, reply->stop == SEAL_AGENT_LLM_STOP_REASON_MAX_TOKENS, why);
	if (ends_in_thought(reply) &&
	    add(turn->agent, ASSISTANT, history_text(wit_copy(str_of(thought_only))), why) < 0)
		return STEP_FAILED;
	turn->stop = reply->stop < sizeof(stops) / sizeof(stops[0]) ? stops[reply->stop] : "error";
	return STEP_DONE;
}

/* A refused reply is not kept: what is left of it would be refused again. */
static enum step decline(struct turn *turn, seal_agent_llm_reply_t *reply, struct buf *why)
{
	buf_clear(&turn->text);
	for (size_t i = 0; i < reply->content.len; i++) {
		if (reply->content.ptr[i].tag == SEAL_AGENT_TYPES_BLOCK_TEXT)
			buf_add(&turn->text, wit_str(reply->content.ptr[i].val.text.text));
		history_free_block(&reply->content.ptr[i]);
	}
	turn->stop = "refusal";
	return add(turn->agent, ASSISTANT, history_text(wit_copy(str_of(declined))), why) < 0
		       ? STEP_FAILED
		       : STEP_DONE;
}

static bool chat(struct agent *agent, seal_agent_llm_reply_t *ret_reply,
		 seal_agent_llm_llm_error_t *ret_error)
{
	seal_agent_llm_request_t request = {
		.system = wit_borrow(buf_str(&agent->system)),
		.messages = { agent->history.messages, agent->history.len },
		.tools = { agent->toolbox.specs, agent->toolbox.n_specs },
		.purpose = SEAL_AGENT_LLM_PURPOSE_TURN,
	};

	return seal_agent_llm_chat(&request, ret_reply, ret_error);
}

/* Once a turn the conversation may be made shorter and sent again. */
static enum step after_error(struct turn *turn, seal_agent_llm_llm_error_t *error, struct buf *why)
{
	bool is_overflow = error->tag == SEAL_AGENT_LLM_LLM_ERROR_CONTEXT_OVERFLOW;

	if (is_overflow && !turn->has_overflowed) {
		turn->has_overflowed = true;
		seal_agent_llm_llm_error_free(error);
		return compact_run(turn, why) < 0 ? STEP_FAILED : STEP_ON;
	}
	compact_explain(error, why);
	seal_agent_llm_llm_error_free(error);
	return STEP_FAILED;
}

static enum step step(struct turn *turn, struct buf *why)
{
	seal_agent_llm_reply_t reply = { 0 };
	seal_agent_llm_llm_error_t error;
	cleanup_free void *list = NULL;

	turn->llm_calls++;
	turn->n_replies++;
	if (!chat(turn->agent, &reply, &error))
		return after_error(turn, &error, why);
	/* The blocks go to the history, their list does not. */
	list = reply.content.len ? reply.content.ptr : NULL;
	return reply.stop == SEAL_AGENT_LLM_STOP_REASON_REFUSAL ? decline(turn, &reply, why)
								: take_reply(turn, &reply, why);
}

/* What a client sends for its own /compact: no message, only the summary. */
static int summarize(struct turn *turn, struct buf *why)
{
	turn->stop = "end-turn";
	if (turn->agent->history.len == 0) {
		buf_adds(&turn->text, "There is nothing to summarize yet.");
		return 0;
	}
	if (compact_run(turn, why) < 0)
		return -1;
	buf_adds(&turn->text, turn->agent->history.len == 1
				      ? "The conversation was summarized."
				      : "The model gave no summary; the conversation stays as it is.");
	return 0;
}

/* The agents that the last reply started have run. */
static int go_on(struct turn *turn, struct buf *why)
{
	struct agent *agent = turn->agent;

	for (size_t i = 0; i < agent->later.n_agents; i++) {
		if (add(agent, USER, agents_result(agent, i), why) < 0)
			return -1;
	}
	if (add_images(agent, why) < 0 || add_reminder(turn, why) < 0)
		return -1;
	agents_fini(agent);
	return 0;
}

static void put_command(struct buf *input, struct str command)
{
	struct json w = json_to(input);

	json_object(&w);
	json_kv(&w, "command", command);
	json_end(&w);
}

/*
 * "!command": what the person runs by hand goes the way of the model's commands,
 * so the same rules, sandbox and log hold.  The model is not asked; it gets both
 * the command and what came of it with the next message.
 */
static int run_by_hand(struct turn *turn, struct str command, struct buf *why)
{
	cleanup_buf struct buf input = BUF_INIT, text = BUF_INIT;
	seal_agent_types_tool_use_block_t use = { 0 };
	struct done done;

	put_command(&input, command);
	use.id = wit_copy(STR("by-hand"));
	use.name = wit_copy(STR("command_run"));
	use.input_json = wit_take(&input);
	done = dispatch_run(turn->agent, &use);
	agents_keep_image(turn->agent, done.image);
	turn->tool_calls++;
	turn->stop = done.is_cancelled ? "cancelled" : "end-turn";
	buf_adds(&text, "I ran this command by hand:\n");
	buf_add(&text, command);
	buf_adds(&text, "\n\nIt gave:\n");
	buf_add(&text, wit_str(done.result.val.tool_result.content));
	history_free_block(&done.result);
	wit_free(&use.id);
	wit_free(&use.name);
	wit_free(&use.input_json);
	wit_free(&done.agent_id);
	return add(turn->agent, USER, history_text(wit_take(&text)), why);
}

static int begin(struct turn *turn, struct str message, struct buf *why)
{
	struct agent *agent = turn->agent;

	if (agent->later.n_agents && str_is(message, "/agents"))
		return go_on(turn, why);
	agents_fini(agent);
	dispatch_offer(&agent->toolbox, &agent->role);
	if (repair(agent, why) < 0 || compact_begin(agent, why) < 0)
		return -1;
	if (str_is(message, "/compact"))
		return summarize(turn, why);
	if (str_starts(message, STR("!")) && str_trim(str_from(message, 1)).len)
		return run_by_hand(turn, str_trim(str_from(message, 1)), why);
	wit_free(&agent->last_message);
	agent->last_message = wit_copy(message);
	return add(agent, USER, history_text(wit_copy(message)), why);
}

int loop_turn(struct turn *turn, struct str message, struct buf *ret_why)
{
	const struct agent *agent = turn->agent;
	enum step next = STEP_ON;

	if (begin(turn, message, ret_why) < 0)
		return -1;
	while (next == STEP_ON && !turn->stop) {
		if (agent->settings.max_turns > 0 && turn->n_replies >= agent->settings.max_turns) {
			turn->stop = "limit";
			return 0;
		}
		if (compact_is_due(agent) && compact_run(turn, ret_why) < 0)
			return -1;
		next = step(turn, ret_why);
	}
	return next == STEP_FAILED ? -1 : 0;
}
