/*
 * A component that wants harm: it calls every import there is, with what it
 * thinks of, as often as it is told to.  The message says
 *   SEED COUNT HOME SINK-PORT PAGE-PORT     or     trap | text | memory | deep
 * The same message makes the same calls, or a replay would differ.
 */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "random.h"
#include "words.h"

static void read_one(void)
{
	seal_agent_tools_read_options_t options = { { one_in(4), below(5) * below(1u << 31) },
		                                    { one_in(4), below(5) * below(1u << 31) } };
	agent_string_t path = WORD(paths);
	seal_agent_tools_file_content_t content;
	seal_agent_tools_tool_error_t error;

	if (!seal_agent_tools_file_read(&path, &options, &content, &error)) {
		seal_agent_tools_tool_error_free(&error);
		return;
	}
	loot_add(content.text);
	seal_agent_tools_file_content_free(&content);
}

static void write_one(void)
{
	agent_string_t path = WORD(paths), body = any_text();
	seal_agent_tools_edit_t edits[3] = { { any_text(), any_text(), one_in(2) },
		                             { any_text(), any_text(), true },
		                             { any_text(), any_text(), false } };
	seal_agent_tools_list_edit_t list = { edits, below(4) };
	seal_agent_tools_write_outcome_t outcome;
	seal_agent_tools_tool_error_t error;
	bool done = one_in(2) ? seal_agent_tools_file_write(&path, &body, &outcome, &error)
	                      : seal_agent_tools_file_edit(&path, &list, &outcome, &error);

	if (done) {
		loot_add(outcome.diff);
		seal_agent_tools_write_outcome_free(&outcome);
	} else {
		seal_agent_tools_tool_error_free(&error);
	}
}

static void delete_one(void)
{
	agent_string_t path = WORD(paths);
	seal_agent_tools_tool_error_t error;

	if (!seal_agent_tools_file_delete(&path, &error))
		seal_agent_tools_tool_error_free(&error);
}

static void list_some(void)
{
	agent_string_t path = WORD(paths), glob = WORD(globs);
	seal_agent_tools_listing_t listing;
	seal_agent_tools_tool_error_t error;
	bool done = one_in(2) ? seal_agent_tools_file_list(&path, one_in(2), &listing, &error)
	                      : seal_agent_tools_file_glob(&glob, &listing, &error);

	if (done)
		seal_agent_tools_listing_free(&listing);
	else
		seal_agent_tools_tool_error_free(&error);
}

static void search(void)
{
	seal_agent_tools_search_options_t options = { { one_in(3), WORD(globs) },
		                                      below(2) * below(1u << 31),
		                                      one_in(2),
		                                      { one_in(3), below(1u << 31) } };
	agent_string_t pattern = WORD(patterns), path = WORD(paths);
	seal_agent_tools_tool_error_t error;
	seal_agent_tools_matches_t matches;

	if (!seal_agent_tools_grep(&pattern, &path, &options, &matches, &error)) {
		seal_agent_tools_tool_error_free(&error);
		return;
	}
	for (size_t i = 0; i < matches.lines.len; i++)
		loot_add(matches.lines.ptr[i].text);
	seal_agent_tools_matches_free(&matches);
}

static void take_outcome(bool done, seal_agent_tools_command_outcome_t *outcome,
                         seal_agent_tools_tool_error_t *error)
{
	if (!done) {
		seal_agent_tools_tool_error_free(error);
		return;
	}
	loot_add(outcome->output);
	seal_agent_tools_command_outcome_free(outcome);
}

static void command(void)
{
	uint16_t ports[] = { 0, 22, (uint16_t)below(65536), 65535 };
	seal_agent_tools_command_t ask = {
		.command = WORD(commands),
		.cwd = { one_in(5), WORD(paths) },
		.timeout_seconds = { one_in(5), below(3) * below(1u << 31) },
		.background = one_in(8),
		.dev_server_ports = { ports, one_in(6) ? below(5) : 0 },
		.verbose = one_in(2),
	};
	seal_agent_tools_command_outcome_t outcome;
	seal_agent_tools_tool_error_t error;

	take_outcome(seal_agent_tools_command_run(&ask, &outcome, &error), &outcome, &error);
}

static void job(void)
{
	static const char *const jobs[] = {
		"1", "job-1", "0", "-1", "", "../1", "99999999999999999999", "j1", "1; ls"
	};
	seal_agent_tools_command_outcome_t outcome;
	seal_agent_tools_tool_error_t error;
	agent_string_t name = WORD(jobs);
	bool done = one_in(2) ? seal_agent_tools_command_output(&name, &outcome, &error)
	                      : seal_agent_tools_command_stop(&name, &outcome, &error);

	take_outcome(done, &outcome, &error);
}

