#include "seal-cli/audit/otlp.h"

#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "seal-cli/audit/story.h"

#define TRACE_ID_LEN 32
#define SPAN_ID_LEN  16

/* SpanKind and StatusCode of trace.proto; OTLP's JSON has enums as numbers. */
enum { KIND_INTERNAL = 1, KIND_CLIENT = 3 };
enum { STATUS_UNSET = 0, STATUS_ERROR = 2 };

struct exporting {
	const struct story *story;
	struct json *w;
	bool content;
	struct str provider, model;
};

static void put_id(struct exporting *x, const char *key, const char *what, uint64_t seq, size_t len)
{
	cleanup_buf struct buf text = BUF_INIT;
	char hex[HASH_HEX];

	buf_addf(&text, "%s %s %llu", what, x->story->facts.id, (unsigned long long)seq);
	hash_hex(buf_str(&text), hex);
	json_kv(x->w, key, (struct str){ hex, len });
}

static void put_trace_id(struct exporting *x, const struct story_turn *turn)
{
	put_id(x, "traceId", "trace", turn->seq, TRACE_ID_LEN);
}

static void attribute(struct exporting *x, const char *key, struct str text)
{
	if (!text.len)
		return;
	json_object(x->w);
	json_kv(x->w, "key", str_of(key));
	json_key(x->w, "value");
	json_object(x->w);
	json_kv(x->w, "stringValue", text);
	json_end(x->w);
	json_end(x->w);
}

/* 64-bit numbers are texts in OTLP's JSON. */
static void attribute_int(struct exporting *x, const char *key, int64_t value)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%lld", (long long)value);
	json_object(x->w);
	json_kv(x->w, "key", str_of(key));
	json_key(x->w, "value");
	json_object(x->w);
	json_kv(x->w, "intValue", str_of(digits));
	json_end(x->w);
	json_end(x->w);
}

static void attribute_list(struct exporting *x, const char *key, struct str text)
{
	if (!text.len)
		return;
	json_object(x->w);
	json_kv(x->w, "key", str_of(key));
	json_key(x->w, "value");
	json_object(x->w);
	json_key(x->w, "arrayValue");
	json_object(x->w);
	json_key(x->w, "values");
	json_array(x->w);
	json_object(x->w);
	json_kv(x->w, "stringValue", text);
	for (int opened = 5; opened; opened--)
		json_end(x->w);
}

static void put_time(struct exporting *x, const char *key, int64_t ms)
{
	char digits[32];

	(void)snprintf(digits, sizeof(digits), "%lld000000", (long long)ms);
	json_kv(x->w, key, str_of(digits));
}

/* What went wrong, as a word; empty when nothing did. */
static struct str error_of(struct str outcome, yyjson_val *result)
{
	yyjson_val *err = yyjson_obj_get(result, "err");
	yyjson_obj_iter members;

	if (!outcome.len)
		return STR("unknown");
	if (yyjson_is_obj(err)) {
		yyjson_obj_iter_init(err, &members);
		return json_text(yyjson_obj_iter_next(&members));
	}
	if (err)
		return yyjson_is_str(err) ? json_text(err) : STR("failed");
	return str_is(outcome, "done") || str_is(outcome, "ok") ? STR("") : outcome;
}

static void put_status(struct exporting *x, struct str error)
{
	json_key(x->w, "status");
	json_object(x->w);
	json_kv_int(x->w, "code", error.len ? STATUS_ERROR : STATUS_UNSET);
	if (error.len)
		json_kv(x->w, "message", str_head(error, 200));
	json_end(x->w);
}

/* {"provider":..} words of seal -> the conventions'. */
static struct str provider_name(struct str provider)
{
	if (str_starts(provider, STR("openai")))
		return STR("openai");
	return provider;
}

