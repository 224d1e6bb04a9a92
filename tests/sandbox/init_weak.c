/* In a test's own seal-init: what the variable SEAL_WEAKEN names is left out. */
#include <stdlib.h>
#include <string.h>

#include "sandbox/weak.h"

bool weak_is(const char *protection)
{
	const char *list = getenv("SEAL_WEAKEN"), *at = list;
	size_t len = strlen(protection);

	for (; at && (at = strstr(at, protection)); at += len)
		if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}
