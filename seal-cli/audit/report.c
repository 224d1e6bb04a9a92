#include "seal-cli/audit/report.h"

#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"
#include "llm/model.h"
#include "page.h"
#include "seal-cli/audit/story.h"

/* "<" ends a script element whatever stands around it; in JSON it stands in
 * strings only, so that its escape means the same. */
static void put_safe(struct buf *out, struct str json)
{
	size_t at;

	while ((at = str_chr(json, '<')) != STR_NONE) {
		buf_add(out, str_head(json, at));
		buf_adds(out, "\\u003c");
		json = str_from(json, at + 1);
	}
	buf_add(out, json);
}

static void put_real(struct json *w, const char *key, double value)
{
	char digits[32];

	(void)snprintf(digits, sizeof(digits), "%.6g", value);
	json_kv_raw(w, key, str_of(digits));
}

/* JSON as it is while it is short, else its beginning as a text. */
static bool put_value(struct json *w, const char *key, struct str json)
{
	cleanup_json yyjson_doc *doc =
		json.len <= REPORT_TEXT_MAX ? json_read(json, NULL, NULL) : NULL;

	if (json.len == 0)
		json_kv_raw(w, key, STR("null"));
	else if (doc)
		json_kv_raw(w, key, json);
	else
		json_kv(w, key, str_head(json, utf8_cut(json, REPORT_TEXT_MAX)));
	return json.len > REPORT_TEXT_MAX;
}

/* What a member holds that is longer than the page shows: the value with that
 * member cut.  Commands' output and files are what is long. */
static bool put_result(struct json *w, struct str json)
{
	static const char *const longs[] = { "output", "text", "diff" };
	cleanup_json yyjson_doc *doc = json_read(json, NULL, NULL);
	yyjson_val *ok = yyjson_obj_get(yyjson_doc_get_root(doc), "ok"), *key;
	yyjson_obj_iter members;

	if (json.len <= REPORT_TEXT_MAX || !yyjson_is_obj(ok))
		return put_value(w, "result", json);
	json_key(w, "result");
	json_object(w);
	json_key(w, "ok");
	json_object(w);
	yyjson_obj_iter_init(ok, &members);
	while ((key = yyjson_obj_iter_next(&members))) {
		struct str text = json_text(yyjson_obj_iter_get_val(key));
		bool is_long = false;

		for (size_t i = 0; i < sizeof(longs) / sizeof(longs[0]); i++)
			is_long = is_long || yyjson_equals_str(key, longs[i]);
		if (text.data && is_long)
			json_kv(w, yyjson_get_str(key),
			        str_head(text, utf8_cut(text, REPORT_TEXT_MAX)));
		else if (!yyjson_is_ctn(yyjson_obj_iter_get_val(key))) {
			json_key(w, yyjson_get_str(key));
			json_put_val(w, yyjson_obj_iter_get_val(key));
		}
	}
	json_end(w);
	json_end(w);
	return true;
}

/* The agent's own notes and what was said to the model stand in other calls. */
static bool has_payload(struct str call)
{
	return !str_starts(call, STR("storage."));
}

static void put_call(struct json *w, const struct story_call *call)
{
	bool is_chat = str_is(call->call, "llm.chat"), cut = false;

	json_object(w);
	json_kv_int(w, "seq", (int64_t)call->seq);
	json_kv_int(w, "turn", call->turn == STORY_NO_TURN ? -1 : (int64_t)call->turn);
	json_kv_int(w, "t", call->begin);
	json_kv_int(w, "ms", call->end ? call->end - call->begin : 0);
	json_kv(w, "call", call->call);
	json_kv(w, "verdict", call->verdict);
	json_kv(w, "rule", call->rule);
	json_kv(w, "answer", call->answer);
	json_kv(w, "outcome", call->outcome);
	json_kv(w, "refused", call->refused);
	(void)put_value(w, "details", call->details);
	if (has_payload(call->call)) {
		cut = put_value(w, "args", is_chat ? STR("") : call->args);
		cut = put_result(w, call->result) || cut;
	}
	json_kv_bool(w, "cut", cut);
	json_end(w);
}

static void put_turn(struct json *w, const struct story_turn *turn)
{
	json_object(w);
	json_kv_int(w, "t", turn->begin);
	json_kv_int(w, "ms", turn->end ? turn->end - turn->begin : -1);
	json_kv(w, "message", str_head(turn->message, utf8_cut(turn->message, REPORT_TEXT_MAX)));
	json_kv(w, "outcome", turn->outcome);
	(void)put_value(w, "result", turn->result);
	json_end(w);
}

static void put_price(struct json *w, struct str model_json)
{
	cleanup_json yyjson_doc *doc = json_read(model_json, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct model model;

	model_find(json_str(root, "provider"), json_str(root, "name"), &model);
	json_key(w, "price");
	json_object(w);
	put_real(w, "input", model.input);
	put_real(w, "output", model.output);
	put_real(w, "cache-read", model.cache_read);
	put_real(w, "cache-write", model.cache_write);
	json_end(w);
}

static void put_facts(struct json *w, const struct story *story)
{
	json_kv(w, "id", str_of(story->facts.id));
	json_kv(w, "root", str_of(story->facts.root));
	json_kv(w, "component", str_of(story->facts.component));
	json_kv(w, "engine", str_of(story->facts.engine));
	json_kv(w, "manifest-hash", str_of(story->facts.manifest_hash));
	json_kv(w, "seal", str_of(story->facts.seal));
	json_kv(w, "head", str_of(story->head));
	json_kv_int(w, "records", (int64_t)story->n_records);
	json_kv_int(w, "begin", story->begin);
	json_kv_int(w, "end", story->end);
	json_kv_raw(w, "model", buf_str(&story->facts.model_json));
	put_price(w, buf_str(&story->facts.model_json));
}

int report_page(const struct story *story, struct buf *ret_html, struct err *err)
{
	cleanup_buf struct buf data = BUF_INIT;
	struct json w = json_to(&data);

	json_object(&w);
	put_facts(&w, story);
	json_key(&w, "turns");
	json_array(&w);
	for (size_t i = 0; i < story->n_turns; i++)
		put_turn(&w, &story->turns[i]);
	json_end(&w);
	json_key(&w, "calls");
	json_array(&w);
	for (size_t i = 0; i < story->n_calls; i++)
		put_call(&w, &story->calls[i]);
	json_end(&w);
	json_end(&w);
	if (buf_check(&data, "the report", err) < 0)
		return err->code;
	buf_adds(ret_html, page_head);
	put_safe(ret_html, buf_str(&data));
	buf_adds(ret_html, page_tail);
	return buf_check(ret_html, "the report", err);
}
