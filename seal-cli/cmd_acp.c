/*
 * `seal acp`: an editor's standard input and output, joined to the daemon.
 *
 * Lines pass as they are, both ways.  What needs the person's key is done here,
 * because only the person's side may: when the editor answers a permission
 * question with a choice that lasts, seal.toml is edited and signed before the
 * answer goes on; acp/sign.h has the rest.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "rpc/client.h"
#include "rpc/frame.h"
#include "seal-cli/acp/sign.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/question.h"

#define OPEN_MAX_QUESTIONS 64
#define READ_SIZE          ((size_t)64 << 10)

struct bridge {
	struct rpc_client *client;
	struct frame frame;                      /* from the editor */
	struct message open[OPEN_MAX_QUESTIONS]; /* questions that the editor has */
	size_t n_open;
	struct acp_signing signing;
};

static void bridge_finip(struct bridge *bridge)
{
	for (size_t i = 0; i < bridge->n_open; i++)
		message_fini(&bridge->open[i]);
	frame_fini(&bridge->frame);
	acp_signing_fini(&bridge->signing);
	rpc_client_free(bridge->client);
}

/* -- daemon to editor -- */

/* With more questions open than are kept here, the choice counts but nothing is
 * written for it. */
static void keep_question(struct bridge *bridge, struct str line)
{
	struct message message;
	enum rpc_code code;
	struct err ignored;

	if (message_read(line, &message, &code, &ignored) >= 0 && message.kind == MESSAGE_REQUEST &&
	    str_is(message.method, "session/request_permission") &&
	    bridge->n_open < OPEN_MAX_QUESTIONS)
		bridge->open[bridge->n_open++] = message;
	else
		message_fini(&message);
}

static int to_editor(struct bridge *bridge, struct err *err)
{
	struct str line;
	int r;

	while ((r = rpc_client_next_line(bridge->client, 0, &line, err)) > 0) {
		cleanup_buf struct buf out = BUF_INIT;

		if (str_find(line, STR("session/request_permission"), 0) != STR_NONE)
			keep_question(bridge, line);
		acp_learn(&bridge->signing, line);
		buf_add(&out, line);
		buf_addc(&out, '\n');
		if (buf_check(&out, "the message", err) < 0 ||
		    fd_write_all(STDOUT_FILENO, buf_str(&out), err) < 0)
			return err->code;
	}
	return r;
}

/* -- editor to daemon -- */

static size_t find_question(const struct bridge *bridge, const struct message *answer)
{
	size_t i = 0;

	while (i < bridge->n_open &&
	       message_number(bridge->open[i].id) != message_number(answer->id))
		i++;
	return i;
}

static void drop_question(struct bridge *bridge, size_t at)
{
	message_fini(&bridge->open[at]);
	bridge->open[at] = bridge->open[--bridge->n_open];
}

/* Written down first, then sent with the patterns.  What cannot be written is
 * not granted for longer than now; the editor's log says why. */
static int pass_answer(struct bridge *bridge, size_t at, const struct message *answer,
		       struct err *err)
{
	struct str option = json_str(yyjson_obj_get(answer->result, "outcome"), "optionId");
	enum question_choice choice = question_choice_of(option);
	cleanup_buf struct buf result = BUF_INIT;
	struct question question;
	struct err why;

	question_read(bridge->open[at].params, &question);
	if (question_write(&question, choice, &why) < 0) {
		(void)fprintf(stderr, "seal: acp: %s\n", why.text);
		choice = choice == CHOICE_DENY_ALWAYS ? CHOICE_DENY : CHOICE_ALLOW;
	}
	question_answer(&question, choice, &result);
	return rpc_client_reply(bridge->client, answer->id, buf_str(&result), err);
}

static bool is_plain(const struct message *question)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(question->params, "_meta"), "seal");

	return json_bool(seal, "question", false);
}

/* Only an answer that chooses is taken apart; everything else goes as it came,
 * also what makes no sense: the daemon says so. */
static int pass_line(struct bridge *bridge, struct str line, struct err *err)
{
	cleanup_message struct message message = {0};
	enum rpc_code code;
	struct err ignored;
	size_t at = bridge->n_open;
	cleanup_buf struct buf reply = BUF_INIT;
	bool chooses;
	int r;

	if (acp_sign(&bridge->signing, line, &reply))
		return buf_check(&reply, "the answer", err) < 0
			       ? err->code
			       : fd_write_all(STDOUT_FILENO, buf_str(&reply), err);
	if (bridge->n_open && message_read(line, &message, &code, &ignored) >= 0 &&
	    message.kind >= MESSAGE_REPLY)
		at = find_question(bridge, &message);
	if (at == bridge->n_open)
		return rpc_client_send_line(bridge->client, line, err);
	chooses = json_str(yyjson_obj_get(message.result, "outcome"), "optionId").data &&
		  !is_plain(&bridge->open[at]);
	r = chooses ? pass_answer(bridge, at, &message, err)
		    : rpc_client_send_line(bridge->client, line, err);
	drop_question(bridge, at);
	return r;
}

/* 0: the editor closed its end. */
static int from_editor(struct bridge *bridge, struct err *err)
{
	char *at = frame_room(&bridge->frame, READ_SIZE);
	struct str line;
	ssize_t n;

	if (!at)
		return err_nomem(err);
	n = read(STDIN_FILENO, at, READ_SIZE);
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0)
		return err_sys(err, "read from the editor");
	if (n == 0)
		return 0;
	if (frame_added(&bridge->frame, (size_t)n, err) < 0)
		return err->code;
	while (frame_next(&bridge->frame, &line))
		if (pass_line(bridge, line, err) < 0)
			return err->code;
	return 1;
}

static int pump(struct bridge *bridge, struct err *err)
{
	for (;;) {
		struct pollfd wait[] = {
		    {.fd = STDIN_FILENO, .events = POLLIN},
		    {.fd = rpc_client_fd(bridge->client), .events = POLLIN},
		};
		int r = 1;

		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (wait[1].revents && to_editor(bridge, err) < 0)
			return err->code;
		if (wait[0].revents)
			r = from_editor(bridge, err);
		if (r <= 0)
			return r;
	}
}

int cmd_acp(int argc, char **argv)
{
	cleanup_with(bridge_fini) struct bridge bridge = {0};
	struct err err;

	(void)argv;
	if (argc > 1) {
		(void)fputs(
		    "seal: acp: takes no arguments; an editor speaks to it on standard input\n",
		    stderr);
		return EXIT_INPUT;
	}
	if (rpc_client_open(&bridge.client, &err) < 0 ||
	    rpc_client_lend_environment(bridge.client, &err) < 0 || pump(&bridge, &err) < 0)
		return cmd_fail(&err);
	return EXIT_DONE;
}
