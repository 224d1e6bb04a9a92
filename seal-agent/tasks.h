/*
 * The task list: the model's steps, shown to the person, kept in storage.
 * The handlers tool_task_* are in tasks.c too.  Private to seal-agent.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct agent;
struct buf;
struct tasks;

#define TASKS_MAX 200

void tasks_fini(struct tasks *tasks);

/* What persist loaded; anything unreadable is an empty list. */
void tasks_read(struct tasks *tasks, struct str json);

/* Sends the list to the person's screen. */
void tasks_show(const struct tasks *tasks);

/* One line a task: "2. [active] Write the parser". */
void tasks_list(const struct tasks *tasks, struct buf *out);

bool tasks_any_open(const struct tasks *tasks);

/* A reply has come, its calls have not run yet. */
void tasks_count(struct tasks *tasks);

/* They have run.  True, and `ret_text` filled, when the model has not looked at
 * its open tasks for as long as [tasks] of the manifest says. */
bool tasks_remind(struct agent *agent, struct buf *ret_text);
