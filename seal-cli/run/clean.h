/*
 * Text of a model or a program, made fit for a terminal: no byte of it is an
 * order to the terminal, and no letter hides what stands beside it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

/* Control characters (but tab, and newline unless `one_line`) and characters
 * that turn the direction of text are written as \xNN or \u{N}. */
void clean_put(FILE *file, struct str text, bool one_line);
