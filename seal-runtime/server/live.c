#include "server/state.h"

#include <stdlib.h>

#include "base/err.h"

struct live *live_find(struct server *server, struct str id)
{
	for (struct live *live = server->lives; live; live = live->next)
		if (!live->is_private && str_is(id, live->id))
			return live;
	return NULL;
}

static size_t count(const struct server *server)
{
	size_t n = 0;

	for (const struct live *live = server->lives; live; live = live->next)
		n++;
	return n;
}

struct live *live_new(struct server *server, const char *id, struct err *err)
{
	struct live *live;

	if (count(server) >= LIVES_MAX) {
		err_set(err, ERR_LIMIT, "no more than %d sessions at a time; close one", LIVES_MAX);
		return NULL;
	}
	live = calloc(1, sizeof(*live));
	if (!live) {
		err_nomem(err);
		return NULL;
	}
	live->server = server;
	memcpy(live->id, id, FOLDER_ID_LEN);
	(void)uv_timer_init(server->setup.loop, &live->linger);
	(void)uv_timer_init(server->setup.loop, &live->ask_wait);
	(void)uv_timer_init(server->setup.loop, &live->cancel_wait);
	live->linger.data = live->ask_wait.data = live->cancel_wait.data = live;
	live->n_handles = 3;
	live->next = server->lives;
	server->lives = live;
	return live;
}

bool live_has(const struct live *live, const struct client *client)
{
	for (size_t i = 0; i < live->n_clients; i++)
		if (live->clients[i] == client)
			return true;
	return false;
}

int live_attach(struct live *live, struct client *client, struct err *err)
{
	struct client **clients;

	if (live_has(live, client))
		return 0;
	clients = realloc(live->clients, (live->n_clients + 1) * sizeof(struct client *));
	if (!clients)
		return err_nomem(err);
	live->clients = clients;
	live->clients[live->n_clients++] = client;
	if (!live->environment && client->environment)
		live->environment = str_dup(str_of(client->environment));
	question_offer(live);
	return 0;
}

void live_detach(struct live *live, struct client *client)
{
	size_t kept = 0;

	if (!live_has(live, client))
		return;
	for (size_t i = 0; i < live->n_clients; i++)
		if (live->clients[i] != client)
			live->clients[kept++] = live->clients[i];
	live->n_clients = kept;
	call_client_gone(live, client);
	question_client_gone(live, client);
	if (!live->running && !live->queue)
		live_rest(live);
}

void live_client_gone(struct client *client)
{
	struct live *next;

	for (struct live *live = client->server->lives; live; live = next) {
		next = live->next;
		live_detach(live, client);
	}
}

void live_broadcast(struct live *live, struct str line)
{
	if (live->running && live->told.len + line.len < LIVE_TOLD_MAX) {
		buf_add(&live->told, line);
		buf_addc(&live->told, '\n');
	}
	for (size_t i = 0; i < live->n_clients; i++) {
		struct buf copy = BUF_INIT;

		buf_add(&copy, line);
		buf_addc(&copy, '\n');
		peer_send(&live->clients[i]->peer, &copy);
	}
}

void live_describe(const struct live *live, struct client *client, const char *id)
{
	cleanup_buf struct buf described = BUF_INIT;

	mode_describe(live, &described);
	client_reply(client, id, buf_str(&described));
}

static void on_linger(uv_timer_t *timer)
{
	struct live *live = timer->data;
	struct worker *worker = take_ptr(live->worker);

	live->is_started = false;
	if (worker)
		worker_dismiss(worker);
}

static bool is_resting(const struct live *live)
{
	return live->worker && !live->running && !live->queue &&
	       uv_is_active((const uv_handle_t *)&live->linger);
}

/* A thousand open sessions are no thousand processes. */
static void dismiss_eldest(struct server *server)
{
	struct live *eldest = NULL;
	size_t n = 0;

	for (struct live *live = server->lives; live; live = live->next) {
		if (!is_resting(live))
			continue;
		n++;
		if (!eldest || uv_timer_get_due_in(&live->linger) <
		                       uv_timer_get_due_in(&eldest->linger))
			eldest = live;
	}
	if (n <= RESTING_MAX)
		return;
	(void)uv_timer_stop(&eldest->linger);
	on_linger(&eldest->linger);
}

void live_rest(struct live *live)
{
	if (live->is_closing)
		return;
	if (live->n_clients == 0 || live->is_private) {
		live_close(live);
	} else if (live->worker) {
		(void)uv_timer_start(&live->linger, on_linger, live->server->setup.linger, 0);
		dismiss_eldest(live->server);
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct live *live = handle->data;

	if (--live->n_handles)
		return;
	free(live->clients);
	free(live->described);
	buf_fini(&live->told);
	environment_free(live->environment);
	free(live);
}

void live_close(struct live *live)
{
	struct live **at = &live->server->lives;
	struct worker *worker = take_ptr(live->worker);

	if (live->is_closing)
		return;
	live->is_closing = true;
	while (*at != live)
		at = &(*at)->next;
	*at = live->next;
	question_drop_all(live);
	call_close_all(live);
	if (worker)
		worker_dismiss(worker);
	uv_close((uv_handle_t *)&live->linger, on_closed);
	uv_close((uv_handle_t *)&live->ask_wait, on_closed);
	uv_close((uv_handle_t *)&live->cancel_wait, on_closed);
}
