/* What the tests of the guest share: a session, a turn, and what became of it. */
#pragma once

#include "base/test.h"
#include "seal-agent/test/world_fake.h"

/* The words of the last turn; freed by the next one. */
struct outcome {
	bool is_ok;
	char text[4096];	/* of the turn, or the error */
	char stop[32];
	unsigned int tool_calls, llm_calls;
};

/* A fresh world and init with these limits (JSON, or NULL). */
void harness_start(const char *limits);

/* The guest dies and comes back with its storage. */
void harness_resume(const char *limits);

struct outcome harness_send(const char *message);

/* A reply of text, and one of a single call with id "c1". */
void harness_reply_text(const char *text);
void harness_reply_call(const char *tool, const char *input_json);

/* Does the n-th request to the model contain these bytes? */
bool harness_asked(size_t index, const char *bytes);

/* The content of the first result in the last request, up to 64 KiB. */
const char *harness_result(bool *ret_is_error);
