#include "seal-cli/cmd.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"

static const struct cmd commands[] = {
#define CMD(name, function, arguments, summary) { name, arguments, summary, function },
#include "seal-cli/commands.def"
#undef CMD
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

int cmd_fail(const struct err *err)
{
	(void)fprintf(stderr, "seal: %s\n", err->text);
	switch (err->code) {
	case ERR_INPUT:
		return EXIT_INPUT;
	case ERR_LIMIT:
		return EXIT_LIMIT;
	case ERR_CANCELLED:
		return EXIT_CANCELLED;
	default:
		return EXIT_FAULT;
	}
}

int cmd_exec_seald(const char *mode, int argc, char **argv)
{
	cleanup_free char *seald = NULL;
	cleanup_free char **args = calloc((size_t)argc + 3, sizeof(char *));
	struct err err;
	int n = 0;

	if (dirs_part("seald", &seald, &err) < 0)
		return cmd_fail(&err);
	if (!args) {
		err_nomem(&err);
		return cmd_fail(&err);
	}
	args[n++] = seald;
	args[n++] = (char *)(uintptr_t)mode;
	for (int i = 0; i < argc; i++)
		args[n++] = argv[i];
	execv(seald, args);
	err_sys(&err, "run %s", seald);
	return cmd_fail(&err);
}

int cmd_version(int argc, char **argv)
{
	(void)argc, (void)argv;
	puts("seal " SEAL_VERSION);
	return EXIT_DONE;
}

int cmd_help(int argc, char **argv)
{
	const struct cmd *cmd = argc > 1 ? cmd_find(argv[1]) : NULL;

	if (argc > 1 && !cmd) {
		(void)fprintf(stderr, "seal: help: no command \"%s\"; `seal help` lists them\n", argv[1]);
		return EXIT_INPUT;
	}
	if (cmd) {
		printf("usage: seal %s %s\n\n%s\n", cmd->name, cmd->arguments, cmd->summary);
		return EXIT_DONE;
	}
	puts("seal: a coding agent that can only do what a signed manifest says\n\nusage: seal COMMAND …\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	puts("\nexit codes: 0 done, 1 checked and not so, 2 bad input, 3 something was denied,\n"
	     "4 model error, 5 limit reached, 70 fault, 125 sandbox unavailable, 130 cancelled");
	return EXIT_DONE;
}
