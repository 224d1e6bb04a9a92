/*
 * A session as OpenTelemetry traces, in the JSON form of OTLP/HTTP: a trace a
 * turn; the turn, its model calls and its tool calls are spans.
 *
 * Names and attributes are those of the GenAI conventions.  Trace and span ids
 * are hashes of the session's id and the record's number, so that the same
 * session exported twice is the same traces.  Sends nothing anywhere.
 */
#pragma once

#include <stdbool.h>

struct buf;
struct err;
struct story;

/* `content`: messages, arguments and results too. */
int otlp_export(const struct story *story, bool content, struct buf *ret_json, struct err *err);
