#include "seal-cli/run/ask.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "seal-cli/run/clean.h"
#include "seal-cli/run/run.h"

/* What cannot be written down is not granted for longer than now. */
static int answer(struct run *run, const struct message *request, const struct question *question,
		  enum question_choice choice, struct err *err)
{
	cleanup_buf struct buf result = BUF_INIT;
	struct err why;

	if (question_write(question, choice, &why) < 0) {
		run->print.kind->remark(&run->print, STR("warn"), str_of(why.text));
		choice = choice == CHOICE_DENY_ALWAYS ? CHOICE_DENY : CHOICE_ALLOW;
	}
	question_answer(question, choice, &result);
	return rpc_client_reply(run->client, request->id, buf_str(&result), err);
}

/* The first part that asks: why it does, and what would grant it. */
static void put_why(const struct question *question, struct buf *ret_text)
{
	for (size_t i = 0; i < question->n_parts; i++) {
		if (question->parts[i].is_allowed)
			continue;
		buf_add(ret_text, question->parts[i].reason);
		buf_adds(ret_text, "; to grant it: ");
		question_line(&question->parts[i], CHOICE_ALLOW_ALWAYS, ret_text);
		return;
	}
}

static int deny(struct run *run, const struct message *request, const struct question *question,
		struct err *err)
{
	cleanup_buf struct buf why = BUF_INIT;
	cleanup_buf struct buf result = BUF_INIT;

	put_why(question, &why);
	run->print.kind->denied(&run->print, question->subject, buf_str(&why));
	question_answer(question, CHOICE_DENY, &result);
	return rpc_client_reply(run->client, request->id, buf_str(&result), err);
}

/* A question of the agent needs words; here is nobody for words. */
static int decline(struct run *run, const struct message *request, struct err *err)
{
	return rpc_client_reply(
	    run->client, request->id,
	    STR("{\"outcome\":{\"outcome\":\"cancelled\"},\"_meta\":{\"seal\":{\"nobody\":"
		"true}}}"),
	    err);
}

static bool withdraws(const struct message *message, const struct message *request)
{
	return message->kind == MESSAGE_NOTICE && str_is(message->method, "$/cancel_request") &&
	       message_number(yyjson_obj_get(message->params, "requestId")) ==
		   message_number(request->id);
}

/* Asks until there is an answer or the question is withdrawn. */
static int ask(struct run *run, const struct message *request, struct question *question,
	       struct err *err)
{
	enum question_choice choice;

	while (!ask_terminal(question, rpc_client_fd(run->client), &choice)) {
		cleanup_message struct message message = {0};
		int r = run_was_interrupted() ? 0 : rpc_client_next(run->client, 0, &message, err);

		if (r < 0)
			return r;
		if (r == 0 || withdraws(&message, request))
			return 0;
		if (message.kind == MESSAGE_NOTICE && str_is(message.method, "session/update"))
			print_update(&run->print, message.params);
	}
	return answer(run, request, question, choice, err);
}

int run_ask(struct run *run, const struct message *request, struct err *err)
{
	struct question question;

	question_read(request->params, &question);
	if (question.is_plain)
		return decline(run, request, err);
	if (run->flags->prompts == PROMPTS_ALLOW && question_is_granted(&question))
		return answer(run, request, &question, CHOICE_ALLOW, err);
	if (run->flags->prompts == PROMPTS_ASK && run->flags->is_terminal)
		return ask(run, request, &question, err);
	return deny(run, request, &question, err);
}
