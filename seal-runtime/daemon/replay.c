/* `seald replay DIR [--step] [--component FILE]`: a session again, from its log alone. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "daemon/modes.h"
#include "daemon/step.h"
#include "session/replay.h"

static bool read_arguments(int argc, char **argv, struct replay_setup *setup)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--step") == 0)
			setup->watch = step_call;
		else if (strcmp(argv[i], "--component") == 0 && argv[i + 1])
			setup->component = argv[++i];
		else if (argv[i][0] == '-' || setup->dir)
			return false;
		else
			setup->dir = argv[i];
	}
	return setup->dir;
}

/* 0: all matched; 1: it diverged, or was stopped; 2: it could not be replayed. */
int replay_main(int argc, char **argv)
{
	cleanup_with(replay_outcome_fini) struct replay_outcome outcome = {0};
	cleanup_with(step_fini) struct step step = {0};
	struct replay_setup setup = {.watch_ctx = &step};
	struct err err = {0};

	if (!read_arguments(argc, argv, &setup)) {
		(void)fprintf(stderr, "usage: seald replay DIR [--step] [--component FILE]\n");
		return 2;
	}
	if (replay_run(&setup, &outcome, &err) < 0) {
		(void)fprintf(stderr, "seald replay: %s\n", err.text);
		return err.code == ERR_CANCELLED ? 1 : 2;
	}
	if (outcome.is_diverged) {
		(void)printf("diverged: %s\n", outcome.text.data);
		return 1;
	}
	(void)printf("replayed: %llu calls match\n", (unsigned long long)outcome.n_calls);
	return 0;
}
