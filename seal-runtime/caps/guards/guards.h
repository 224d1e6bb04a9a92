/* The guards' engine and the checks that one program needs of its own.  Private to caps/. */
#pragma once

#include "caps/command.h"

enum guard_style {
	CLUSTERS = 1,
	ABBREVIATES = 2,
	SINGLE = 4,
	LATE = 8,
	STOPS = 16,
	OPEN = 32,
};

/* A program's own check, besides its rows; guard_programs.c. */
typedef struct ruling guard_fn(const struct call *call);

guard_fn guard_find, guard_uniq, guard_sed, guard_awk, guard_tar, guard_date, guard_second_operand;
guard_fn guard_always, guard_archive, guard_git, guard_cargo, guard_npm, guard_inside_operands;
guard_fn guard_make, guard_cmake, guard_compiler, guard_curl, guard_docker, guard_gh, guard_perl;

/* The rows and checks of the program that starts at `from`: npx's tool, python's module. */
struct ruling guards_check_tool(const struct call *call, size_t from);

/* No option: opaque, empty, or without a dash. */
bool guards_is_operand(const struct field *field);
/* Operands, where options of `valued` take the next word; after `--` every word is one. */
size_t guards_count_operands(const struct call *call, const char *valued);
bool guards_has_word(const struct call *call, const char *words);

/* Does the name, taken in every folder the command may run in, lie within the project? */
bool guards_is_inside(const struct call *call, struct str name);
