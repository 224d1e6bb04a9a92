/*
 * A client's end of the daemon's socket: connect (starting the daemon when it
 * is not there), send, wait.  seal-cli and the tests use it; the daemon never.
 *
 * Single-threaded.  Messages that arrive while a call waits for its reply go to
 * the handler, so that updates are shown and questions answered in order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rpc/message.h"

struct err;
struct rpc_client;

/* A request or notice of the daemon.  Requests are answered, now or later,
 * with rpc_client_reply().  < 0 ends the call that waits. */
typedef int rpc_client_handler(void *ctx, struct rpc_client *client, const struct message *message,
                               struct err *err);

/* Connects; when nobody listens, starts `seald` and waits until it does.  Two
 * clients that do so at once make one daemon.  An idle one of an older version is
 * ended and started anew; ERR_INPUT when that cannot be. */
int rpc_client_open(struct rpc_client **ret_client, struct err *err);

/* Connects; ERR_GONE when nobody listens. */
int rpc_client_connect(struct rpc_client **ret_client, struct err *err);

/* 0: the daemon is of this version; 1: it was older and idle, and has ended. */
int rpc_client_agree(struct rpc_client *client, struct err *err);

/* Ends the daemon, and waits until it and its workers are gone. */
int rpc_client_stop_daemon(struct rpc_client *client, struct err *err);

void rpc_client_free(struct rpc_client *client);
DEFINE_CLEANUP(struct rpc_client, rpc_client_free)

void rpc_client_handle(struct rpc_client *client, rpc_client_handler *handler, void *ctx);

/* `initialize`.  ERR_INPUT when the daemon is of another version, with the
 * remedy.  Not interactive: this client answers no questions. */
int rpc_client_initialize(struct rpc_client *client, bool is_interactive, struct err *err);

/*
 * Sessions that this client starts run in its environment and not in that of
 * whoever happened to start the daemon.  rpc_client_initialize() does this; who
 * passes on another's `initialize` does it before.
 */
int rpc_client_lend_environment(struct rpc_client *client, struct err *err);

/* Sends a request; *ret_id is what its reply will carry. */
int rpc_client_send(struct rpc_client *client, const char *method, struct str params,
                    uint64_t *ret_id, struct err *err);
int rpc_client_notify(struct rpc_client *client, const char *method, struct str params,
                      struct err *err);

/* Answers a request of the daemon. */
int rpc_client_reply(struct rpc_client *client, yyjson_val *id, struct str result, struct err *err);

/*
 * The next message of any kind, not given to the handler.  1: *ret_message is
 * the caller's; 0: none within timeout_ms (-1: wait) or a signal came; ERR_GONE
 * when the daemon went away.
 */
int rpc_client_next(struct rpc_client *client, int timeout_ms, struct message *ret_message,
                    struct err *err);

/* The same, not taken apart: for who passes on what it gets.  The line lives
 * until the next call. */
int rpc_client_next_line(struct rpc_client *client, int timeout_ms, struct str *ret_line,
                         struct err *err);

/* Sends a line as it is; without its newline. */
int rpc_client_send_line(struct rpc_client *client, struct str line, struct err *err);

/*
 * Sends and waits.  An error reply is ERR_INPUT, ERR_LIMIT, ERR_CANCELLED or
 * ERR_INTERNAL with its text; *ret_reply is then kept too, for error.data, and
 * is the caller's in every case.
 */
int rpc_client_call(struct rpc_client *client, const char *method, struct str params,
                    struct message *ret_reply, struct err *err);

/* The same for a request sent before. */
int rpc_client_wait(struct rpc_client *client, uint64_t id, struct message *ret_reply,
                    struct err *err);

/* For poll(). */
int rpc_client_fd(const struct rpc_client *client);

/* error.data.seal of a failure ("manifest", "model", ...), or empty. */
struct str rpc_client_fault(const struct message *reply);

/* <runtime dir>/sock and <runtime dir>/lock: both sides agree here. */
#define RPC_SOCKET_NAME "sock"
#define RPC_LOCK_NAME   "lock"  /* held by the daemon that listens */
#define RPC_START_NAME  "start" /* held by the client that starts it */

/* Runs `seald daemon` and waits until it listens; the caller holds RPC_START_NAME. */
int rpc_client_start_daemon(struct err *err);
