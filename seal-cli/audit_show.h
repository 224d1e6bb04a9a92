/* Finding a session's log and printing it.  For the commands about sessions; reads, never writes. */
#pragma once

#include <stdbool.h>

struct err;

struct audit_filter {
	bool json;
	bool follow;		/* goes on with what is written, until it is interrupted */
	const char *call;	/* only calls whose name holds this; NULL: all */
	const char *outcome;	/* only this outcome; NULL: all */
	const char *verdict;	/* only this verdict; NULL: all */
	const char *subject;	/* only calls whose path, command or address holds this */
};

/* What is sound is printed, up to the first bad record, which is the error. */
int audit_show(const char *dir, const struct audit_filter *filter, struct err *err);

/* The folder of a session: a folder with a log in it, or a session's name, a prefix
 * of one, or "latest".  *ret_dir is the caller's. */
int audit_find(const char *wanted, char **ret_dir, struct err *err);
