/*
 * Private to sandbox/: the bundles of tools.def that a command brings in.  Which
 * program a script starts is read loosely: a bundle too many shows what the
 * manifest lists anyway, for a command that was allowed.
 */
#pragma once

#include "base/str.h"

struct err;
struct manifest;
struct manifest_tool;
struct plan;
struct plan_input;

/* Does a command of the script start a program of this tool, itself or through a wrapper? */
bool tools_starts(struct str script, const struct manifest *manifest,
                  const struct manifest_tool *tool);

/* Binds; then, when the environment is made, variables. */
int tools_plan(const struct plan_input *input, struct plan *plan, struct err *err);
int tools_environment(const struct plan_input *input, struct plan *plan, struct err *err);
