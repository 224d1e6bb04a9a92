/* The half of buf that needs stdio; not part of the guest. */
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

void buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	char *at;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	at = n < 0 ? NULL : buf_reserve(buf, (size_t)n);
	if (!at) {
		buf->failed = true;
		return;
	}
	va_start(args, fmt);
	(void)vsnprintf(at, (size_t)n + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)n;
}

int buf_check(const struct buf *buf, const char *what, struct err *err)
{
	if (!buf->failed)
		return 0;
	return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", what,
		       buf->limit ? buf->limit : BUF_LIMIT);
}
