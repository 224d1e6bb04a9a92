/* Private to app/. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "rpc/message.h"
#include "seal-cli/tui/app/app.h"
#include "seal-cli/tui/edit/edit.h"
#include "seal-cli/tui/links.h"
#include "seal-cli/tui/screen.h"
#include "seal-cli/tui/view/ask.h"
#include "seal-cli/tui/view/transcript.h"

#define APP_ASKS_MAX   64
#define APP_CHOICE_MAX 20

/* A question that waits for the person, oldest first. */
struct app_ask {
	struct ask_view *view;
	struct message message;	/* holds the id to answer */
};

/* A list the person chooses from, in place of the composer (/resume, /model). */
struct app;
typedef int choice_fn(struct app *app, const char *value, struct err *err);
struct app_choice {
	choice_fn *chosen;
	struct {
		char *value;
		struct buf label;
	} rows[APP_CHOICE_MAX];
	size_t n, at;
};

struct app {
	const struct app_setup *setup;
	struct rpc_client *client;	/* setup's, or one of our own after that was lost */
	struct screen *screen;	/* NULL in plain lines */
	struct keys *keys;
	struct edit *edit;
	struct links *links;
	struct transcript *transcript;
	char *session;	/* NULL until it is there */
	struct buf model, provider, name, root;
	uint64_t starting;	/* id of the request that makes or loads the session */
	uint64_t prompt;	/* id of the running turn's request; 0: idle */
	int64_t began_at;	/* ms: when the turn began */
	bool cancelling;
	bool goes_on;	/* the session that starts has a turn to end: a fork */
	struct app_ask asks[APP_ASKS_MAX];
	size_t n_asks;
	int64_t asked_at;	/* ms: when the first of them was drawn; 0: not yet */
	struct app_choice choice;
	struct buf tasks;	/* one line a task */
	bool has_open_tasks;
	struct buf footer;	/* completions, hints; cleared by the next key */
	struct buf queued;	/* a message typed while a turn runs */
	int64_t used, size;
	double cost;
	bool has_cost, has_focus, quit, dirty, urgent, searching;
	bool theme_is_fixed, was_started;
	struct buf needle;
	size_t search_at;
	int64_t interrupted_at;	/* the last Ctrl+C on an empty, idle composer */
};

int64_t app_now(void);
int app_init(struct app *app, const struct app_setup *setup, struct err *err);
void app_fini(struct app *app);

/* turn.c: the protocol's side. */
int app_start(struct app *app, const char *session, struct err *err);
int app_send(struct app *app, struct str text, struct err *err);
/* A new session that goes on, live, from call `record` of this one. */
int app_fork(struct app *app, uint64_t record, struct err *err);
int app_cancel(struct app *app, struct err *err);
int app_receive(struct app *app, struct err *err);	/* all that is there */
/* The daemon went away: starts it again and takes part in the session. */
int app_reconnect(struct app *app, struct err *err);

/* answer.c: questions. */
void app_ask(struct app *app, struct message *message);	/* takes the message */
int app_answer(struct app *app, const char *option, struct err *err);
/* ms until keys are meant for the question: what was typed before it could be
 * read answers nothing. */
int64_t app_grace(const struct app *app);
void app_dismiss(struct app *app, yyjson_val *id);
void app_drop_asks(struct app *app);

/* input.c */
int app_key(struct app *app, const struct key *key, struct err *err);
/* A line that was typed: a command or a message. */
int app_submit(struct app *app, struct str text, struct err *err);

/* draw.c */
void app_draw(struct app *app);

/* notify.c: tells a person who looks elsewhere, by the terminal. */
void app_notify(const struct app *app, const char *text);

/* history.c: what was sent, kept over sessions in the state folder. */
void history_load(struct edit *edit);
void history_add(struct str text);

/* attach.c: links to the files that `text` names, as further blocks of a prompt. */
struct json;
void app_attach(const struct app *app, struct str text, struct json *w);

/* choice.c */
void choice_clear(struct app_choice *choice);
/* Empty, and what is done with the value that will be chosen. */
void choice_open(struct app_choice *choice, choice_fn *chosen);
/* Takes nothing; copies both. */
void choice_add(struct app_choice *choice, struct str value, struct str label);
void choice_draw(const struct app_choice *choice, struct screen *screen);
/* False while nothing is chosen; *ret_value is NULL when it was left. */
bool choice_key(struct app_choice *choice, const struct key *key, const char **ret_value);

/* custom.c: commands of the project, .seal/commands/NAME.md.  The text of one
 * with its arguments put in, to `ret`; false when there is none of that name. */
bool custom_expand(const struct app *app, struct str name, struct str arguments, struct buf *ret);
typedef void custom_fn(void *ctx, struct str name, struct str sentence);
void custom_each(const struct app *app, custom_fn *each, void *ctx);

/* slash.c: a line that starts with '/'.  False when there is no such command. */
bool slash_run(struct app *app, struct str line, int *ret_r, struct err *err);
/* Commands that fit `prefix`, one a line, to `ret`; what Tab makes of it to
 * `ret_common`. */
void slash_complete(const struct app *app, struct str prefix, struct buf *ret, struct buf *ret_common);

/* complete.c: paths below cwd. */
void complete_path(const char *cwd, struct str prefix, struct buf *ret, struct buf *ret_common);
void complete_common(struct buf *common, struct str word, bool is_first);
