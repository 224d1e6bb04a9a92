/* seald as the process of one session: see session/worker.h. */
#include <stdio.h>

#include "daemon/modes.h"
#include "session/worker.h"

/* The number of the pair's end; server/worker.c hands it over. */
#define WORKER_FD 3

int mode_worker(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		(void)fputs("seald: worker: takes no arguments; the daemon starts it\n", stderr);
		return 2;
	}
	return session_worker_run(WORKER_FD);
}
