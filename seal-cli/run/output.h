/*
 * The form that the answer of `seal run --output-schema` must have: said to the
 * model with the prompt, checked when the turn has ended, asked for again when it
 * does not fit.
 */
#pragma once

#include <stdbool.h>

#include "base/json.h"

struct buf;
struct err;

#define OUTPUT_TRIES 3 /* turns, the first counted */

struct output {
	yyjson_doc *schema; /* NULL: any form will do */
	yyjson_doc *value;  /* the answer that fits */
};

/* ERR_INPUT: no such file, no JSON, or a rule in it that cannot be checked. */
int output_load(struct output *output, const char *path, struct err *err);
void output_fini(struct output *output);

/* What is sent for the first prompt, and for the one behind an answer that does not fit. */
void output_ask(const struct output *output, struct str prompt, struct buf *ret_text);
void output_ask_again(struct str why, struct buf *ret_text);

/* false: ret_why says why it does not fit. */
bool output_take(struct output *output, struct str answer, struct buf *ret_why);
