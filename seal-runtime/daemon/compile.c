/* `seald compile COMPONENT OUTPUT`: ahead-of-time, for the build. */
#include <stdio.h>

#include "base/err.h"
#include "daemon/modes.h"
#include "host/host.h"

int compile_main(int argc, char **argv)
{
	struct err err = {0};

	if (argc != 3) {
		(void)fprintf(stderr, "usage: seald compile COMPONENT OUTPUT\n");
		return 2;
	}
	if (host_compile(argv[1], argv[2], &err) == 0)
		return 0;
	(void)fprintf(stderr, "seald compile: %s\n", err.text);
	return 1;
}
