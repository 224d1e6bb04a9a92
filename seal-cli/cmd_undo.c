/* seal undo, seal diff: what commands did to the project in overlays. */
#include "seal-cli/cmd.h"

int cmd_undo(int argc, char **argv)
{
	return cmd_exec_seald("undo", argc - 1, argv + 1);
}

int cmd_diff(int argc, char **argv)
{
	return cmd_exec_seald("diff", argc - 1, argv + 1);
}
