/* The functions behind modes.def; argv[0] is the mode's name. */
#pragma once

#define MODE(name, function, sentence) int function(int argc, char **argv);
#include "daemon/modes.def"
#undef MODE
