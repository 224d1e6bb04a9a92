/* The daemon's tables.  Private to server/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "rpc/message.h"
#include "rpc/params.h"
#include "server/peer.h"
#include "server/server.h"
#include "session/disk/folder.h"

struct client {
	struct peer peer;
	struct client *next;
	struct server *server;
	bool is_ready;       /* `initialize` was answered */
	char *environment;   /* JSON: what its sessions run in; NULL: the daemon's */
	bool is_interactive; /* somebody there answers questions */
};

enum call_kind {
	CALL_START,   /* _seal/start */
	CALL_PROMPT,  /* session/prompt */
	CALL_HISTORY, /* _seal/history */
	CALL_MODEL,   /* _seal/model */
	CALL_LOOK,    /* session/look/look.h; under the client's own name for it */
};

/* A request for a worker: waiting in its session's queue, then running. */
struct call {
	struct call *next;
	enum call_kind kind;
	struct client *client; /* NULL: nobody waits (gone, or it is ours) */
	char *client_id;       /* JSON; NULL when it is ours */
	char *params;          /* JSON, for the worker */
	int turn;              /* CALL_PROMPT */
	enum rpc_method look;  /* CALL_LOOK */
};

/* A question of a worker for the person. */
struct question {
	struct question *next;
	uint64_t number;       /* as the clients know it */
	char *worker_id;       /* as the worker knows it, JSON */
	char *params;          /* JSON */
	struct client *client; /* who was asked; NULL: nobody yet */
};

struct worker {
	struct peer peer;
	uv_process_t process;
	uv_timer_t doom;   /* ends in SIGKILL */
	char id[FOLDER_ID_LEN + 1]; /* of its session */
	struct live *live;          /* NULL: dismissed, only its end is awaited */
	struct server *server;
	struct worker *next;
	unsigned int n_handles;
	bool has_exited, has_ended; /* its process; its stream */
	/* A session/delete that waits for its end. */
	char *deletion;          /* id of the request, JSON; NULL: none */
	struct client *deleter; /* NULL: gone */
	int64_t status;
	int signal;
};

/* Zero is what a session begins with. */
enum session_mode {
	MODE_MANIFEST = 0, /* questions go to the person */
	MODE_STRICT,       /* every question is a no */
	MODE_MAX
};

/* A session that a client or a worker takes part in. */
struct live {
	struct live *next;
	struct server *server;
	char id[FOLDER_ID_LEN + 1];
	struct worker *worker;
	struct call *queue, *running;
	struct client **clients;
	size_t n_clients;
	struct question *questions;
	char *described;   /* JSON: what the worker says of it; NULL: nothing yet */
	enum session_mode mode;
	char *environment; /* JSON, of the client that opened it; NULL: the daemon's */
	struct buf told;   /* the updates of the running turn, for who loads meanwhile */
	int turn;          /* number of the last prompt */
	bool is_started;   /* the worker answered _seal/start */
	bool is_cancelled; /* the running turn */
	bool is_private;   /* replays the history for one client; in no list */
	bool is_closing;
	uv_timer_t linger, ask_wait, cancel_wait;
	unsigned int n_handles;
};

struct server {
	struct server_setup setup;
	uv_pipe_t listener;
	uv_timer_t idle;
	struct client *clients;
	struct worker *workers;
	struct live *lives;
	uint64_t last_question;
	bool is_stopping;
};

/* Everything a peer can make grow has an end. */
#define APART_MAX       64 /* workers that only answer a question about a session or project */
#define CLIENTS_MAX     256
#define LIVES_MAX       4096
#define RESTING_MAX     16 /* workers without work; the one that rests longest leaves */
#define CALLS_MAX       64 /* waiting for one session */
#define ENVIRONMENT_MAX ((size_t)2 << 20)
#define LIVE_TOLD_MAX   ((size_t)8 << 20)
#define QUESTIONS_MAX   64 /* open in one session */

