/*
 * Where seal keeps things for this user.  Each call returns an absolute path to
 * be freed and makes the folder (0700) when it is missing.
 *
 *   state    $XDG_STATE_HOME/seal    or ~/.local/state/seal: sessions, approvals, log
 *   config   $XDG_CONFIG_HOME/seal   or ~/.config/seal: config.toml, keys
 *   runtime  $XDG_RUNTIME_DIR/seal   or /run/user/UID/seal, or <state>/run: socket
 *   library  beside the program: ../lib/seal, or $SEAL_LIB: agent.cwasm, seal-init
 */
#pragma once

struct err;

enum dirs_kind { DIRS_STATE, DIRS_CONFIG, DIRS_RUNTIME };

int dirs_get(enum dirs_kind kind, char **ret_path, struct err *err);

/* Path of an installed or built part: "agent.cwasm", "seal-init", "seald". */
int dirs_part(const char *name, char **ret_path, struct err *err);
