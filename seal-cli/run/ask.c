#include "seal-cli/run/run.h"

#include <stdio.h>

#include "base/err.h"
#include "seal-cli/run/question.h"

static int reply(struct run *run, const struct message *request, const struct question *question,
		 enum question_choice choice, struct err *err)
{
	cleanup_buf struct buf result = BUF_INIT;

	question_answer(question, choice, &result);
	return rpc_client_reply(run->client, request->id, buf_str(&result), err);
}

/* Why the first part that asks does: the sentence to show. */
static struct str why(const struct question *question)
{
	for (size_t i = 0; i < question->n_parts; i++)
		if (!question->parts[i].is_allowed)
			return question->parts[i].reason;
	return STR("");
}

int run_ask(struct run *run, const struct message *request, struct err *err)
{
	struct question question;

	question_read(request->params, &question);
	if (run->flags->prompts == PROMPTS_ALLOW && question_is_granted(&question))
		return reply(run, request, &question, CHOICE_ALLOW, err);
	run->print.kind->denied(&run->print, question.subject, why(&question));
	return reply(run, request, &question, CHOICE_DENY, err);
}
