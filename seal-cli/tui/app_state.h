/* Private to app*.c and slash.c. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "rpc/message.h"
#include "seal-cli/tui/app.h"
#include "seal-cli/tui/edit.h"
#include "seal-cli/tui/screen.h"
#include "seal-cli/tui/transcript.h"
#include "seal-cli/tui/view_ask.h"

#define APP_ASKS_MAX 64

/* A question that waits for the person, oldest first. */
struct app_ask {
	struct ask_view *view;
	struct message message;	/* holds the id to answer */
};

struct app {
	const struct app_setup *setup;
	struct screen *screen;
	struct keys *keys;
	struct edit *edit;
	struct transcript *transcript;
	char *session;
	struct buf model;
	uint64_t prompt;	/* id of the running turn's request; 0: idle */
	struct app_ask asks[APP_ASKS_MAX];
	size_t n_asks;
	int64_t asked_at;	/* ms: keys before asked_at + grace answer nothing */
	struct buf tasks;	/* one line a task */
	struct buf footer;	/* completions, search, hints; cleared by the next key */
	struct buf queued;	/* a message typed while a turn runs */
	int64_t used, size;
	double cost;
	bool has_cost, has_focus, quit, dirty, searching;
	struct buf needle;
	size_t search_at;
	int64_t interrupted_at;	/* the last Ctrl+C on an empty, idle composer */
};

int64_t app_now(void);

/* app_turn.c: the protocol's side. */
int app_start(struct app *app, struct err *err);
int app_send(struct app *app, struct str text, struct err *err);
int app_cancel(struct app *app, struct err *err);
int app_receive(struct app *app, struct err *err);	/* all that is there */
int app_answer(struct app *app, const char *option, struct err *err);
void app_drop_asks(struct app *app);

/* app_keys.c */
int app_key(struct app *app, const struct key *key, struct err *err);

/* app_draw.c */
void app_draw(struct app *app);

/* slash.c: a line that starts with '/'.  False when there is no such command. */
bool slash_run(struct app *app, struct str line, int *ret_r, struct err *err);
/* Names that start with `prefix`, one a line, to `ret`; their common start to
 * `ret_common`. */
void slash_complete(struct str prefix, struct buf *ret, struct buf *ret_common);

/* complete.c: paths below cwd. */
void complete_path(const char *cwd, struct str prefix, struct buf *ret, struct buf *ret_common);
void complete_common(struct buf *common, struct str word, bool is_first);
