#include "caps/check.h"

/* Every command asks until the shell's grammar is read. */
void shell_check(struct check *check, struct str script, struct str cwd)
{
	struct ruling ruling = { CAPS_ASK, { "", 0 }, 0, "no rule covers it", true, false };

	(void)cwd;
	(void)check_add(check, CAPS_RUN, script, ruling);
}
