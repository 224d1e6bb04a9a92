/*
 * What people have written for the agent beside their messages: instructions,
 * skills and commands, as Markdown.  Private to session/.
 *
 * All of it tells the agent how to work; none of it grants anything, whatever
 * its head says (an `allowed-tools` there is not read).
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

/* The head between two lines of "---", if there is one: a member's value on one
 * line, and what stands behind the head. */
struct str guidance_head(struct str text, const char *name);
struct str guidance_body(struct str text);

/*
 * "instructions": of the person (SEAL.md in the configuration folder), of the
 * project, and of each folder from the root down to `cwd`.
 */
void guidance_put_instructions(struct json *w, const char *root, const char *cwd);

/* "skills": those of the person, <configuration>/skills/NAME/SKILL.md, then those of
 * the project that the person has approved. */
void guidance_put_skills(struct json *w, const char *root);

/* Items of availableCommands: commands/NAME.md of the person, then those of the
 * project's .seal. */
void guidance_put_commands(struct json *w, const char *root);

/* "/NAME ARGUMENTS" -> the command's text.  False: there is no such command. */
bool guidance_expand(const char *root, struct str message, struct buf *ret_text);
