/*
 * A whole session of the guest against a scripted world: replies of a model,
 * answers of tools and stored values as the input says.  A line is a letter
 * and its text:
 *   c JSON   the next reply of the model     t NAME JSON  the next answer of a tool
 *   m TEXT   the person's message            s KEY VALUE  something in the storage
 *   r        a kill, then a resume           l N          so many more saves work
 *   i N      the model has been idle
 * Whatever comes, the guest must not crash, and every request must alternate
 * between the roles and answer each call.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/utf8.h"
#include "seal-agent/test/world_fake.h"
#include "seal-agent/wit.h"

#define MESSAGES_MAX 16
#define WORD_MAX     64

static void init(bool is_resume)
{
	agent_string_t id = wit_borrow(STR("f")), err;
	agent_string_t context =
		wit_borrow(is_resume ? STR("{\"resume\":true,\"limits\":{\"max_turns\":20}}")
				     : STR("{\"root\":\"/p\",\"limits\":{\"max_turns\":20}}"));

	if (!exports_agent_init(&id, &context, &err))
		wit_free(&err);
}

static void send_message(struct str text)
{
	agent_string_t message = wit_borrow(text), err;
	agent_turn_result_t result;

	if (!exports_agent_handle_message(&message, &result, &err)) {
		wit_free(&err);
		return;
	}
	wit_free(&result.text);
	wit_free(&result.stop);
}

/* Takes a word off the front into a C string. */
static void take_word(struct str *rest, char word[WORD_MAX])
{
	struct str piece = { "", 0 };

	(void)str_split(rest, ' ', &piece);
	piece = str_head(piece, WORD_MAX - 1);
	for (size_t i = 0; i < piece.len; i++)
		word[i] = piece.data[i] ? piece.data[i] : '_';
	word[piece.len] = '\0';
}

static bool has_result(yyjson_val *message, struct str id)
{
	yyjson_val *block;
	size_t i, n;

	yyjson_arr_foreach(yyjson_obj_get(message, "content"), i, n, block) {
		if (yyjson_obj_get(block, "tool-result") && str_eq(json_str(block, "id"), id))
			return true;
	}
	return false;
}

static void check_calls(yyjson_val *message, yyjson_val *next)
{
	yyjson_val *block;
	size_t i, n;

	yyjson_arr_foreach(yyjson_obj_get(message, "content"), i, n, block) {
		if (yyjson_obj_get(block, "tool-use") && !has_result(next, json_str(block, "id")))
			abort();
	}
}

/* What every provider insists on. */
static void check_request(struct str text)
{
	cleanup_json yyjson_doc *doc = json_read(text, NULL, NULL);
	yyjson_val *messages = yyjson_obj_get(yyjson_doc_get_root(doc), "messages");
	size_t n = yyjson_arr_size(messages);

	if (!doc || n % 2 != 1)
		abort();
	for (size_t i = 0; i < n; i++) {
		yyjson_val *message = yyjson_arr_get(messages, i);

		if (!str_is(json_str(message, "role"), i % 2 ? "assistant" : "user") ||
		    yyjson_arr_size(yyjson_obj_get(message, "content")) == 0)
			abort();
		if (i % 2)
			check_calls(message, yyjson_arr_get(messages, i + 1));
	}
}

static void run_line(struct str line)
{
	char kind = line.data[0], word[WORD_MAX];
	struct str rest = str_from(line, 2);

	switch (kind) {
	case 'c':
		world_answer_bytes("chat", rest);
		break;
	case 't':
		take_word(&rest, word);
		world_answer_bytes(word, rest);
		break;
	case 'm':
		send_message(rest);
		break;
	case 's':
		take_word(&rest, word);
		world_store(word, rest);
		break;
	case 'r':
		world_kill();
		init(true);
		break;
	case 'l':
		world_storage_limit(rest.len);
		break;
	case 'i':
		world_model(20000, 4000, rest.len * 1000);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size }, line;
	size_t n_messages = 0;

	/* The component model hands over nothing but UTF-8. */
	if (!utf8_valid(input))
		return 0;
	world_reset();
	init(false);
	while (str_line(&input, &line)) {
		if (line.len && (line.data[0] != 'm' || n_messages++ < MESSAGES_MAX))
			run_line(line);
	}
	for (size_t i = 0; i < world_requests(); i++)
		check_request(world_request(i));
	world_reset();
	return 0;
}
