#include "seal-cli/run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/ask.h"
#include "seal-cli/run/clean.h"

/* Ctrl+C, or the end that a CI puts to a job: the first ends the turn, the second
 * this program. */
static volatile sig_atomic_t interrupts;

static void on_interrupt(int sig)
{
	(void)sig;
	if (++interrupts < 2)
		return;
	ask_restore_terminal();
	_exit(EXIT_CANCELLED);
}

bool run_was_interrupted(void)
{
	return interrupts;
}

static void catch_interrupt(void)
{
	struct sigaction action = {.sa_handler = on_interrupt};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What failed -> how the program exits. */
static int exit_of(struct str fault, const struct err *err)
{
	static const struct {
		const char *fault;
		int code;
	} rows[] = {
	    {"manifest", EXIT_INPUT}, {"model", EXIT_MODEL}, {"sandbox", EXIT_SANDBOX},
	    {"limit", EXIT_LIMIT},    {"agent", EXIT_FAULT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_is(fault, rows[i].fault))
			return rows[i].code;
	switch (err->code) {
	case ERR_INPUT:
		return EXIT_INPUT;
	case ERR_CANCELLED:
		return EXIT_CANCELLED;
	case ERR_LIMIT:
		return EXIT_LIMIT;
	default:
		return EXIT_FAULT;
	}
}

/* An event of the session, while a reply is awaited. */
static int on_message(void *ctx, struct rpc_client *client, const struct message *message,
		      struct err *err)
{
	struct run *run = ctx;

	(void)client;
	if (message->kind == MESSAGE_NOTICE && str_is(message->method, "session/update"))
		print_update(&run->print, message->params);
	else if (message->kind == MESSAGE_REQUEST)
		return run_ask(run, message, err);
	return 0;
}

/* Limits of this turn: they only lower what seal.toml says.  A fork has a turn already. */
static void put_limits(struct json *w, const struct run_flags *flags)
{
	if (!flags->max_turns && !flags->max_cost && !flags->fork)
		return;
	json_key(w, "_meta");
	json_object(w);
	json_key(w, "seal");
	json_object(w);
	if (flags->max_turns)
		json_kv_int(w, "maxTurns", flags->max_turns);
	if (flags->max_cost)
		json_kv_raw(w, "maxCostUsd", str_of(flags->max_cost));
	if (flags->fork)
		json_kv_bool(w, "continue", true);
	json_end(w);
	json_end(w);
}

static void put_prompt(struct buf *params, const struct run *run, struct str text)
{
	struct json w = json_to(params);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(run->session_id));
	json_key(&w, "prompt");
	json_array(&w);
	json_object(&w);
	json_kv(&w, "type", STR("text"));
	json_kv(&w, "text", text);
	json_end(&w);
	json_end(&w);
	put_limits(&w, run->flags);
	json_end(&w);
}

static int cancel(struct run *run, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;

	buf_addf(&params, "{\"sessionId\":\"%s\"}", run->session_id);
	return rpc_client_notify(run->client, "session/cancel", buf_str(&params), err);
}

/* Milliseconds to wait: -1 is for ever, 0 is now. */
static int left(int64_t deadline)
{
	int64_t ms = deadline - now_ms();

	if (deadline == 0)
		return -1;
	return ms < 0 ? 0 : (int)ms;
}

/* The reply of the turn, through everything that comes before it. */
static int await(struct run *run, uint64_t id, struct message *ret_reply, struct err *err)
{
	for (;;) {
		cleanup_message struct message message = {0};
		int r = rpc_client_next(run->client, left(run->deadline), &message, err);

		if (r < 0)
			return r;
		if (r > 0 && message.kind >= MESSAGE_REPLY && message_number(message.id) == id) {
			*ret_reply = message;
			message = (struct message){0};
			return 0;
		}
		if (r > 0 && on_message(run, run->client, &message, err) < 0)
			return err->code;
		if ((run->deadline && left(run->deadline) == 0) || (interrupts && !run->was_cancelled)) {
			run->timed_out = !interrupts;
			run->was_cancelled = interrupts;
			run->deadline = 0;
			if (cancel(run, err) < 0)
				return err->code;
		}
	}
}

static int exit_of_stop(const struct run *run, struct str stop)
{
	if (run->timed_out)
		return EXIT_LIMIT;
	if (str_is(stop, "cancelled"))
		return EXIT_CANCELLED;
	if (str_is(stop, "max_turn_requests") || str_is(stop, "max_tokens"))
		return EXIT_LIMIT;
	if (run->print.no_sandbox)
		return EXIT_SANDBOX;
	if (str_is(stop, "refusal"))
		return EXIT_MODEL;
	return run->print.n_denied ? EXIT_DENIED : EXIT_DONE;
}

static int finish(struct run *run, const struct message *reply)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(reply->result, "_meta"), "seal");
	struct str text = json_str(reply->error, "message");
	struct str stop = json_str(reply->result, "stopReason");
	struct err err = {.code = ERR_INTERNAL};

	run->print.seq = json_int(seal, "seq", run->print.seq);
	run->print.output = yyjson_doc_get_root(run->output.value);
	run->print.kind->end(&run->print, stop, text);
	if (reply->kind == MESSAGE_FAILURE)
		return exit_of(rpc_client_fault(reply), &err);
	if (run->timed_out)
		(void)fprintf(stderr, "seal: stopped after %u seconds (--timeout)\n",
			      run->flags->timeout_s);
	else if (str_is(stop, "max_turn_requests"))
		(void)fputs("seal: stopped at the limit of turns (--max-turns, [limits])\n",
			    stderr);
	else if (str_is(stop, "max_tokens"))
		(void)fputs("seal: stopped at the model's output limit\n", stderr);
	else if (str_is(stop, "refusal"))
		(void)fputs("seal: the model refuses to answer this: put it in other words, or use "
			    "another model\n", stderr);
	return exit_of_stop(run, stop);
}

