/* A temporary file that is gone again unless it was renamed into place. */
#pragma once

#include <sys/types.h>

#include "base/cleanup.h"

struct err;

struct tmp {
	int dir; /* borrowed */
	int fd;  /* -1: none */
	char name[48]; /* empty: nothing to unlink */
};

/* Opens (O_WRONLY) a new file of a random name in tmp->dir; `mode` before the umask. */
int tmp_open(struct tmp *tmp, mode_t mode, struct err *err);

/* Closes it, and removes it where `name` still says it. */
void tmp_dropp(struct tmp *tmp);
