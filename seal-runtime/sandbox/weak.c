#include "sandbox/weak.h"

bool weak_is(const char *protection)
{
	(void)protection;
	return false;
}
