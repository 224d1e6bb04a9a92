/*
 * The OS sandbox around every command.  There is no other way to run one.
 *
 * manifest + machine -> plan (sandbox/plan.h, pure) -> bwrap + inner helper
 * (sandbox/run.c).  Executors take a grant; only the gate and `seal sandbox
 * exec` make one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "caps/grant.h"

struct err;
struct manifest;
struct sandbox;
struct sockaddr;
struct undo_view;

struct sandbox_setup {
	const struct manifest *manifest;
	const char *root;        /* real path of the project */
	const char *session_dir; /* spilled output goes to <dir>/output/ */
	const char *runtime_dir; /* $XDG_RUNTIME_DIR/seal: the prepared /etc, quarantine */
	const char *undo_dir;    /* where overlays lie; NULL: <state>/undo */
	bool keeps_warm;         /* sandbox_prepare() will be called */
	bool no_env_files; /* leave the project\'s env files alone, whatever the manifest says */
};

/* Probes what this machine can do.  ERR_SYS with cause and remedy when it
 * cannot hold the promises. */
int sandbox_new(const struct sandbox_setup *setup, struct sandbox **ret_sandbox, struct err *err);
void sandbox_free(struct sandbox *sandbox);
DEFINE_CLEANUP(struct sandbox, sandbox_free)

#define SANDBOX_HOST_MAX 254

/*
 * Which hosts a command may reach.  Called from several threads, but never from
 * two at once and never after sandbox_run() returned; must not block.
 */
struct sandbox_hosts {
	void *ctx;
	/* `host` is as the command wrote it.  The canonical name when it may. */
	bool (*may_connect)(void *ctx, struct str host, unsigned int port,
	                    char ret_name[SANDBOX_HOST_MAX]);
	/* May the address that the canonical name led to be dialled? */
	bool (*may_dial)(void *ctx, const char *name, const struct sockaddr *address);
	/* Called once, when the command is over; may be NULL. */
	void (*release)(void *ctx);
};

struct sandbox_command {
	struct grant_command grant;
	const struct sandbox_hosts
		*hosts; /* NULL: none; gate/command_hosts.h makes one; released here */
	unsigned int timeout_s;
	size_t output_max; /* bytes returned; the whole goes to a spill file */
	int cancel_fd;     /* readable = cancel; -1 = never */
	/* Output as it comes, for the screen; may be NULL. */
	void (*output)(void *ctx, struct str bytes);
	void *ctx;
	/* Its writes go to the project as they come, workspace = "overlay" or not: others
	 * work there meanwhile.  sandbox_start() sets it. */
	bool in_background;
	/* What the command did is shown and thrown away; ERR_SYS where there can be no
	 * overlay.  May be NULL. */
	const struct undo_view *dry_run;
	/* Descriptors for a command run by hand; -1: /dev/null and a pipe. */
	int stdin_fd, stdout_fd, stderr_fd;
};

struct sandbox_outcome {
	bool started;  /* false: the sandbox could not be made, see error */
	int exit_code; /* -1 when ended by a signal */
	int signal;    /* 0 when it exited */
	bool timed_out, cancelled, truncated;
	struct buf output; /* stdout and stderr as they came */
	char *spilled_to;  /* path of the whole output, or NULL */
	char **denials;    /* JSON objects {target,operation,rule,hint} */
	size_t n_denials;
	struct err *error; /* owned; set when !started */
};
void sandbox_outcome_fini(struct sandbox_outcome *outcome);
static inline void sandbox_outcome_finip(struct sandbox_outcome *outcome)
{
	sandbox_outcome_fini(outcome);
}

/* Blocks until the command and everything it started is gone. */
int sandbox_run(struct sandbox *sandbox, const struct sandbox_command *command,
                struct sandbox_outcome *ret_outcome, struct err *err);

/*
 * Makes the sandbox of the next command, should it be like the last one, while
 * nothing else is to be done.  Always on the thread that runs commands.
 */
void sandbox_prepare(struct sandbox *sandbox);

/* The hosts of the bundles ([sandbox.os] command_tools) that the script brings in,
 * for its grant.  false: no bundle. */
bool sandbox_tool_hosts(const struct manifest *manifest, struct str script,
                        void (*add)(void *ctx, struct str host), void *ctx);

/* What sandbox_run() would do with this command, for a person to read. */
int sandbox_explain(struct sandbox *sandbox, const struct grant_command *grant,
                    struct buf *ret_text, struct err *err);

/* Jobs: a command that goes on while the agent does.  `ret_job` is "j1", ... */
int sandbox_start(struct sandbox *sandbox, const struct sandbox_command *command, char ret_job[16],
                  struct err *err);
/* What the job printed since the last call; *ret_running says whether it still runs. */
int sandbox_job(struct sandbox *sandbox, const char *job, bool stop,
                struct sandbox_outcome *ret_outcome, bool *ret_running, struct err *err);
