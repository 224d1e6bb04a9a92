/*
 * Private to overlay/: puts a command's changes into the project.  What was
 * there is kept in the record first, then each name is replaced at once, so
 * that a crash leaves every file old or new.
 */
#pragma once

struct changes;
struct err;

struct commit {
	int upper, project, before; /* descriptors of folders */
};

int commit_changes(const struct commit *commit, const struct changes *changes, struct err *err);

/* The folder that holds `path` below `top`, through no link; its last part. */
int commit_parent(int top, const char *path, const char **ret_leaf, struct err *err);

/* Moves or copies a file, link or folder to a name, over a file that may be there. */
int commit_place(int from, const char *name, int to, const char *new_name, struct err *err);
