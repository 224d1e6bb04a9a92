/*
 * The guest of the host's tests: does what the message says, one word and
 * perhaps a number.  Compiled to a component with the real contract.
 */
#include <stdlib.h>
#include <string.h>

#include "agent.h"

static agent_string_t text(const char *literal)
{
	return (agent_string_t){(uint8_t *)(uintptr_t)literal, strlen(literal)};
}

static agent_string_t copy(agent_string_t from)
{
	agent_string_t to = {malloc(from.len + 1), from.len};

	if (!to.ptr)
		abort();
	memcpy(to.ptr, from.ptr, from.len);
	return to;
}

static void expect(bool so)
{
	if (!so)
		abort();
}

static bool is(agent_string_t a, const char *b)
{
	return a.len == strlen(b) && memcmp(a.ptr, b, a.len) == 0;
}

/* One block of every kind. */
static void fill_blocks(seal_agent_types_block_t blocks[6])
{
	blocks[0].tag = SEAL_AGENT_TYPES_BLOCK_TEXT;
	blocks[0].val.text.text = text("hi \"you\"\n\xc3\xa4");
	blocks[1].tag = SEAL_AGENT_TYPES_BLOCK_THINKING;
	blocks[1].val.thinking.text = text("hm");
	blocks[1].val.thinking.signature = text("sig");
	blocks[2].tag = SEAL_AGENT_TYPES_BLOCK_REDACTED_THINKING;
	blocks[2].val.redacted_thinking = text("xx");
	blocks[3].tag = SEAL_AGENT_TYPES_BLOCK_TOOL_USE;
	blocks[3].val.tool_use.id = text("t1");
	blocks[3].val.tool_use.name = text("read");
	blocks[3].val.tool_use.input_json = text("{}");
	blocks[4].tag = SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT;
	blocks[4].val.tool_result.id = text("t1");
	blocks[4].val.tool_result.content = text("");
	blocks[4].val.tool_result.is_error = true;
	blocks[5].tag = SEAL_AGENT_TYPES_BLOCK_IMAGE;
	blocks[5].val.image.media_type = text("image/png");
	blocks[5].val.image.base64 = text("AA==");
}

/* Asks with every kind of block, then gives the answer's blocks back. */
static void chat(void)
{
	seal_agent_types_block_t blocks[6];
	seal_agent_types_message_t message = {SEAL_AGENT_TYPES_ROLE_USER, {blocks, 6}};
	seal_agent_llm_tool_spec_t tool = {text("read"), text("Reads."), text("{}")};
	seal_agent_llm_request_t request = {
	    .system = text("be brief"),
	    .messages = {&message, 1},
	    .tools = {&tool, 1},
	    .max_output_tokens = {true, 4294967295u},
	    .purpose = SEAL_AGENT_LLM_PURPOSE_TURN,
	};
	seal_agent_llm_reply_t reply;
	seal_agent_llm_llm_error_t error;

	fill_blocks(blocks);
	expect(seal_agent_llm_chat(&request, &reply, &error));
	expect(reply.stop == SEAL_AGENT_LLM_STOP_REASON_TOOL_USE);
	expect(reply.usage.input == UINT64_MAX && reply.usage.cache_write == 0);
	message.role = SEAL_AGENT_TYPES_ROLE_ASSISTANT;
	message.content.ptr = reply.content.ptr;
	message.content.len = reply.content.len;
	request.tools.len = 0;
	request.max_output_tokens.is_some = false;
	request.purpose = SEAL_AGENT_LLM_PURPOSE_COMPACTION;
	expect(!seal_agent_llm_chat(&request, &reply, &error));
	expect(error.tag == SEAL_AGENT_LLM_LLM_ERROR_BUDGET && is(error.val.budget, "spent"));
}

