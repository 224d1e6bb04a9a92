/* seal doctor: what works on this machine, and what to do about the rest. */
#include "seal-cli/cmd.h"

int cmd_doctor(int argc, char **argv)
{
	return cmd_exec_seald("doctor", argc - 1, argv + 1);
}
