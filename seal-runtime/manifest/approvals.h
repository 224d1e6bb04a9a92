/*
 * Private to manifest/: the person's approvals, outside every project, in
 * $XDG_STATE_HOME/seal/approvals/<hash of the root>.sig and .json: the signature,
 * and the text that was approved, so that a change can be shown.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

struct err;

struct approval {
	bool is_there;
	struct buf signature; /* armored */
	struct buf text;      /* the approved seal.toml; empty when it is lost */
	struct buf root;      /* what the approval says it is about */
	struct buf path;      /* of the signature */
};

#define cleanup_approval cleanup_with(approval_fini)

int approval_load(const char *root, struct approval *ret_approval, struct err *err);
int approval_save(const char *root, struct str text, struct str signature, struct err *err);
void approval_fini(struct approval *approval);
static inline void approval_finip(struct approval *approval)
{
	approval_fini(approval);
}

/* One at a time changes approvals, and the manifests they are about; to be closed. */
int approval_lock(int *ret_fd, struct err *err);