/* client.c */
void client_accept(struct server *server);
void client_reply(struct client *client, const char *id, struct str result);
void client_fail(struct client *client, const char *id, enum rpc_code code, struct str text);
/* Keys may be in it: wiped, then freed. */
void environment_free(char *environment);
/* A worker's reply or failure, under the client's id. */
void client_forward(struct client *client, const char *id, const struct message *message);
void client_close(struct client *client);

/* dispatch.c */
void dispatch_message(struct client *client, const struct message *message, const char *id);

/* live.c: sessions */
struct live *live_find(struct server *server, struct str id);
struct live *live_new(struct server *server, const char *id, struct err *err);
int live_attach(struct live *live, struct client *client, struct err *err);
void live_detach(struct live *live, struct client *client);
bool live_has(const struct live *live, const struct client *client);
void live_client_gone(struct client *client);
void live_broadcast(struct live *live, struct str line);
/* Nothing runs: start the linger, or go when nobody is left. */
void live_rest(struct live *live);
void live_close(struct live *live);

/* The answer of session/new, load and resume. */
void live_describe(const struct live *live, struct client *client, const char *id);

/* call.c: requests to a session's worker */
int call_add(struct live *live, struct call *call, struct err *err);
struct call *call_new(enum call_kind kind, struct client *client, const char *id,
                      struct str params);
struct call *call_new_look(enum rpc_method method, struct client *client, const char *id,
                           struct str params);
void call_free(struct call *call);
DEFINE_CLEANUP(struct call, call_free)
void call_next(struct live *live);
void call_answered(struct live *live, const struct message *message);
void call_worker_ended(struct live *live, struct str why);
void call_cancel(struct live *live);
void call_client_gone(struct live *live, struct client *client);
/* The session is closed: every one is answered. */
void call_close_all(struct live *live);

/* worker.c: processes */
int worker_spawn(struct live *live, struct err *err);
void worker_cancel(struct worker *worker, int turn);
/* The turn ended in time. */
void worker_relax(struct worker *worker);
/* The session lets go of it; it is asked to leave, then made to. */
void worker_dismiss(struct worker *worker);

/* mode.c: what the worker said, with the modes and options. */
void mode_describe(const struct live *live, struct buf *ret_json);
/* Answers session/set_config_option, and tells every client. */
void mode_model_set(struct live *live, struct client *client, const char *id);

/* The session is removed when this process, which is leaving, writes it no more.
 * false: there is none. */
bool worker_delete_later(struct server *server, const char *session_id, struct client *client,
                         const char *id);
void worker_client_gone(struct client *client);

/* question.c */
void question_add(struct live *live, const struct message *message);
void question_offer(struct live *live);
bool question_answered(struct client *client, const struct message *message);
void question_drop_all(struct live *live);
void question_client_gone(struct live *live, struct client *client);

/* server.c */
void server_look_idle(struct server *server);

/* method_session.c: attaches the client and answers as session/resume does;
 * after a history, with what the running turn showed so far. */
void session_join(struct client *client, const char *id, const char *session_id);
void session_catch_up(struct client *client, const char *session_id);

/* The id is taken apart from the wire once, here: behind this it is one of ours
 * and there is such a session. */
int session_check_id(struct client *client, struct str id, char ret_id[FOLDER_ID_LEN + 1],
                     struct err *err);

/* By a process of its own, so that a turn under way is neither stopped nor waited
 * for.  Takes the call; NULL is out of memory. */
int session_ask_apart(struct client *client, const char *session_id, struct call *call,
                      struct err *err);

/* Removes the session from the disk and answers; `client` may be NULL. */
void session_delete(struct client *client, const char *id, const char *session_id);

/* method_*.c */
typedef void method_handler(struct client *client, const char *id, const struct rpc_params *params);
method_handler method_initialize, method_seal_environment, method_session_new, method_session_load,
	method_session_resume, method_session_list, method_session_prompt, method_session_cancel,
	method_session_close, method_session_delete, method_session_set_mode,
	method_session_set_config_option, method_cancel_request,
	method_seal_rename, method_seal_status, method_seal_stop, method_seal_audit,
	method_seal_records, method_seal_tasks, method_seal_undo, method_seal_undo_list,
	method_seal_diff, method_seal_manifest, method_seal_approve;
