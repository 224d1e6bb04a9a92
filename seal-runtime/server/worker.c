#include "server/state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"

/* The number of the worker's end of the pair; session/link.h agrees. */
#define WORKER_FD 3

static void on_closed(uv_handle_t *handle)
{
	struct worker *worker = handle->data;

	if (--worker->n_handles == 0)
		free(worker);
}

static void on_peer_closed(struct peer *peer)
{
	struct worker *worker = (struct worker *)peer;

	if (--worker->n_handles == 0)
		free(worker);
}

/* Commands that the worker ran are in its group. */
static void kill_group(struct worker *worker)
{
	if (worker->process.pid > 0)
		(void)kill(-worker->process.pid, SIGKILL);
}

static void on_doom(uv_timer_t *timer)
{
	kill_group(timer->data);
}

static void doom(struct worker *worker)
{
	if (!worker->has_exited && !uv_is_active((uv_handle_t *)&worker->doom))
		(void)uv_timer_start(&worker->doom, on_doom, SERVER_KILL_WAIT, 0);
}

static void describe_end(const struct worker *worker, struct buf *ret_text)
{
	buf_adds(ret_text, "the session's process ");
	if (worker->signal)
		buf_addf(ret_text, "was ended by signal %d (%s)", worker->signal,
		         strsignal(worker->signal));
	else
		buf_addf(ret_text, "exited with %lld", (long long)worker->status);
	buf_adds(ret_text,
	         " in the middle of this; what it had done is in the session's log, and the "
	         "session goes on with the next prompt");
}

static struct worker *find(struct server *server, const char *session_id)
{
	struct worker *worker = server->workers;

	while (worker && strcmp(worker->id, session_id) != 0)
		worker = worker->next;
	return worker;
}

/* The last process of the session does it: one that told a history may have been
 * there beside the one that writes. */
static void delete_now(struct worker *worker)
{
	struct worker *other = find(worker->server, worker->id);

	if (!worker->deletion)
		return;
	if (other) {
		other->deletion = take_ptr(worker->deletion);
		other->deleter = worker->deleter;
		return;
	}
	session_delete(worker->deleter, worker->deletion, worker->id);
	free(take_ptr(worker->deletion));
}

/* Both its process and its stream have ended: what it wrote last was read. */
static void over(struct worker *worker)
{
	struct server *server = worker->server;
	struct worker **at = &server->workers;
	struct live *live = worker->live;
	cleanup_buf struct buf why = BUF_INIT;

	if (!worker->has_exited || !worker->has_ended)
		return;
	while (*at != worker)
		at = &(*at)->next;
	*at = worker->next;
	kill_group(worker);
	delete_now(worker);
	describe_end(worker, &why);
	peer_close(&worker->peer);
	uv_close((uv_handle_t *)&worker->process, on_closed);
	uv_close((uv_handle_t *)&worker->doom, on_closed);
	if (live) {
		live->worker = NULL;
		call_worker_ended(live, buf_str(&why));
	}
	server_look_idle(server);
}

static void on_exit_seen(uv_process_t *process, int64_t status, int signal)
{
	struct worker *worker = process->data;

	worker->has_exited = true;
	worker->status = status;
	worker->signal = signal;
	(void)uv_timer_stop(&worker->doom);
	over(worker);
}

static void on_gone(struct peer *peer, const char *why)
{
	struct worker *worker = (struct worker *)peer;

	(void)why;
	worker->has_ended = true;
	doom(worker);
	over(worker);
}

static bool is_about(const struct live *live, const struct message *message)
{
	return str_is(json_str(message->params, "sessionId"), live->id);
}

