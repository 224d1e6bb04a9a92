/*
 * Private to llm/.  Keys in the desktop's Secret Service (GNOME Keyring, KWallet,
 * KeePassXC), which is asked through libsecret.
 *
 * The library and the bus live in a process of their own, `seald keyring`, that
 * is started for one question and ends with it: a session that finds its key
 * elsewhere pays nothing, and none carries them along.  The key crosses a pipe,
 * never an argument or a variable.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

/* Is there a session bus, and so perhaps a service?  Costs a look, no process. */
bool keyring_may_be(void);

/* Each is ERR_INPUT with the reason when it cannot be done. */
int keyring_find(struct str provider, struct buf *ret_key, struct err *err);
int keyring_keep(struct str provider, struct str key, struct err *err);
int keyring_forget(struct str provider, struct err *err);

/* The process: find|keep|forget PROVIDER.  Standard output is the key, or, with
 * exit code 1, the reason why not. */
int keyring_main(int argc, char **argv);