static void files(void)
{
	seal_agent_tools_read_options_t options = {{true, 1}, {false, 0}};
	seal_agent_tools_edit_t edit = {text("a"), text("b"), true};
	seal_agent_tools_list_edit_t edits = {&edit, 1};
	agent_string_t path = text("a.c"), body = text("int a;\n");
	seal_agent_tools_write_outcome_t outcome;
	seal_agent_tools_file_content_t content;
	seal_agent_tools_tool_error_t error;
	seal_agent_tools_listing_t listing;

	expect(seal_agent_tools_file_read(&path, &options, &content, &error));
	expect(is(content.text, "x\ny") && content.total_lines == 2 && !content.base64);
	expect(!seal_agent_tools_file_write(&path, &body, &outcome, &error));
	expect(error.tag == SEAL_AGENT_TYPES_TOOL_ERROR_DENIED && is(error.val.denied.hint, "h"));
	expect(seal_agent_tools_file_edit(&path, &edits, &outcome, &error));
	expect(outcome.bytes == 9007199254740993u);
	expect(seal_agent_tools_file_delete(&path, &error));
	expect(seal_agent_tools_file_list(&path, true, &listing, &error));
	expect(listing.entries.len == 2);
	expect(listing.entries.ptr[1].kind == SEAL_AGENT_TOOLS_ENTRY_KIND_SYMLINK);
	expect(!seal_agent_tools_file_glob(&path, &listing, &error));
	expect(error.tag == SEAL_AGENT_TYPES_TOOL_ERROR_CANCELLED);
}

static void commands(void)
{
	seal_agent_tools_search_options_t options = {{true, text("*.c")}, 2, false, {false, 0}};
	uint16_t ports[] = {0, 65535};
	seal_agent_tools_command_t command = {.command = text("make"),
					      .dev_server_ports = {ports, 2}};
	agent_string_t word = text("j1");
	seal_agent_tools_command_outcome_t outcome;
	seal_agent_tools_tool_error_t error;
	seal_agent_tools_matches_t matches;
	seal_agent_tools_fetched_t fetched;

	expect(seal_agent_tools_grep(&word, &word, &options, &matches, &error));
	expect(matches.truncated && matches.lines.len == 0);
	expect(seal_agent_tools_command_run(&command, &outcome, &error));
	expect(outcome.exit_code.is_some && outcome.exit_code.val == -2147483647 - 1);
	expect(!outcome.signal.is_some && outcome.denials.len == 1);
	expect(!seal_agent_tools_command_output(&word, &outcome, &error));
	expect(error.tag == SEAL_AGENT_TYPES_TOOL_ERROR_INVALID);
	expect(!seal_agent_tools_command_stop(&word, &outcome, &error));
	expect(error.tag == SEAL_AGENT_TYPES_TOOL_ERROR_FAILED);
	expect(seal_agent_tools_web_fetch(&word, &fetched, &error));
	expect(fetched.status == 200);
}

static void rest(void)
{
	agent_string_t a = text("a"), b = text("b"), got;
	agent_string_t choices[] = {text("yes"), text("no")};
	agent_list_string_t list = {choices, 2}, keys;
	seal_agent_console_task_t task = {7, text("t"), SEAL_AGENT_CONSOLE_TASK_STATE_DROPPED};
	seal_agent_console_list_task_t tasks = {&task, 1};
	seal_agent_tools_list_tool_listing_t external;
	seal_agent_tools_tool_error_t error;
	agent_option_string_t value;

	seal_agent_tools_external_tools(&external);
	expect(external.len == 1 && is(external.ptr[0].input_schema_json, "{}"));
	expect(seal_agent_tools_external_call(&a, &b, &a, &got, &error) && got.len == 3);
	expect(seal_agent_storage_save(&a, &b, &got));
	expect(seal_agent_storage_load(&a, &value, &got) && !value.is_some);
	expect(!seal_agent_storage_delete(&a, &got) && is(got, "none"));
	expect(seal_agent_storage_list_keys(&a, &keys, &got) && keys.len == 2);
	seal_agent_console_print(&a);
	seal_agent_console_warn(&b);
	expect(seal_agent_console_ask(&a, &list, &got) && is(got, "yes"));
	expect(!seal_agent_console_ask(&a, &list, &got));
	seal_agent_console_show_tasks(&tasks);
}

static void each(uint32_t unused)
{
	seal_agent_llm_model_t model;

	(void)unused;
	seal_agent_llm_model_info(&model);
	expect(is(model.provider, "p") && model.idle_seconds == UINT64_MAX &&
	       model.supports_images);
	chat();
	files();
	commands();
	rest();
}