/* A worker speaks for its own session only. */
static void on_line(struct peer *peer, struct str line)
{
	struct worker *worker = (struct worker *)peer;
	cleanup_message struct message message = { 0 };
	struct live *live = worker->live;
	enum rpc_code code;
	struct err err;

	if (!live)
		return;
	if (message_read(line, &message, &code, &err) < 0) {
		log_say(LOG_WARN, "server", "worker of %s: %s", live->id, err.text);
		return;
	}
	if (message.kind == MESSAGE_REPLY || message.kind == MESSAGE_FAILURE)
		call_answered(live, &message);
	else if (!is_about(live, &message))
		log_say(LOG_WARN, "server", "worker of %s spoke of another session", live->id);
	else if (message.kind == MESSAGE_NOTICE && str_is(message.method, "session/update"))
		live_broadcast(live, line);
	else if (message.kind == MESSAGE_REQUEST)
		question_add(live, &message);
}

static const struct peer_kind kind = { on_line, on_gone, on_peer_closed };

/* Started anew from the program's own file, not forked from this process: it
 * inherits the pair and stderr, and nothing else.  A session of its own, so
 * that all it starts can be ended with it. */
static int run(struct worker *worker, struct err *err)
{
	char *args[] = { "seald", "worker", NULL };
	uv_stdio_container_t stdio[WORKER_FD + 1] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 },
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE,
		  .data.stream = (uv_stream_t *)&worker->peer.pipe },
	};
	uv_process_options_t options = {
		.exit_cb = on_exit_seen,
		.file = "/proc/self/exe",
		.args = args,
		.flags = UV_PROCESS_DETACHED,
		.stdio = stdio,
		.stdio_count = WORKER_FD + 1,
	};
	int r = uv_spawn(worker->server->setup.loop, &worker->process, &options);

	if (r < 0)
		return err_set(err, ERR_INTERNAL, "start a worker: %s", uv_strerror(r));
	return peer_start(&worker->peer, err);
}

static void abandon(struct worker *worker)
{
	peer_close(&worker->peer);
	uv_close((uv_handle_t *)&worker->process, on_closed);
	uv_close((uv_handle_t *)&worker->doom, on_closed);
}

int worker_spawn(struct live *live, struct err *err)
{
	struct server *server = live->server;
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return err_nomem(err);
	worker->server = server;
	worker->live = live;
	memcpy(worker->id, live->id, sizeof(worker->id));
	if (peer_init(&worker->peer, server->setup.loop, &kind, err) < 0) {
		free(worker);
		return err->code;
	}
	(void)uv_timer_init(server->setup.loop, &worker->doom);
	worker->doom.data = worker->process.data = worker;
	worker->n_handles = 3;
	if (run(worker, err) < 0) {
		abandon(worker);
		return err->code;
	}
	worker->next = server->workers;
	server->workers = worker;
	live->worker = worker;
	live->is_started = false;
	return 0;
}

/* The number tells the worker which turn is meant: see session/cancel.h. */
void worker_cancel(struct worker *worker, int turn)
{
	if (worker->has_exited)
		return;
	(void)sigqueue(worker->process.pid, SIGUSR1, (union sigval){ .sival_int = turn });
	doom(worker);
}

void worker_relax(struct worker *worker)
{
	(void)uv_timer_stop(&worker->doom);
}

void worker_dismiss(struct worker *worker)
{
	worker->live = NULL;
	if (worker->has_exited)
		return;
	(void)kill(worker->process.pid, SIGTERM);
	doom(worker);
}

bool worker_delete_later(struct server *server, const char *session_id, struct client *client,
                         const char *id)
{
	struct worker *worker = find(server, session_id);

	/* Of two, either may have it: see delete_now(). */
	for (struct worker *each = worker; each; each = each->next) {
		if (!each->deletion || strcmp(each->id, session_id) != 0)
			continue;
		client_fail(client, id, RPC_PARAMS, STR("the session is being deleted"));
		return true;
	}
	if (!worker)
		return false;
	worker->deletion = str_dup(str_of(id));
	worker->deleter = client;
	return worker->deletion != NULL;
}

void worker_client_gone(struct client *client)
{
	for (struct worker *worker = client->server->workers; worker; worker = worker->next)
		if (worker->deleter == client)
			worker->deleter = NULL;
}
