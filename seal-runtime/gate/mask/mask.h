/*
 * Secrets do not reach the guest, and so neither the model nor the log: values
 * of variables that look like secrets, and of files that the sandbox masks, are
 * replaced by a marker in everything a tool answers.  Private to gate/.
 *
 * This is a net below the rules, not one of them: a program can still print a
 * secret in another spelling (reversed, in base64).  What must not be read must
 * not be granted.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct mask;

/* What a marker begins with; the name of the variable or file follows. */
#define MASK_MARKER "[masked by seal:"

/* NULL when out of memory.  Reads the process's environment once. */
struct mask *mask_new(void);
void mask_free(struct mask *mask);
DEFINE_CLEANUP(struct mask, mask_free)

/* Is this the name of a file that the sandbox hides from commands, or does the
 * path lie in such a place? */
bool mask_is_secret_file(const char *path);

/* The values of such a file; `name` is what the marker says.  Values that are
 * known already cost nothing. */
void mask_add_file(struct mask *mask, const char *name, struct str text);

/* The masked files directly in the project, when they changed since. */
void mask_look(struct mask *mask, const char *root);

/*
 * Replaces in each text of the JSON value (never in the name of a member).
 * `goes_on`: its texts may begin in the middle of a secret.
 */
void mask_json(const struct mask *mask, struct buf *json, bool goes_on);
