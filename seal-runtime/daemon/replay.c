/* `seald replay DIR [--component FILE]`: a session again, from its log alone. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "daemon/modes.h"
#include "session/replay.h"

/* 0: all matched; 1: it diverged; 2: it could not be replayed. */
int replay_main(int argc, char **argv)
{
	cleanup_with(replay_outcome_fini) struct replay_outcome outcome = {0};
	struct replay_setup setup = {0};
	struct err err = {0};

	if (argc == 4 && strcmp(argv[2], "--component") == 0)
		setup.component = argv[3];
	else if (argc != 2) {
		(void)fprintf(stderr, "usage: seald replay DIR [--component FILE]\n");
		return 2;
	}
	setup.dir = argv[1];
	if (replay_run(&setup, &outcome, &err) < 0) {
		(void)fprintf(stderr, "seald replay: %s\n", err.text);
		return 2;
	}
	if (outcome.is_diverged) {
		(void)printf("diverged: %s\n", outcome.text.data);
		return 1;
	}
	(void)printf("replayed: %llu calls match\n", (unsigned long long)outcome.n_calls);
	return 0;
}
