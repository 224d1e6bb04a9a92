/* The model: limits before, streaming while, usage after. */
#include "base/err.h"
#include "gate/pass.h"
#include "llm/llm.h"
#include "manifest/manifest.h"
#include "sandbox/sandbox.h"

static void show(void *ctx, enum show_kind kind, struct str text)
{
	struct pass *pass = ctx;

	pass->gate->up->show(pass->gate->up->ctx, kind, text);
}

static void show_text(void *ctx, struct str delta)
{
	show(ctx, SHOW_TEXT, delta);
}

static void show_thought(void *ctx, struct str delta)
{
	show(ctx, SHOW_THOUGHT, delta);
}

static void show_retry(void *ctx, struct str sentence)
{
	show(ctx, SHOW_WARN, sentence);
}

int execute_llm_model_info(struct pass *pass)
{
	int r = llm_info(pass->gate->llm, pass->result, pass->err);

	pass->outcome = PASS_DONE;
	return r < 0 ? r : buf_check(pass->result, "the model's facts", pass->err);
}

static int over_budget(struct pass *pass, const char *what, double spent, double limit)
{
	struct json w = json_to(pass->result);
	cleanup_buf struct buf text = BUF_INIT;

	buf_addf(&text, "%s reached: %.6g of %.6g; a person can raise it in [limits] of seal.toml", what,
		 spent, limit);
	pass->outcome = PASS_DENIED;
	pass->gate->is_at_limit = true;
	json_object(&w);
	json_key(&w, "err");
	json_object(&w);
	json_kv(&w, "budget", buf_str(&text));
	return pass_end(pass, &w);
}

/* The guest counts too, and ends its turn; this is for one that does not.  What
 * is not for the turn is counted apart, so that neither is a way around. */
static bool is_over_turns(const struct gate *gate, bool is_turn)
{
	if (gate->max_turns <= 0)
		return false;
	return is_turn ? gate->n_replies >= gate->max_turns : gate->n_asides > gate->max_turns;
}

/* 1: a limit was reached and that is the answer. */
static int check_budget(struct pass *pass, bool is_turn)
{
	const struct manifest_limits *limits = &pass->gate->manifest->limits;
	uint64_t tokens = llm_tokens(pass->gate->llm);
	double cost = llm_cost(pass->gate->llm);
	int r = 0;

	if (limits->max_session_tokens > 0 && tokens >= (uint64_t)limits->max_session_tokens)
		r = over_budget(pass, "max_session_tokens", (double)tokens,
				(double)limits->max_session_tokens);
	else if (limits->max_cost_usd > 0 && cost >= limits->max_cost_usd)
		r = over_budget(pass, "max_cost_usd", cost, limits->max_cost_usd);
	else if (is_over_turns(pass->gate, is_turn))
		r = over_budget(pass, "max_turns", (double)pass->gate->max_turns,
				(double)pass->gate->max_turns);
	else
		return 0;
	return r < 0 ? r : 1;
}

static int64_t context_size(struct gate *gate)
{
	cleanup_buf struct buf info = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	struct err ignored;

	if (gate->context_size == 0 && llm_info(gate->llm, &info, &ignored) == 0) {
		doc = json_read(buf_str(&info), NULL, NULL);
		gate->context_size = json_int(yyjson_doc_get_root(doc), "context-length", 0);
	}
	return gate->context_size;
}

static void put_real(struct json *w, const char *key, double value)
{
	cleanup_buf struct buf text = BUF_INIT;

	buf_addf(&text, "%.6f", value);
	json_kv_raw(w, key, buf_str(&text));
}

static void show_usage(struct pass *pass, yyjson_val *usage)
{
	static const char *const names[] = { "input", "output", "cache-read", "cache-write" };
	cleanup_buf struct buf json = BUF_INIT;
	struct json w = json_to(&json);
	double cost = llm_cost(pass->gate->llm);
	int64_t context = 0;

	json_object(&w);
	for (size_t i = 0; i < 4; i++) {
		context += json_int(usage, names[i], 0);
		json_kv_int(&w, names[i], json_int(usage, names[i], 0));
	}
	json_kv_int(&w, "context", context);
	json_kv_int(&w, "size", context_size(pass->gate));
	if (cost >= 0)
		put_real(&w, "cost", cost);
	json_end(&w);
	pass_show(pass, SHOW_USAGE, &json);
}

/* Where commands were run there will be more. */
static void prepare_command(void *ctx)
{
	struct pass *pass = ctx;

	if (pass->gate->sandbox)
		sandbox_prepare(pass->gate->sandbox);
}

int execute_llm_chat(struct pass *pass)
{
	/* Only a turn's reply is for the person; a summary or a title is not, nor
	 * what a child says to its parent. */
	bool is_turn = str_is(json_str(pass_arg(pass, 0), "purpose"), "turn");
	bool is_shown = is_turn && !pass->gate->agent;
	struct llm_sink sink = { .ctx = pass, .text = is_shown ? show_text : NULL,
				 .thought = is_shown ? show_thought : NULL, .retry = show_retry,
				 .sent = is_turn ? prepare_command : NULL };
	cleanup_buf struct buf request = BUF_INIT;
	struct json w = json_to(&request);
	cleanup_json yyjson_doc *reply = NULL;
	yyjson_val *ok;
	int r;

	pass->gate->is_at_limit = false;
	r = check_budget(pass, is_turn);
	if (r != 0)
		return r < 0 ? r : 0;
	json_put_val(&w, pass_arg(pass, 0));
	r = buf_check(&request, "the request", pass->err);
	if (r >= 0)
		r = llm_chat(pass->gate->llm, buf_str(&request), &sink, pass->gate->up->cancel_fd,
			     pass->result, pass->err);
	if (r < 0)
		return r;
	reply = json_read(buf_str(pass->result), NULL, NULL);
	ok = yyjson_obj_get(yyjson_doc_get_root(reply), "ok");
	pass->outcome = ok ? PASS_DONE : PASS_FAILED;
	if (str_is(json_str(yyjson_doc_get_root(reply), "err"), "cancelled"))
		pass->outcome = PASS_CANCELLED;
	if (ok)
		(*(is_turn ? &pass->gate->n_replies : &pass->gate->n_asides))++;
	if (ok && !pass->gate->agent)
		show_usage(pass, yyjson_obj_get(ok, "usage"));
	return 0;
}
