/*
 * Private to sandbox/: a project's env files as data.  Only NAME=value lines;
 * nothing in them is ever run or expanded.
 */
#pragma once

#include "base/str.h"

struct err;
struct manifest;

#define ENV_FILE_MAX      (256 * 1024)
#define ENV_VARIABLES_MAX 512

/* NAME=value of every file that [command_run] lists and no deny.read rule names,
 * later ones win; NULL-ended, to be freed with env_free(). */
int env_load(const char *root, const struct manifest *manifest, char ***ret_list, struct err *err);
void env_free(char **list);

/* One line; false when it sets nothing.  *ret_variable is to be freed. */
bool env_parse_line(struct str line, char **ret_variable);
