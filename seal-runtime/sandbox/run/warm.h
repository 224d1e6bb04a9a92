/*
 * Private to sandbox/: the next command's sandbox, made before the command is
 * known.  It stands complete and waits for what to run.
 *
 * It serves only a command whose plan is the same in everything but the command,
 * on the same files, and only while every one of its mounts is still where the
 * plan puts it: a file that was replaced on the host takes a mask off.  Anything
 * else throws it away, and the command starts cold.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "caps/grant.h"
#include "sandbox/run/launch.h"

struct warm {
	struct launch launch;
	struct buf key;
	/* The last command, which the next one is taken to be like. */
	struct grant_command grant;
	char *script, *cwd, *hosts;
	char **env_vars;
	int64_t look_us; /* how long the plan of the last one took */
	unsigned int n_served;
};
#define WARM_NONE ((struct warm){ .launch = LAUNCH_NONE })
void warm_fini(struct warm *warm);

/* Remembers a command; `hosts` as launch_input has it. */
void warm_remember(struct warm *warm, const struct grant_command *grant, const char *hosts);

/* For a command that is like the one `input` is about; failing is no harm. */
void warm_make(struct warm *warm, const struct launch_input *input);

/* Process 1 inside, as long as it is bwrap's child; else 0. */
pid_t warm_process(const struct launch *launch);

/* Hands the sandbox over when it serves `input`; what does not is dropped. */
bool warm_take(struct warm *warm, const struct launch_input *input, struct launch *ret_launch);
