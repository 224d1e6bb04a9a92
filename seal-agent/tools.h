/*
 * What a tool is: a row of tools.def and a handler.  Private to seal-agent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/str.h"
#include "seal-agent/wit.h"

struct agent;
struct buf;
struct json;

/* What a parameter takes; args.c has the words for each. */
enum arg_kind {
	ARG_TEXT,	/* a string */
	ARG_COUNT,	/* an integer from 1 */
	ARG_NUMBER,	/* an integer from 0 */
	ARG_BOOL,
	ARG_TEXTS,	/* a list of strings */
	ARG_PORTS,	/* a list of integers from 1 to 65535 */
	ARG_CHOICE,	/* one of `words` */
	ARG_OBJECTS,	/* a list of objects with `fields` */
};

enum arg_need { ARG_OPTIONAL, ARG_REQUIRED };

struct arg {
	const char *name;	/* NULL ends a table */
	enum arg_kind kind;
	enum arg_need need;
	const char *words;
	const struct arg *fields;
	const char *sentence;
};

/* One call under way.  `args` has been checked against the tool's rows. */
struct call {
	struct agent *agent;
	yyjson_val *args;
	struct buf *out;	/* what the model will read */
	bool is_error;
	bool is_cancelled;	/* the person wants the turn to end */
	/* The agent that will answer it, later; {NULL, 0} as a rule. */
	agent_string_t agent_id;
	/* For the model to look at, behind the results; {NULL, 0} as a rule. */
	seal_agent_types_image_block_t image;
};

typedef void tool_fn(struct call *call);

struct tool {
	const char *name;
	const char *sentences;
	const struct arg *args;
	tool_fn *run;
};

#define TOOL(name, ...) tool_fn tool_##name;
#define FIELDS(name)
#define PARAM(...)
#define CHOICE(...)
#define OBJECTS(...)
#define END
#include "seal-agent/tools.def"
#undef TOOL
#undef FIELDS
#undef PARAM
#undef CHOICE
#undef OBJECTS
#undef END

/* The JSON schema of an object with these members. */
void args_schema(const struct arg *args, struct json *w);

/* Is `object` what `args` ask for?  If not, `ret_why` gets a sentence that
 * names the field and the expected type. */
bool args_check(const struct arg *args, yyjson_val *object, struct buf *ret_why);

/* Members of checked arguments; null counts as left out. */
struct str args_text(const struct call *call, const char *name);	/* empty when left out */
bool args_bool(const struct call *call, const char *name);
agent_option_u32_t args_count(const struct call *call, const char *name);
agent_option_string_t args_option(const struct call *call, const char *name);

/* What went wrong, in words that keep a model from trying it again in vain. */
void shape_error(struct call *call, const seal_agent_types_tool_error_t *error);
void shape_refusal(struct call *call, const char *sentence);

/*
 * Bytes from outside, between <untrusted source="..."> and </untrusted>.
 * Nothing in `text` can end the wrapper or open one of the loop's own tags.
 */
void shape_untrusted(struct buf *out, const char *what, struct str source, struct str text);

/* <instructions path="...">: guidance of the project, which cannot end itself. */
void shape_instructions(struct buf *out, struct str path, struct str text);

/* Every line with its number and a tab before it. */
void shape_lines(struct buf *out, struct str text, uint32_t first_line);

/* A name from outside on one line: control bytes become '?'. */
void shape_name(struct buf *out, struct str name);