static void begin_span(struct exporting *x, const struct story_turn *turn, uint64_t seq,
                       const char *name, int kind)
{
	json_object(x->w);
	put_trace_id(x, turn);
	put_id(x, "spanId", "span", seq, SPAN_ID_LEN);
	if (seq != turn->seq)
		put_id(x, "parentSpanId", "span", turn->seq, SPAN_ID_LEN);
	json_kv(x->w, "name", str_of(name));
	json_kv_int(x->w, "kind", kind);
}

static void put_usage(struct exporting *x, yyjson_val *usage)
{
	static const struct {
		const char *field, *key;
	} rows[] = {
		{ "output", "gen_ai.usage.output_tokens" },
		{ "cache-read", "gen_ai.usage.cache_read.input_tokens" },
		{ "cache-write", "gen_ai.usage.cache_creation.input_tokens" },
	};

	if (!usage)
		return;
	/* The conventions count what came from the cache as input too. */
	attribute_int(x, "gen_ai.usage.input_tokens",
	              json_int(usage, "input", 0) + json_int(usage, "cache-read", 0) +
	                      json_int(usage, "cache-write", 0));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		attribute_int(x, rows[i].key, json_int(usage, rows[i].field, 0));
}

static void put_chat(struct exporting *x, const struct story_call *call, yyjson_val *ok)
{
	attribute(x, "gen_ai.operation.name", STR("chat"));
	attribute(x, "gen_ai.provider.name", provider_name(x->provider));
	attribute(x, "gen_ai.request.model", x->model);
	attribute_list(x, "gen_ai.response.finish_reasons", json_str(ok, "stop"));
	put_usage(x, yyjson_obj_get(ok, "usage"));
	if (!x->content)
		return;
	attribute(x, "gen_ai.input.messages", call->args);
	attribute(x, "gen_ai.output.messages", call->result);
}

static void put_tool(struct exporting *x, const struct story_call *call)
{
	char id[24];

	(void)snprintf(id, sizeof(id), "c%llu", (unsigned long long)call->seq);
	attribute(x, "gen_ai.operation.name", STR("execute_tool"));
	attribute(x, "gen_ai.tool.name", str_from(call->call, 6));
	attribute(x, "gen_ai.tool.call.id", str_of(id));
	attribute(x, "gen_ai.tool.type", STR("function"));
	attribute(x, "seal.capability.decision", call->verdict);
	attribute(x, "seal.capability.rule", x->content ? call->rule : STR(""));
	attribute(x, "seal.capability.answer", call->answer);
	if (!x->content)
		return;
	attribute(x, "gen_ai.tool.call.arguments", call->args);
	attribute(x, "gen_ai.tool.call.result", call->result);
}

static void put_call(struct exporting *x, const struct story_turn *turn,
                     const struct story_call *call)
{
	bool is_chat = str_is(call->call, "llm.chat");
	cleanup_json yyjson_doc *doc = json_read(call->result, NULL, NULL);
	yyjson_val *result = yyjson_doc_get_root(doc);
	struct str error = error_of(call->outcome, result);
	cleanup_buf struct buf name = BUF_INIT;

	buf_adds(&name, is_chat ? "chat " : "execute_tool ");
	buf_add(&name, is_chat ? x->model : str_from(call->call, 6));
	begin_span(x, turn, call->seq, name.data ? name.data : "",
	           is_chat ? KIND_CLIENT : KIND_INTERNAL);
	put_time(x, "startTimeUnixNano", call->begin);
	put_time(x, "endTimeUnixNano", call->end ? call->end : call->begin);
	json_key(x->w, "attributes");
	json_array(x->w);
	if (is_chat)
		put_chat(x, call, yyjson_obj_get(result, "ok"));
	else
		put_tool(x, call);
	attribute_int(x, "seal.call.index", (int64_t)call->seq);
	attribute(x, "error.type", error);
	json_end(x->w);
	put_status(x, error);
	json_end(x->w);
}

