/* Printing a session's log.  For cmd_audit.c; reads, never writes. */
#pragma once

#include <stdbool.h>

struct err;

struct audit_filter {
	bool json;
	const char *call;	/* only calls whose name holds this; NULL: all */
	const char *outcome;	/* only this outcome; NULL: all */
};

/* What is sound is printed, up to the first bad record, which is the error. */
int audit_show(const char *dir, const struct audit_filter *filter, struct err *err);
