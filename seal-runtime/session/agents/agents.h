/*
 * The agents that the session's own one has started.  Private to session/.
 *
 * Each is an instance of the same component, made for one task and gone with it.
 * In the log the exports of child 3 are "a3.init" and "a3.handle-message", and
 * an agent's own one that goes on after its children is "a0.handle-message" for
 * the session's: only one export runs at a time, so the log stays a line.
 */
#pragma once

struct buf;
struct err;
struct session;

/* What a turn took, all its parts and children together. */
struct turn_counts {
	long long tool_calls, llm_calls;
};

/*
 * While *result is a turn that ended with stop "agents": runs the children and
 * lets the agent go on.  < 0: the session's own agent trapped.  A child that
 * does not work out is an answer to its parent.
 */
int agents_run(struct session *session, struct buf *result, struct turn_counts *counts,
	       struct err *err);