static int64_t end_of(const struct story *story, size_t n)
{
	int64_t end = story->turns[n].end ? story->turns[n].end : story->turns[n].begin;

	for (size_t i = 0; i < story->n_calls && !story->turns[n].end; i++)
		if (story->calls[i].turn == n && story->calls[i].begin > end)
			end = story->calls[i].end ? story->calls[i].end : story->calls[i].begin;
	return end;
}

static void put_turn(struct exporting *x, size_t n)
{
	const struct story_turn *turn = &x->story->turns[n];
	cleanup_json yyjson_doc *doc = json_read(turn->result, NULL, NULL);
	struct str error = error_of(turn->outcome, NULL);

	if (!error.len && yyjson_obj_get(yyjson_doc_get_root(doc), "err"))
		error = STR("failed");
	begin_span(x, turn, turn->seq, "invoke_agent seal", KIND_INTERNAL);
	put_time(x, "startTimeUnixNano", turn->begin);
	put_time(x, "endTimeUnixNano", end_of(x->story, n));
	json_key(x->w, "attributes");
	json_array(x->w);
	attribute(x, "gen_ai.operation.name", STR("invoke_agent"));
	attribute(x, "gen_ai.provider.name", provider_name(x->provider));
	attribute(x, "gen_ai.agent.name", STR("seal"));
	attribute(x, "gen_ai.conversation.id", str_of(x->story->facts.id));
	attribute(x, "gen_ai.request.model", x->model);
	attribute(x, "seal.component", str_of(x->story->facts.component));
	attribute_int(x, "seal.call.index", (int64_t)turn->seq);
	attribute(x, "error.type", error);
	if (x->content) {
		attribute(x, "gen_ai.input.messages", turn->message);
		attribute(x, "gen_ai.output.messages", turn->result);
	}
	json_end(x->w);
	put_status(x, error);
	json_end(x->w);
}

/* The agent's own upkeep is no work of the turn. */
static bool is_exported(const struct story_call *call)
{
	return call->turn != STORY_NO_TURN &&
	       (str_is(call->call, "llm.chat") || (str_starts(call->call, STR("tools.")) &&
	                                           !str_is(call->call, "tools.external-tools")));
}

static void put_resource(struct exporting *x)
{
	json_key(x->w, "resource");
	json_object(x->w);
	json_key(x->w, "attributes");
	json_array(x->w);
	attribute(x, "service.name", STR("seal"));
	attribute(x, "service.version", str_of(x->story->facts.seal));
	json_end(x->w);
	json_end(x->w);
}

static void put_spans(struct exporting *x)
{
	json_key(x->w, "scope");
	json_object(x->w);
	json_kv(x->w, "name", STR("seal.audit"));
	json_kv(x->w, "version", str_of(SEAL_VERSION));
	json_end(x->w);
	json_key(x->w, "spans");
	json_array(x->w);
	for (size_t i = 0; i < x->story->n_turns; i++)
		put_turn(x, i);
	for (size_t i = 0; i < x->story->n_calls; i++)
		if (is_exported(&x->story->calls[i]))
			put_call(x, &x->story->turns[x->story->calls[i].turn], &x->story->calls[i]);
	json_end(x->w);
}

int otlp_export(const struct story *story, bool content, struct buf *ret_json, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(buf_str(&story->facts.model_json), NULL, NULL);
	yyjson_val *model = yyjson_doc_get_root(doc);
	struct json w = json_to(ret_json);
	struct exporting x = { .story = story,
		               .w = &w,
		               .content = content,
		               .provider = json_str(model, "provider"),
		               .model = json_str(model, "name") };

	json_object(&w);
	json_key(&w, "resourceSpans");
	json_array(&w);
	json_object(&w);
	put_resource(&x);
	json_key(&w, "scopeSpans");
	json_array(&w);
	json_object(&w);
	put_spans(&x);
	while (w.depth)
		json_end(&w);
	buf_addc(ret_json, '\n');
	return buf_check(ret_json, "the traces", err);
}
