#include "server/state.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/log.h"

void client_reply(struct client *client, const char *id, struct str result)
{
	struct buf line = BUF_INIT;

	message_reply(&line, str_of(id), result);
	peer_send(&client->peer, &line);
}

void client_forward(struct client *client, const char *id, const struct message *message)
{
	struct buf line = BUF_INIT;
	struct json w = json_to(&line);
	bool is_failure = message->kind == MESSAGE_FAILURE;

	json_object(&w);
	json_kv(&w, "jsonrpc", STR("2.0"));
	json_kv_raw(&w, "id", str_of(id));
	json_key(&w, is_failure ? "error" : "result");
	json_put_val(&w, is_failure ? message->error : message->result);
	json_end(&w);
	buf_addc(&line, '\n');
	peer_send(&client->peer, &line);
}

void client_fail(struct client *client, const char *id, enum rpc_code code, struct str text)
{
	struct buf line = BUF_INIT;

	message_failure(&line, str_of(id), code, text, NULL);
	peer_send(&client->peer, &line);
}

static void unlink_client(struct client *client)
{
	struct client **at = &client->server->clients;

	while (*at && *at != client)
		at = &(*at)->next;
	if (*at)
		*at = client->next;
}

void client_close(struct client *client)
{
	if (client->peer.is_closing)
		return;
	live_client_gone(client);
	worker_client_gone(client);
	unlink_client(client);
	peer_close(&client->peer);
	server_look_idle(client->server);
}

static void on_gone(struct peer *peer, const char *why)
{
	struct client *client = (struct client *)peer;

	log_say(LOG_DEBUG, "server", "a client left: %s", why);
	client_close(client);
}

void environment_free(char *environment)
{
	if (environment)
		explicit_bzero(environment, strlen(environment));
	free(environment);
}

static void on_closed(struct peer *peer)
{
	struct client *client = (struct client *)peer;

	environment_free(client->environment);
	free(client);
}

static void on_line(struct peer *peer, struct str line)
{
	struct client *client = (struct client *)peer;
	cleanup_message struct message message = { 0 };
	cleanup_buf struct buf id = BUF_INIT;
	enum rpc_code code;
	struct err err;
	int r = message_read(line, &message, &code, &err);

	if (message.id)
		message_value(&id, message.id);
	if (r < 0)
		client_fail(client, id.len ? id.data : "", code, str_of(err.text));
	else if (message.kind == MESSAGE_REQUEST || message.kind == MESSAGE_NOTICE)
		dispatch_message(client, &message, id.len ? id.data : NULL);
	else if (!question_answered(client, &message))
		log_say(LOG_DEBUG, "server", "an answer that nobody waits for");
}

/* A line that is too long cannot be answered by its id; the client is told and
 * let go. */
static void on_gone_told(struct peer *peer, const char *why)
{
	if (peer->frame.buf.len > FRAME_LINE_MAX) {
		struct buf line = BUF_INIT;
		cleanup_free char *bytes = NULL;

		message_failure(&line, STR(""), RPC_INVALID, str_of(why), NULL);
		bytes = buf_take(&line);
		if (bytes)
			(void)uv_try_write((uv_stream_t *)&peer->pipe,
			                   &(uv_buf_t){ bytes, strlen(bytes) }, 1);
	}
	on_gone(peer, why);
}

static const struct peer_kind kind = { on_line, on_gone_told, on_closed };

/* The folder of the socket is closed to others; this says so once more, where
 * it does not depend on modes. */
static bool is_same_user(const uv_pipe_t *pipe)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	uv_os_fd_t fd;

	return uv_fileno((const uv_handle_t *)pipe, &fd) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

static size_t count(const struct server *server)
{
	size_t n = 0;

	for (const struct client *client = server->clients; client; client = client->next)
		n++;
	return n;
}

static int greet(struct client *client, struct err *err)
{
	struct server *server = client->server;
	int r = uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&client->peer.pipe);

	if (r < 0)
		return err_set(err, ERR_INTERNAL, "accept: %s", uv_strerror(r));
	if (!is_same_user(&client->peer.pipe))
		return err_set(err, ERR_INPUT, "a client of another user was refused");
	if (server->is_stopping || count(server) > CLIENTS_MAX)
		return err_set(err, ERR_LIMIT, "no more than %d clients at a time", CLIENTS_MAX);
	return peer_start(&client->peer, err);
}

void client_accept(struct server *server)
{
	struct client *client = calloc(1, sizeof(*client));
	struct err err;

	if (!client)
		return;
	client->server = server;
	if (peer_init(&client->peer, server->setup.loop, &kind, &err) < 0) {
		free(client);
		return;
	}
	client->next = server->clients;
	server->clients = client;
	server_look_idle(server);
	if (greet(client, &err) < 0) {
		log_say(LOG_WARN, "server", "%s", err.text);
		client_close(client);
	}
}
