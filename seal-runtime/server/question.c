#include "server/state.h"

#include <stdlib.h>

#include "base/err.h"

#define NOBODY "{\"outcome\":{\"outcome\":\"cancelled\"},\"_meta\":{\"seal\":{\"nobody\":true}}}"

static void question_free(struct question *question)
{
	if (!question)
		return;
	free(question->worker_id);
	free(question->params);
	free(question);
}
DEFINE_CLEANUP(struct question, question_free)

/* Out of the list and answered. */
static void settle(struct live *live, struct question *question, struct str result)
{
	struct question **at = &live->questions;
	struct buf line = BUF_INIT;

	while (*at != question)
		at = &(*at)->next;
	*at = question->next;
	if (live->worker) {
		message_reply(&line, str_of(question->worker_id), result);
		peer_send(&live->worker->peer, &line);
	}
	question_free(question);
}

/* Who is asked: the one whose turn it is, or the first where somebody is. */
static struct client *choose(const struct live *live)
{
	struct client *client = live->running ? live->running->client : NULL;

	if (client && client->is_interactive && live_has(live, client))
		return client;
	for (size_t i = 0; i < live->n_clients; i++)
		if (live->clients[i]->is_interactive)
			return live->clients[i];
	return NULL;
}

static void ask(struct question *question, struct client *client)
{
	struct buf line = BUF_INIT;
	cleanup_buf struct buf id = BUF_INIT;

	question->client = client;
	buf_addu(&id, question->number);
	message_request(&line, buf_str(&id), "session/request_permission",
	                str_of(question->params));
	peer_send(&client->peer, &line);
}

static void withdraw(const struct question *question)
{
	struct buf line = BUF_INIT;
	cleanup_buf struct buf params = BUF_INIT;

	buf_addf(&params, "{\"requestId\":%llu}", (unsigned long long)question->number);
	message_notice(&line, "$/cancel_request", buf_str(&params));
	peer_send(&question->client->peer, &line);
}

static void on_ask_wait(uv_timer_t *timer)
{
	struct live *live = timer->data;
	struct question *next;

	for (struct question *question = live->questions; question; question = next) {
		next = question->next;
		if (!question->client)
			settle(live, question, STR(NOBODY));
	}
}

/* In strict mode, and with clients but nobody at them, there is no one to wait
 * for; without clients one may come back in time. */
void question_offer(struct live *live)
{
	bool is_strict = live->mode == MODE_STRICT;
	struct client *client = is_strict ? NULL : choose(live);
	struct question *next;

	for (struct question *question = live->questions; question; question = next) {
		next = question->next;
		if (question->client && is_strict)
			withdraw(question);
		else if (question->client)
			continue;
		if (client)
			ask(question, client);
		else if (is_strict || live->n_clients)
			settle(live, question, STR(NOBODY));
		else if (!uv_is_active((uv_handle_t *)&live->ask_wait))
			(void)uv_timer_start(&live->ask_wait, on_ask_wait,
			                     live->server->setup.ask_wait, 0);
	}
	if (client || !live->questions)
		(void)uv_timer_stop(&live->ask_wait);
}

static size_t count(const struct live *live)
{
	size_t n = 0;

	for (const struct question *question = live->questions; question; question = question->next)
		n++;
	return n;
}

void question_add(struct live *live, const struct message *message)
{
	cleanup_with(question_free) struct question *question = calloc(1, sizeof(*question));
	cleanup_buf struct buf id = BUF_INIT;
	cleanup_buf struct buf params = BUF_INIT;
	struct question **end = &live->questions;

	message_value(&id, message->id);
	message_value(&params, message->params);
	if (!question || count(live) >= QUESTIONS_MAX)
		return;
	question->number = ++live->server->last_question;
	question->worker_id = buf_take(&id);
	question->params = buf_take(&params);
	if (!question->worker_id || !question->params)
		return;
	while (*end)
		end = &(*end)->next;
	*end = take_ptr(question);
	question_offer(live);
}

static struct question *find(struct live *live, const struct client *client, uint64_t number)
{
	struct question *question = live->questions;

	while (question && (question->client != client || question->number != number))
		question = question->next;
	return question;
}

bool question_answered(struct client *client, const struct message *message)
{
	uint64_t number = message_number(message->id);
	cleanup_buf struct buf result = BUF_INIT;

	for (struct live *live = client->server->lives; live; live = live->next) {
		struct question *question = find(live, client, number);

		if (!question)
			continue;
		if (message->kind == MESSAGE_REPLY)
			message_value(&result, message->result);
		else
			buf_adds(&result, NOBODY);
		settle(live, question, result.failed ? STR(NOBODY) : buf_str(&result));
		return true;
	}
	return false;
}

void question_drop_all(struct live *live)
{
	struct question *question;

	while ((question = live->questions)) {
		live->questions = question->next;
		if (question->client)
			withdraw(question);
		question_free(question);
	}
	(void)uv_timer_stop(&live->ask_wait);
}

void question_client_gone(struct live *live, struct client *client)
{
	for (struct question *question = live->questions; question; question = question->next)
		if (question->client == client)
			question->client = NULL;
	question_offer(live);
}
