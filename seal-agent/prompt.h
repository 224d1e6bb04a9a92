/*
 * The system prompt, and the settings that come with the project context.
 * Private to seal-agent; world.c calls both at init.  Same context, same bytes.
 */
#pragma once

#include <yyjson.h>

struct buf;
struct settings;

/* `context` is the root of the JSON the host passed to init. */
void prompt_build(yyjson_val *context, struct buf *out);

/* Absent members have the manifest's defaults. */
struct settings prompt_settings(yyjson_val *context);
struct role prompt_role(yyjson_val *context);
