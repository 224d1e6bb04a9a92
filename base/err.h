/*
 * Errors with context: a code, an errno and one sentence, outermost context
 * first ("start session 7f3a: /p/seal.toml:12:3: unknown key \"netwrok\"").
 *
 * A `struct err` lives on the stack of whoever handles it, so reporting needs
 * no memory and no error can leak.  Every function that can fail takes one as
 * its last parameter and returns 0 or the negative code it stored.
 */
#pragma once

#define ERR_TEXT_MAX 1024

enum err_code {
	ERR_OK = 0,
	ERR_SYS = -1,	   /* the system said no: see err.sys          */
	ERR_INPUT = -2,	   /* bytes from outside did not make sense    */
	ERR_LIMIT = -3,	   /* a limit of ours was reached              */
	ERR_GONE = -4,	   /* the peer, the child or the session ended */
	ERR_INTERNAL = -5, /* a promise of our own code was broken     */
	ERR_CANCELLED = -6, /* the person cancelled                     */
};

struct err {
	enum err_code code;
	int sys; /* errno when code is ERR_SYS, else 0 */
	char text[ERR_TEXT_MAX];
};

/* Each returns the code it stored, so that a caller can `return err_set(...)`. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* From errno: "<context>: No such file or directory". */
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts context before what is there: "<context>: <text>". */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Out of memory. */
int err_nomem(struct err *err);
