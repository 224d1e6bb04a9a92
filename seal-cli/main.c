/* seal: everything a person types.  Finds the command and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "seal-cli/cmd.h"

int main(int argc, char **argv)
{
	const char *alone = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? "chat" : "help";
	const char *name = argc > 1 ? argv[1] : alone;
	const struct cmd *cmd;

	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(name, "--version") == 0)
		name = "version";
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	cmd = cmd_find(name);
	if (!cmd) {
		(void)fprintf(stderr, "seal: no command \"%s\"; `seal help` lists them\n", name);
		return EXIT_INPUT;
	}
	return cmd->run(argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv);
}
