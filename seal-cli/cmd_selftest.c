/* seal selftest: does the sandbox hold what it promises, on this machine? */
#include "seal-cli/cmd.h"

int cmd_selftest(int argc, char **argv)
{
	return cmd_exec_seald("selftest", argc - 1, argv + 1);
}
