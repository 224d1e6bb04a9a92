/* The first seal.toml of a project: which kinds of project there are, and its text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct init_type {
	const char *name;
	const char *marks[6];     /* files that tell it; up to the first NULL */
	const char *patterns[24]; /* of allow.commands; up to the first NULL */
	const char *tools;        /* elements of sandbox.os.command_tools */
	const char *everyday[12]; /* commands that must need no prompt; for the test */
};

extern const struct init_type init_types[];
extern const size_t init_n_types;

#define INIT_TYPES_MAX 16

struct init_choice {
	const char *project; /* its name */
	const char *provider, *model;
	const char *base_url;       /* NULL: the provider's */
	bool types[INIT_TYPES_MAX]; /* by index; none is generic */
};

/* Every type of which a mark is in this folder. */
void init_detect(int folder, struct init_choice *choice);

/* By name; false when there is none. */
bool init_set_type(struct init_choice *choice, const char *name);

void init_write(const struct init_choice *choice, struct buf *text);
