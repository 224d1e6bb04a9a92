/*
 * `seal check`: what the permission engine would answer.  Private to seal-cli;
 * cmd_check.c asks one question, check_cases.c a file of them.
 */
#pragma once

#include <stddef.h>

#include "base/str.h"
#include "caps/caps.h"

struct err;

/*
 * Where an absolute name leads: every link followed, the last one too unless
 * the file is to be deleted; missing last components are kept as they are.
 */
struct check_place {
	char path[4096];
	bool exists, is_regular;
	unsigned int links;
};
int check_resolve(const char *name, bool follow_last, struct check_place *ret_place,
		  struct err *err);

/* caps_context.resolve */
bool check_resolve_name(void *ctx, const char *path, char *ret_path, size_t size);

/* "deny", "ask" ... as cases and messages spell it. */
const char *check_verdict_name(enum caps_verdict verdict);

/* Answers each case of the file, one line each; the exit code. */
int check_cases(const char *file, const char *root);
