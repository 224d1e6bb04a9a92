/*
 * Private to sandbox/: is this protection left out?  Never: weak.c says no to
 * everything, and nothing else of the programs defines the function.  The test
 * that shows that each protection is needed (tests/sandbox/test_weak.c) brings
 * a definition of its own, and a seal-init built with init_weak.c.
 */
#pragma once

#include <stdbool.h>

bool weak_is(const char *protection);
