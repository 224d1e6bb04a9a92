/* The JSON Schema of seal.toml (draft 2020-12), made from manifest.def. */
#pragma once

struct buf;

void schema_write(struct buf *text);
