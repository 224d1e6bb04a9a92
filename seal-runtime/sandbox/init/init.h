/*
 * Private to init/: the steps of seal-init, process 1 of a sandbox.  Static and
 * small; nothing weaker than the command ever lives in the namespace.
 *
 *   seal-init CONFIG CONTROL -- COMMAND...
 *
 * CONFIG is a descriptor of NUL-ended records, the first byte says which:
 *   N path  list only        R path  read, execute     D path  devices
 *   W path  everything but device nodes
 *   l res value  rlimit      c fd  open cgroup file to join   d  debugging allowed
 * CONTROL is a SEQPACKET socket:
 *   to the host    G + network namespace: ready    X + status + flag: ended
 *                  E + text: cannot                (no G: the command never ran)
 *   from the host  g: go    g + NUL-ended words: go, with these instead of COMMAND
 *                  T: ask everything to end
 */
#pragma once

#include <stdint.h>

#define INIT_FAILED     125
#define INIT_WORDS_MAX  16
#define INIT_ANSWER_MAX (256 * 1024)

/* Says why on the control socket and ends; the sandbox was not made. */
void init_die(const char *what) __attribute__((noreturn));

/* Landlock: begin opens the rule set, add puts a path into it, enter confines. */
void landlock_begin(void);
void landlock_add(char kind, const char *path);
void landlock_enter(void);
