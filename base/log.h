/*
 * Diagnostics of the daemon and the client: one line per record on stderr,
 * control bytes escaped.  Libraries do not log; main functions do.
 */
#pragma once

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);

/* "error" "warn" "info" "debug"; -1 for anything else. */
int log_level_of(const char *name);

void log_say(enum log_level level, const char *module, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
