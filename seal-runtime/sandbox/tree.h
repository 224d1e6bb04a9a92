/* Private to sandbox/: folders as a whole.  Follows no link but the one named. */
#pragma once

struct err;

#define TREE_DEPTH_MAX 64

/* Copies a file, link or folder; what cannot be read, or is neither, is left out.
 * `follow`: the name itself may be a link. */
int tree_copy(int from, const char *name, int to, const char *new_name, int follow,
              struct err *err);

/* With modes and times. */
int tree_copy_exact(int from, const char *name, int to, const char *new_name, struct err *err);

void tree_remove(int dir, const char *name);

/* Renames, or copies and removes where the places are of different file systems. */
int tree_move(int from, const char *name, int to, const char *new_name, struct err *err);
