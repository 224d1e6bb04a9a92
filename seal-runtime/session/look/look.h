/*
 * What a client asks about a session's log or a project without taking part in
 * a session: each answered by a worker of its own that starts none, so that a
 * turn under way is neither stopped nor waited for.
 *
 * Called by session/worker.c.  Signs nothing and writes no manifest.
 */
#pragma once

#include "base/json.h"

struct buf;
struct err;
struct session;

#define LOOK_RECORDS_MAX 500                  /* in one answer */
#define LOOK_BYTES_MAX   ((size_t)1 << 20) /* beyond it no further record is put in */
#define LOOK_COUNT_MAX   64                   /* commands to take back */

/* Each is the worker's half of the row of methods.def with that name. */
typedef int look_request(struct session *session, yyjson_val *params, struct buf *ret_json,
			 const char **ret_fault, struct err *err);

/* log.c: "sessionId" */
look_request look_audit, look_records, look_tasks;

/* project.c: "cwd" */
look_request look_undo, look_undo_list, look_diff, look_manifest;
