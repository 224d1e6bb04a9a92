/* Private to app/slash/: what the commands share. */
#pragma once

#include "seal-cli/tui/app/state.h"

/* `rest` is what stands behind the name. */
typedef int slash_fn(struct app *app, struct str rest, struct err *err);

#define SLASH(name, arguments, function, sentence) slash_fn slash_##function;
#include "seal-cli/tui/app/slash/slash.def"
#undef SLASH

int slash_say(struct app *app, const char *text);
int slash_say_buf(struct app *app, const struct buf *text);
/* Nothing that exchanges the session while a turn runs in it: says so. */
bool slash_is_busy(struct app *app);
