/* Private to llm/.  Writes what the model said as lines that replay.h reads. */
#pragma once

#include <stdbool.h>

#include "base/json.h"
#include "base/str.h"

struct err;

/* Creates or empties the file, mode 0600. */
int record_open(const char *path, int *ret_fd, struct err *err);

/* One line: the outcome ({"ok":reply} or {"err":...}), and, where the last
 * message is what the person wrote, its start as "expect". */
int record_write(int fd, yyjson_val *request, struct str outcome, struct err *err);

/* Is it in one of the blocks of the last message? */
bool record_is_asked(yyjson_val *request, struct str expect);

/* The text of the last message's last block, for people. */
struct str record_asked(yyjson_val *request);
