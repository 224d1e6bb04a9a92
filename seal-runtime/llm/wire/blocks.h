/*
 * Private to llm/.  Reading the blocks of a WIT request, as every wire needs.
 * Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/json.h"
#include "base/str.h"

/* `variant block` of the WIT; order as written there. */
enum block_kind {
	BLOCK_NONE = 0, /* of no kind that is known: passed over */
	BLOCK_TEXT,
	BLOCK_THINKING,
	BLOCK_REDACTED,
	BLOCK_TOOL_USE,
	BLOCK_TOOL_RESULT,
	BLOCK_IMAGE,
};

/* *ret_val: the payload. */
enum block_kind block_kind(yyjson_val *block, yyjson_val **ret_val);

/*
 * The input of a tool call as a JSON object, byte for byte what the model wrote
 * when that is one (the provider's prompt cache compares bytes).  What is none
 * is wrapped, so that the request stays JSON: {"invalid-json":"..."}.
 */
void block_put_input(struct json *w, struct str input);

/* The same as text, for wires that carry it in a string. */
void block_put_input_text(struct json *w, struct str input);

/* A tool call's id with only letters, digits, _ and -: some wires take no other,
 * and a conversation may have begun with another provider. */
void block_put_id(struct json *w, struct str id);
