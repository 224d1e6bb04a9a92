/*
 * A call's result as a person reads it: text for the screen of any client.
 * `result` is the WIT result as JSON (gate/gate.h says the shape).  Private to
 * session/.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

void readable_result(yyjson_val *result, struct buf *ret_text);
