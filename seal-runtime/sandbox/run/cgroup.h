/*
 * Private to sandbox/: a control group for the commands of one sandbox, where
 * this user may make one: version 2 when it is delegated, version 1 for root.
 * Elsewhere the rlimits that seal-init sets are the limits; root is exempt from
 * the one on processes, so for root this is what holds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CGROUP_PARTS_MAX 2

struct cgroup {
	char paths[CGROUP_PARTS_MAX][512];
	int fds[CGROUP_PARTS_MAX];   /* to be joined through */
	int locks[CGROUP_PARTS_MAX]; /* on the folders: somebody lives who made them */
	size_t n;
	const char *kind; /* "v2", "v1", or "" for none */
};

/* Never fails: n is 0 when there is no group to be had.  0 is no limit. */
void cgroup_make(int64_t processes, int64_t memory_mb, struct cgroup *ret_cgroup);
void cgroup_remove(struct cgroup *cgroup);
