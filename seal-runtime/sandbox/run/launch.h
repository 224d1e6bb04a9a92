/*
 * Private to sandbox/: a plan becomes a process.  /usr/bin/bwrap is started
 * with its options in a memory file, and seal-init as process 1 inside.
 *
 * Always the system's bwrap, never a copy of ours: where AppArmor restricts
 * user namespaces its profile names that path.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct plan;

#define LAUNCH_BWRAP "/usr/bin/bwrap"

struct launch {
	pid_t bwrap;
	int bwrap_fd;       /* pidfd: readable when it ended, and with it everything inside */
	int control;        /* SEQPACKET to seal-init */
	int in, out, error; /* our ends; -1: /dev/null, or error goes where out goes */
};

/* The project is seen through an overlay: what the command writes lands in `upper`. */
struct launch_overlay {
	const char *project; /* real path */
	int project_fd;
	const char *upper, *work;
	const char *config; /* path of a file to be made: what seal-init is told */
	const char *init;   /* host path of seal-init, which makes the mount */
};

struct launch_input {
	const struct plan *plan;
	const struct launch_overlay *overlay; /* NULL: the project itself */
	const char *hosts;                    /* text of /etc/hosts, NULL: the prepared one */
	const int *cgroup_fds; /* files for seal-init to join, n_cgroup_fds of them */
	size_t n_cgroup_fds;
	bool wants_in;     /* a pipe for standard input */
	bool splits_error; /* standard error on a pipe of its own */
};

/* Writes overlay->config; project_fd -1: whatever folder lies there. */
int launch_overlay_config(const struct launch_overlay *overlay, int project_fd, struct str again,
                          struct err *err);

/* The caller ends it: launch_fini() closes, kills and reaps. */
int launch_start(const struct launch_input *input, struct launch *ret_launch, struct err *err);
/* Returns when nothing of it is left. */
void launch_fini(struct launch *launch);
/* The same for one that was not told to go: it ends by itself, and is not killed. */
void launch_dismiss(struct launch *launch);
static inline void launch_finip(struct launch *launch)
{
	launch_fini(launch);
}

#define LAUNCH_NONE ((struct launch){ 0, -1, -1, -1, -1, -1 })
