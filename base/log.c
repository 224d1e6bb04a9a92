#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

static const char *const names[] = { "error", "warn", "info", "debug" };
static enum log_level threshold = LOG_WARN;

void log_set_level(enum log_level level)
{
	threshold = level;
}

int log_level_of(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

void log_say(enum log_level level, const char *module, const char *fmt, ...)
{
	char text[2048];
	cleanup_buf struct buf line = BUF_INIT;
	struct err ignored;
	va_list args;

	if (level > threshold)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_addf(&line, "seal: %s: %s: ", names[level], module);
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			buf_addf(&line, "\\x%02x", (unsigned char)*p);
		else
			buf_addc(&line, *p);
	}
	buf_addc(&line, '\n');
	(void)fd_write_all(STDERR_FILENO, buf_str(&line), &ignored);
}