static void fetch(void)
{
	agent_string_t url = WORD(urls);
	seal_agent_tools_fetched_t fetched;
	seal_agent_tools_tool_error_t error;

	if (!seal_agent_tools_web_fetch(&url, &fetched, &error)) {
		seal_agent_tools_tool_error_free(&error);
		return;
	}
	loot_add(fetched.text);
	seal_agent_tools_fetched_free(&fetched);
}

static void external(void)
{
	agent_string_t server = WORD(keys), name = any_text(), input = any_text(), got;
	seal_agent_tools_list_tool_listing_t tools;
	seal_agent_tools_tool_error_t error;

	if (one_in(2)) {
		seal_agent_tools_external_tools(&tools);
		seal_agent_tools_list_tool_listing_free(&tools);
	} else if (seal_agent_tools_external_call(&server, &name, &input, &got, &error)) {
		agent_string_free(&got);
	} else {
		seal_agent_tools_tool_error_free(&error);
	}
}

static void store(void)
{
	agent_string_t key = WORD(keys), value = any_text(), error;
	agent_option_string_t got;
	agent_list_string_t list;
	uint32_t which = below(4);
	bool done = which == 0   ? seal_agent_storage_save(&key, &value, &error)
	            : which == 1 ? seal_agent_storage_load(&key, &got, &error)
	            : which == 2 ? seal_agent_storage_delete(&key, &error)
	                         : seal_agent_storage_list_keys(&key, &list, &error);

	if (!done) {
		agent_string_free(&error);
	} else if (which == 1) {
		if (got.is_some)
			loot_add(got.val);
		agent_option_string_free(&got);
	} else if (which == 3) {
		agent_list_string_free(&list);
	}
}

static void show(void)
{
	agent_string_t words = any_text(), choices[3] = { any_text(), any_text(), words }, answer;
	seal_agent_console_task_t tasks[2] = {
		{ below(3) * below(1u << 31), any_text(), SEAL_AGENT_CONSOLE_TASK_STATE_ACTIVE },
		{ 1, words, SEAL_AGENT_CONSOLE_TASK_STATE_DROPPED }
	};
	agent_list_string_t list = { choices, below(4) };
	seal_agent_console_list_task_t some = { tasks, below(3) };

	switch (below(4)) {
	case 0: seal_agent_console_print(&words); break;
	case 1: seal_agent_console_warn(&words); break;
	case 2: seal_agent_console_show_tasks(&some); break;
	default:
		if (seal_agent_console_ask(&words, &list, &answer))
			agent_string_free(&answer);
	}
}

/* Children that are as bad, with all the rights a scope can ask for. */
static char child_task[4096];

static void agents(void)
{
	agent_string_t only[2] = { WORD(paths), any_text() }, got, id = WORD(keys);
	agent_string_t task = one_in(3) ? any_text() : (agent_string_t){ (uint8_t *)child_task, strlen(child_task) };
	seal_agent_agents_scope_t scope = { true, true, true, { only, below(3) } };
	seal_agent_agents_tool_error_t error;
	bool done = one_in(2) ? seal_agent_agents_start(&task, &scope, &got, &error)
	                      : seal_agent_agents_answer(&id, &got, &error);

	if (done)
		agent_string_free(&got);
	else
		seal_agent_agents_tool_error_free(&error);
}

static void any_block(seal_agent_types_block_t *block)
{
	memset(block, 0, sizeof(*block));
	block->tag = (uint8_t)below(6);
	if (block->tag == SEAL_AGENT_TYPES_BLOCK_TOOL_USE) {
		block->val.tool_use.id = any_text();
		block->val.tool_use.name = any_text();
		block->val.tool_use.input_json =
			one_in(2) ? any_text() : (agent_string_t){ (uint8_t *)(uintptr_t)"{}", 2 };
	} else if (block->tag == SEAL_AGENT_TYPES_BLOCK_TOOL_RESULT) {
		block->val.tool_result.id = any_text();
		block->val.tool_result.content = any_text();
	} else {
		/* The other kinds are one or two strings, in the same place. */
		block->val.thinking.text = any_text();
		if (block->tag == SEAL_AGENT_TYPES_BLOCK_THINKING)
			block->val.thinking.signature = any_text();
		if (block->tag == SEAL_AGENT_TYPES_BLOCK_IMAGE)
			block->val.image.base64 = any_text();
	}
}

