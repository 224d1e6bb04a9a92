/*
 * Release on scope exit.  Every owned local is declared with one of these and
 * initialized on the same line; to hand it on, write take_ptr(x), take_fd(x).
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define cleanup_with(func) __attribute__((__cleanup__(func##p)))
#define cleanup_free	   cleanup_with(free)
#define cleanup_close	   cleanup_with(close)

/* Beside each x_free() in a header: DEFINE_CLEANUP(struct x, x_free) */
#define DEFINE_CLEANUP(type, func)                 \
	static inline void func##p(type **p)       \
	{                                          \
		func(*p);                          \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define take_ptr(p)                        \
	({                                 \
		__auto_type taken_ = (p);  \
		(p) = NULL;                \
		taken_;                    \
	})

#define take_fd(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})