static int prompt(struct run *run, struct str text, struct message *ret_reply, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	uint64_t id;

	put_prompt(&params, run, text);
	buf_clear(&run->print.answer);
	if (rpc_client_send(run->client, "session/prompt", buf_str(&params), &id, err) < 0 ||
	    await(run, id, ret_reply, err) < 0)
		return err->code;
	return 0;
}

static bool has_ended_well(const struct message *reply)
{
	return str_is(json_str(reply->result, "stopReason"), "end_turn");
}

/* A turn, and once more where its answer has not the form that was asked for. */
static int ask(struct run *run, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	output_ask(&run->output, str_of(run->flags->prompt), &text);
	for (unsigned int try = 1;; try++) {
		cleanup_message struct message reply = {0};
		cleanup_buf struct buf why = BUF_INIT;

		if (buf_check(&text, "the prompt", err) < 0 ||
		    prompt(run, buf_str(&text), &reply, err) < 0)
			return err->code;
		if (!run->output.schema || !has_ended_well(&reply) ||
		    output_take(&run->output, buf_str(&run->print.answer), &why))
			return finish(run, &reply);
		run->print.kind->end(&run->print, STR(""), buf_str(&why));
		if (try == OUTPUT_TRIES)
			return EXIT_FAILED;
		buf_clear(&text);
		output_ask_again(buf_str(&why), &text);
		run->print.kind->again(&run->print);
	}
}

static int fail(struct str fault, const struct err *err)
{
	(void)fputs("seal: ", stderr);
	clean_put(stderr, str_of(err->text), false);
	(void)fputc('\n', stderr);
	return exit_of(fault, err);
}

int run_turn(struct run *run)
{
	cleanup_message struct message reply = {0};
	struct err err;
	int r;

	catch_interrupt();
	rpc_client_handle(run->client, on_message, run);
	run->deadline = run->flags->timeout_s ? now_ms() + run->flags->timeout_s * 1000LL : 0;
	run->print.is_formed = run->output.schema;
	r = run_open(run, &reply, &err);
	if (r < 0)
		return fail(rpc_client_fault(&reply), &err);
	run->print.kind->begin(&run->print, str_of(run->session_id), run->flags->prompt);
	r = ask(run, &err);
	if (r < 0)
		r = fail(STR(""), &err);
	if (!run->flags->json)
		(void)fprintf(stderr, "session %s\n", run->session_id);
	return r;
}