static void chat(void)
{
	seal_agent_types_block_t blocks[2] = { { .tag = SEAL_AGENT_TYPES_BLOCK_TEXT,
		                                 .val.text.text = loot_take() } };
	seal_agent_types_message_t messages[2] = { { SEAL_AGENT_TYPES_ROLE_USER, { blocks, 1 } },
		                                   { (uint8_t)below(2),
		                                     { blocks + 1, below(2) } } };
	seal_agent_llm_tool_spec_t tool = { any_text(), any_text(), any_text() };
	seal_agent_llm_request_t request = {
		.system = any_text(),
		.messages = { messages, 1 + one_in(4) },
		.tools = { &tool, one_in(8) },
		.max_output_tokens = { one_in(2), below(1u << 31) },
		.purpose = (uint8_t)below(3),
	};
	seal_agent_llm_reply_t reply;
	seal_agent_llm_llm_error_t error;
	seal_agent_llm_model_t model;

	any_block(&blocks[1]);
	seal_agent_llm_model_info(&model);
	seal_agent_llm_model_free(&model);
	if (seal_agent_llm_chat(&request, &reply, &error))
		seal_agent_llm_reply_free(&reply);
	else
		seal_agent_llm_llm_error_free(&error);
}

static const struct {
	uint32_t weight;
	void (*call)(void);
} dice[] = {
	{ 24, read_one }, { 18, write_one }, { 8, delete_one }, { 12, list_some },
	{ 8, search },    { 5, command },    { 4, job },        { 6, fetch },
	{ 2, external },  { 8, store },      { 4, show },       { 1, chat },
	{ 1, agents },
};

static void misbehave(uint32_t count)
{
	uint32_t all = 0;

	for (size_t i = 0; i < sizeof(dice) / sizeof(dice[0]); i++)
		all += dice[i].weight;
	while (count--) {
		uint32_t at = below(all);
		size_t i = 0;

		while (at >= dice[i].weight)
			at -= dice[i++].weight;
		dice[i].call();
	}
	chat();
}

static volatile uint32_t depth;

static __attribute__((noinline)) uint32_t deeper(uint32_t n)
{
	depth = n;
	return n == UINT32_MAX ? 0 : deeper(n + 1) + depth;
}

/* Ends of a turn that are no answer. */
static void break_down(const char *how)
{
	uint8_t bytes[] = { 0xff, 0xfe, 0xed, 0xa0, 0x80, 0xc0, 0x80 };
	agent_string_t broken = { bytes, sizeof(bytes) },
		       outside = { (uint8_t *)0xfffffff0u, 0x7fffffff };

	if (strcmp(how, "trap") == 0)
		__builtin_trap();
	if (strcmp(how, "text") == 0)
		seal_agent_console_print(&broken);
	if (strcmp(how, "pointer") == 0)
		seal_agent_console_print(&outside);
	if (strcmp(how, "deep") == 0)
		depth = deeper(0);
	while (strcmp(how, "memory") == 0) {
		void *volatile piece = malloc(1024 * 1024);

		if (!piece)
			abort();
	}
}

static void append_word(char *text, const char *more)
{
	memcpy(text + strlen(text), more, strlen(more) + 1);
}

/* "SEED9 20 HOME SINK PAGE": the same for a child, and shorter. */
static void write_task(char *const word[5])
{
	child_task[0] = '\0';
	for (size_t i = 0; i < 5; i++) {
		if (strlen(child_task) + strlen(word[i]) + 8 > sizeof(child_task))
			return;
		append_word(child_task, i == 1 ? "20" : word[i]);
		append_word(child_task, i == 0 ? "9 " : " ");
	}
	child_task[strlen(child_task) - 1] = '\0';
}

bool exports_agent_init(agent_string_t *id, agent_string_t *context, agent_string_t *err)
{
	(void)id, (void)context, (void)err;
	return true;
}

bool exports_agent_handle_message(agent_string_t *message, agent_turn_result_t *ret,
                                  agent_string_t *err)
{
	static char text[4096];
	char *word[5] = { text };
	size_t n = 1;

	(void)err;
	memcpy(text, message->ptr,
	       message->len < sizeof(text) - 1 ? message->len : sizeof(text) - 1);
	for (char *at = text; *at && n < 5; at++)
		if (*at == ' ') {
			*at = '\0';
			word[n++] = at + 1;
		}
	if (n == 5) {
		write_task(word);
		random_begin((uint32_t)strtoul(word[0], NULL, 10), word[2], word[3], word[4]);
		misbehave((uint32_t)strtoul(word[1], NULL, 10));
	} else {
		break_down(word[0]);
	}
	*ret = (agent_turn_result_t){
		{ (uint8_t *)strdup("Done."), 5 }, { (uint8_t *)strdup("agents"), 6 }, 0, 0
	};
	return true;
}
