/* seald: the daemon, and the modes it is re-executed in. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "daemon/modes.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} modes[] = {
#define MODE(name, function, sentence) { name, function },
#include "daemon/modes.def"
#undef MODE
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "daemon";

	(void)signal(SIGPIPE, SIG_IGN);
	/* The person's keys pass through here: no core file, and no other process
	 * of the same user may look in, but for a debugger that is expected. */
	if (!getenv("SEAL_DEBUGGABLE"))
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (strcmp(name, "--version") == 0) {
		puts("seald " SEAL_VERSION);
		return 0;
	}
	for (size_t i = 0; modes[i].name; i++)
		if (strcmp(modes[i].name, name) == 0)
			return modes[i].run(argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv);
	(void)fprintf(stderr, "seald: no mode \"%s\"\n", name);
	return 2;
}