/* `count` calls with little to carry. */
static void print(uint32_t count)
{
	agent_string_t nothing = text("");

	while (count--)
		seal_agent_console_print(&nothing);
}

/* `count` calls whose answer is a string of the host's choice. */
static void load(uint32_t count)
{
	agent_string_t key = text("k"), error;

	while (count--) {
		agent_option_string_t value;

		expect(seal_agent_storage_load(&key, &value, &error));
		agent_option_string_free(&value);
	}
}

/* `count` times: what it loads, it saves. */
static void copy_keys(uint32_t count)
{
	agent_string_t key = text("k"), error;

	while (count--) {
		agent_option_string_t value;

		expect(seal_agent_storage_load(&key, &value, &error) && value.is_some);
		expect(seal_agent_storage_save(&key, &value.val, &error));
		agent_option_string_free(&value);
	}
}

/* `count` times: the same file, from its start to its end. */
static void read_file(uint32_t count)
{
	agent_string_t path = text("src/a.c");

	while (count--) {
		seal_agent_tools_read_options_t options = {0};
		seal_agent_tools_file_content_t content;
		seal_agent_tools_tool_error_t error;

		expect(seal_agent_tools_file_read(&path, &options, &content, &error));
		seal_agent_tools_file_content_free(&content);
	}
}

/* A word in the middle of a file: there (0) and back (1). */
static void edit_file(uint32_t back)
{
	agent_string_t path = text("src/big.c"), word[] = {text("one word"), text("the word")};
	seal_agent_tools_edit_t edit = {word[back % 2], word[1 - back % 2], false};
	seal_agent_tools_list_edit_t edits = {&edit, 1};
	seal_agent_tools_write_outcome_t outcome;
	seal_agent_tools_tool_error_t error;

	expect(seal_agent_tools_file_edit(&path, &edits, &outcome, &error));
	seal_agent_tools_write_outcome_free(&outcome);
}

static void crash(uint32_t unused)
{
	(void)unused;
	__builtin_trap();
}

static uint32_t nan_bits;

/* What the processor makes of it, unless the engine says otherwise. */
static void make_nan(uint32_t unused)
{
	volatile float zero = 0;
	float result = zero / zero;

	(void)unused;
	memcpy(&nan_bits, &result, sizeof(nan_bits));
}

static volatile uint32_t spun;

static void spin(uint32_t unused)
{
	(void)unused;
	for (;;)
		spun++;
}

/* Takes all memory there is; traps when that was less than `want` MiB. */
static void eat(uint32_t want)
{
	void *volatile piece; /* or the compiler takes none */
	uint32_t got = 0;

	while (got < 4096 && (piece = malloc(1024 * 1024)))
		got++;
	expect(got >= want);
}

static __attribute__((noinline)) uint32_t deeper(uint32_t n)
{
	spun = n;
	return n == UINT32_MAX ? 0 : deeper(n + 1) + spun;
}

static void recurse(uint32_t unused)
{
	(void)unused;
	spun = deeper(0);
}

static uint32_t number(agent_string_t message, size_t at)
{
	uint32_t n = 0;

	for (; at < message.len; at++)
		n = n * 10 + (message.ptr[at] - (uint32_t)'0');
	return n;
}

static const struct {
	const char *word;
	void (*run)(uint32_t number);
} words[] = {
    {"each", each}, {"print ", print}, {"load ", load},      {"copy ", copy_keys}, {"crash", crash},
    {"spin", spin}, {"eat ", eat},     {"recurse", recurse}, {"nan", make_nan},
    {"read ", read_file}, {"edit ", edit_file},
};

bool exports_agent_init(agent_string_t *id, agent_string_t *context, agent_string_t *err)
{
	if (!is(*id, "bad"))
		return true;
	*err = copy(*context);
	return false;
}

/* Unknown words are given back. */
bool exports_agent_handle_message(agent_string_t *message, agent_turn_result_t *ret,
				  agent_string_t *err)
{
	(void)err;
	*ret = (agent_turn_result_t){copy(*message), copy(text("end-turn")), 0, 0};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].word);

		if (message->len < len || memcmp(message->ptr, words[i].word, len) != 0)
			continue;
		words[i].run(number(*message, len));
		ret->tool_calls = 1;
		ret->llm_calls = nan_bits;
	}
	return true;
}
