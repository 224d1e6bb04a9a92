/*
 * Private to sandbox/: from a started sandbox to its end.  Pumps output and
 * input, hands the network namespace over, keeps time, and returns only when
 * the command and everything it started is gone.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "sandbox/run/launch.h"

struct err;
struct output;
struct warm;

struct run_input {
	struct launch_input launch;
	struct warm *warm;      /* a sandbox that may stand ready; NULL: none ever */
	unsigned int timeout_s; /* 0: none */
	int cancel_fd;          /* readable = cancel; -1 = never */
	int stdin_fd;           /* -1: /dev/null */
	struct output *output;
	/* The network namespace is there and nothing runs yet.  Does not keep netns. */
	int (*ready)(void *ctx, int netns, struct err *err);
	/* From then on: a descriptor (-1: none), and what to do once it is readable. */
	int (*knocked_fd)(void *ctx);
	void (*knocked)(void *ctx);
	void *ctx;
};

struct run_result {
	bool started; /* false: `message` says why not */
	int status;   /* as waitpid() gives it */
	bool timed_out, cancelled;
	bool left_processes; /* something still ran when the command ended; it was ended */
	struct buf message;
};

/* < 0 is a fault of ours; a sandbox that cannot be made is a result. */
int run_command(const struct run_input *input, struct run_result *ret_result, struct err *err);
