/* seal sandbox: one command in the sandbox, or the plan of it, by hand. */
#include "seal-cli/cmd.h"

int cmd_sandbox(int argc, char **argv)
{
	return cmd_exec_seald("sandbox", argc - 1, argv + 1);
}
