/*
 * Private to gate/: the agents that work for the session's own.  A child passes
 * the same gate under the same manifest, and in addition under the scope that
 * its parent gave it, and its parent's: what is asked of the manifest can only
 * be refused more often, never less.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "caps/caps.h"

struct gate;
struct pass;

/* A child of a child is as deep as it goes; and so many in one turn. */
#define AGENTS_DEPTH_MAX 2
#define AGENTS_TURN_MAX	 16
#define AGENT_PATHS_MAX	 64

struct gate_agent {
	struct gate_agent *parent;	/* NULL: the session's own agent */
	struct gate_agent *next;	/* started after it */
	unsigned int number, depth;
	bool writes, commands, network;
	char **only_paths;	/* NULL-ended */
	char *task, *answer;
	enum { AGENT_WAITS, AGENT_RUNS, AGENT_DONE, AGENT_FAILED } state;
};

/* The manifest's answer under the scope of the agent that is running. */
struct caps_answer agents_judge(const struct gate *gate, const struct caps_question *question);

/* The running child may reach hosts.  True for the session's own agent. */
bool agents_may_connect(const struct gate *gate);

/* The storage key of the running agent: its own, under a prefix for a child. */
void agents_key(const struct gate *gate, struct str key, struct buf *ret_key);

void agents_free(struct gate *gate);
