/*
 * Commands that a person runs in the sandbox by hand: `seal sandbox exec`, `seal
 * sandbox plan`, `seal doctor`.  The person at the keyboard is the permission,
 * so the grant is made here without asking; the sandbox is the same.
 *
 * Called by daemon/ for seald's modes and by session/look for clients; never by
 * anything a guest can reach.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;
struct manifest;

struct by_hand {
	const struct manifest *manifest;
	const char *root;       /* real path of the project */
	const char *cwd;        /* real path */
	char *const *words;     /* the command, NULL-ended */
	unsigned int timeout_s; /* 0: none */
	bool dry_run;           /* shows what it changed and throws that away */
};

/* Runs with this process's standard input, output and error.  The command's
 * exit code, 128 + its signal, 124 after the time-out, 125 with `ret_reason`
 * filled when the sandbox could not be made. */
int by_hand_run(const struct by_hand *by_hand, int *ret_exit, struct err *err);

/* What would be done, for a person to read. */
int by_hand_plan(const struct by_hand *by_hand, struct buf *ret_text, struct err *err);

/* What works on this machine; *ret_works is false when no command can run. */
int by_hand_doctor(bool as_json, struct buf *ret_text, bool *ret_works, struct err *err);

/* `seal undo`: takes back what the last `n` commands did to the project (overlays
 * only), with a report; *ret_kept counts what somebody changed since. */
int by_hand_undo(const char *root, unsigned int n, struct buf *ret_text, unsigned int *ret_kept,
                 struct err *err);
int by_hand_undo_list(const char *root, struct buf *ret_text, struct err *err);

/* `seal diff`: what the n-th last command did. */
int by_hand_diff(const char *root, unsigned int n, struct buf *ret_text, struct err *err);

/* For by_hand*.c: $XDG_RUNTIME_DIR/seal, or one in /tmp; and where overlays lie
 * (NULL: the usual place). */
int by_hand_runtime(char **ret_path, struct err *err);
int by_hand_undo_folder(char **ret_folder, struct err *err);

/* One change after another as text for a person; `ctx` is a struct buf. */
struct undo_view;
struct undo_view by_hand_view(struct buf *text);
