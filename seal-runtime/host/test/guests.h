/* For the tests of host/: where the guests are, and the engine's signals. */
#pragma once

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* In a buffer of the test's; `name` is "guest.wasm". */
static inline const char *guest_path(const char *name, char path[512])
{
	const char *folder = getenv("GUESTS");

	(void)snprintf(path, 512, "%s/%s", folder ? folder : ".", name);
	return path;
}

/*
 * The engine takes the signals of a trap once in a process; cmocka takes them
 * before each test and gives them back to nobody after it.  To be called with
 * the first host there, and before each later use of one.
 */
static inline void guest_signals(void)
{
	static const int signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS};
	static struct sigaction engine[4];
	static int is_known;

	for (size_t i = 0; i < 4; i++)
		(void)sigaction(signals[i], is_known ? &engine[i] : NULL,
				is_known ? NULL : &engine[i]);
	is_known = 1;
}
