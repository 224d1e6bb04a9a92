/* Private to manifest/: what a manifest grants, in words, for the person who is to approve it. */
#pragma once

#include "base/str.h"

struct buf;
struct manifest;

void words_describe(const struct manifest *manifest, struct buf *text);

/* The part of it that begins with "!": what widens more than its line looks. */
void words_warn(const struct manifest *manifest, struct buf *text);

/*
 * Appends text from a file so that what is read is what is there: characters that
 * move, hide or reorder others come out as \u{...}; newline and tab stay.
 */
void words_add_plain(struct buf *out, struct str text);
