#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list args;

	err->code = code;
	err->sys = 0;
	va_start(args, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int sys = errno;
	char context[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	err_set(err, ERR_SYS, "%.900s: %s", context, strerror(sys));
	err->sys = sys;
	return ERR_SYS;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char inner[ERR_TEXT_MAX], context[ERR_TEXT_MAX];
	va_list args;
	int n;

	memcpy(inner, err->text, sizeof(inner));
	va_start(args, fmt);
	(void)vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	n = snprintf(err->text, sizeof(err->text), "%s: %s", context, inner);
	if (n >= (int)sizeof(err->text))	/* keep the inner end: it names the cause */
		memcpy(err->text + sizeof(err->text) - 4, "...", 4);
	return err->code;
}

int err_nomem(struct err *err)
{
	return err_set(err, ERR_SYS, "out of memory");
}
