/*
 * An earlier session's history as session/update notices, from its log alone:
 * what session/load sends before it answers.  Private to session/.  Reads the
 * log and changes nothing; needs no manifest, model or component.
 */
#pragma once

#include "base/json.h"

struct buf;
struct err;
struct session;

int session_history(struct session *session, yyjson_val *params, struct buf *ret_json,
		    const char **ret_fault, struct err *err);
