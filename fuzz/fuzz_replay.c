/* A recording, which may be a file of anybody's repository, is played to its end:
 * every line gives a reply or an answer that is an error. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "llm/replay/replay.h"
#include "llm/reply.h"

#define REQUEST "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":{\"text\":\"hello\"}}]}]}"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* No waiting: a descriptor that is ready would cancel, so delays are cut out. */
static bool has_delay(struct str text)
{
	return str_find(text, STR("_ms"), 0) != STR_NONE;
}

static bool play(struct replay *replay, yyjson_val *request)
{
	cleanup_reply struct reply reply = {0};
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	uint64_t before = replay_given(replay);
	struct json w = json_to(&text);
	struct err err;

	reply_init(&reply, NULL);
	if (replay_chat(replay, request, &reply, -1, &err) < 0)
		return false; /* too much, for example */
	if (reply.fault.kind)
		fault_write(&reply.fault, &w);
	else
		reply_write(&reply, &w);
	doc = json_read(buf_str(&text), NULL, NULL);
	if (!doc)
		abort();
	return replay_given(replay) > before;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	cleanup_with(replay_free) struct replay *replay = NULL;
	cleanup_json yyjson_doc *request = json_read(STR(REQUEST), NULL, NULL);
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;

	buf_add(&text, (struct str){(const char *)bytes, size});
	if (text.failed || has_delay(buf_str(&text)) ||
	    replay_of(STR("fuzz"), &text, &replay, &err) < 0)
		return 0;
	while (play(replay, yyjson_doc_get_root(request)))
		continue;
	return 0;
}
