#include "server/state.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"

static void on_connection(uv_stream_t *listener, int status)
{
	struct server *server = listener->data;

	if (status < 0)
		return;
	if (server->setup.on_client)
		server->setup.on_client();
	client_accept(server);
}

static void on_idle(uv_timer_t *timer)
{
	log_say(LOG_INFO, "server", "nothing to do: exit");
	server_stop(timer->data);
}

/* A timer runs only while there is nothing else: an idle daemon that is to stay
 * has none, and wakes for nothing. */
void server_look_idle(struct server *server)
{
	bool is_idle = !server->clients && !server->workers;

	if (server->is_stopping || !server->setup.idle_exit)
		return;
	if (!is_idle)
		(void)uv_timer_stop(&server->idle);
	else if (!uv_is_active((uv_handle_t *)&server->idle))
		(void)uv_timer_start(&server->idle, on_idle, server->setup.idle_exit, 0);
}

static int listen_on(struct server *server, struct err *err)
{
	int r = uv_pipe_open(&server->listener, server->setup.listen_fd);

	if (r >= 0)
		r = uv_listen((uv_stream_t *)&server->listener, 128, on_connection);
	if (r < 0)
		return err_set(err, ERR_INTERNAL, "listen: %s", uv_strerror(r));
	return 0;
}

int server_new(const struct server_setup *setup, struct server **ret_server, struct err *err)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return err_nomem(err);
	server->setup = *setup;
	(void)uv_pipe_init(setup->loop, &server->listener, 0);
	(void)uv_timer_init(setup->loop, &server->idle);
	server->listener.data = server->idle.data = server;
	if (listen_on(server, err) < 0) {
		server_stop(server);
		(void)uv_run(setup->loop, UV_RUN_DEFAULT);
		server_free(server);
		return err->code;
	}
	server_look_idle(server);
	*ret_server = server;
	return 0;
}

void server_stop(struct server *server)
{
	if (server->is_stopping)
		return;
	server->is_stopping = true;
	uv_close((uv_handle_t *)&server->listener, NULL);
	uv_close((uv_handle_t *)&server->idle, NULL);
	while (server->lives)
		live_close(server->lives);
	/* What was answered last, such as _seal/stop, still goes out. */
	while (server->clients) {
		struct client *client = server->clients;

		server->clients = client->next;
		worker_client_gone(client);
		peer_finish(&client->peer);
	}
}

void server_free(struct server *server)
{
	free(server);
}
