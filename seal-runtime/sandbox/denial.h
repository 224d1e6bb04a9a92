/*
 * Private to sandbox/: what a command was refused, read from what it printed.
 * Best effort, for the model's next step: the refusal itself was the kernel's.
 */
#pragma once

#include <stddef.h>

#include "base/str.h"

struct plan;
struct sandbox_outcome;

#define DENIALS_MAX 16

/* Adds a denial for each path that a complaint names and the plan explains. */
void denial_read(struct str output, const struct plan *plan, const char *cwd,
                 struct sandbox_outcome *outcome);
