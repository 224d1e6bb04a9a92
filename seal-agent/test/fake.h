/* Between the files of the scripted world.  Private to test/. */
#pragma once

#include <stdbool.h>

#include "base/json.h"
#include "seal-agent/wit.h"

/* A call's line in the log: its name, then the arguments its writer puts. */
struct json fake_begin(const char *call);
void fake_end(void);
void fake_log(const char *call, agent_string_t *only_argument);

/* The script's answer to a tool; false when it is an error.  The document owns
 * *ret_ok, which is NULL when the script has none. */
bool fake_answer(const char *call, seal_agent_tools_tool_error_t *err, yyjson_doc **ret_doc,
		 yyjson_val **ret_ok);

const char *fake_external(void);
