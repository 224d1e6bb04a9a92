/* /proc/PID/mountinfo: where something is mounted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Takes the next line off `rest` and gives its mount point as a path; false at the end. */
bool mountinfo_next(struct str *rest, char *ret_path, size_t size);

/* Is something mounted at exactly this path? */
bool mountinfo_has(struct str text, const char *path);
