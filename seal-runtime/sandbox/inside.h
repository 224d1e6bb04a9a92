/* Private to sandbox/: the sandbox of a session. */
#pragma once

#include "sandbox/plan/plan.h"
#include "sandbox/run/cgroup.h"
#include "sandbox/run/warm.h"
#include "sandbox/sandbox.h"

struct job;
struct scan;

/* A caller that is root is nobody special inside. */
#define PLAN_UID_FOR_ROOT 1000

struct sandbox {
	const struct manifest *manifest;
	bool no_env_files;
	char *root, *session_dir, *runtime_dir;
	char *etc, *init, *home, *mask_file, *mask_folder;
	char *link_texts[PLAN_LINKS_MAX];
	struct plan_facts facts;
	struct cgroup cgroup;
	struct job *jobs;
	unsigned int n_started;
	/* workspace = "overlay": asked for; and why it cannot be, "" when it can. */
	bool wants_overlay;
	char no_overlay[256];
	char *undo_dir;
	bool keeps_warm;
	struct warm warm;
};

/* Looks through the project and makes the plan of one command. */
int sandbox_plan(struct sandbox *sandbox, const struct grant_command *grant, struct scan *scan,
                 struct plan *ret_plan, struct err *err);

/* Adds {target,operation,rule,hint} to an outcome; false: no memory. */
bool sandbox_deny(struct sandbox_outcome *outcome, const char *target, const char *operation,
                  const char *rule, const char *hint);
