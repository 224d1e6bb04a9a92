#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "gate/pass.h"

static const char *const outcome_names[] = {
	[PASS_DONE] = "done",	    [PASS_DENIED] = "denied",	    [PASS_FAILED] = "failed",
	[PASS_INVALID] = "invalid", [PASS_CANCELLED] = "cancelled",
};

static const char *const verb_names[] = {
	[CAPS_READ] = "read", [CAPS_WRITE] = "write",	    [CAPS_DELETE] = "delete",
	[CAPS_RUN] = "run",   [CAPS_CONNECT] = "connect", [CAPS_FREE] = "call",
};

/* Where a person would grant it. */
static const char *const places[] = {
	[CAPS_READ] = "[capabilities.allow.read] paths",
	[CAPS_WRITE] = "[capabilities.allow.write] paths",
	[CAPS_DELETE] = "[capabilities.allow.delete] paths",
	[CAPS_RUN] = "[capabilities.allow.commands] patterns",
	[CAPS_CONNECT] = "[capabilities.allow.network] domains",
	[CAPS_FREE] = "",
};

const char *pass_verb_name(enum caps_verb verb)
{
	return verb_names[verb];
}

const char *pass_outcome_name(enum pass_outcome outcome)
{
	return outcome_names[outcome];
}

yyjson_val *pass_arg(const struct pass *pass, size_t index)
{
	return yyjson_arr_get(pass->args, index);
}

struct str pass_text(const struct pass *pass, size_t index)
{
	yyjson_val *val = pass_arg(pass, index);

	return yyjson_is_str(val) ? json_text(val) : (struct str){ "", 0 };
}

struct json pass_ok(struct pass *pass)
{
	struct json w = json_to(pass->result);

	pass->outcome = PASS_DONE;
	json_object(&w);
	json_key(&w, "ok");
	return w;
}

int pass_end(struct pass *pass, struct json *w)
{
	while (w->depth)
		json_end(w);
	return buf_check(pass->result, "the result", pass->err);
}

int pass_ok_null(struct pass *pass)
{
	struct json w = pass_ok(pass);

	json_put_null(&w);
	return pass_end(pass, &w);
}

/* {"err":{"invalid":"..."}} for tools; their storage cousins take {"err":"..."}. */
int pass_error(struct pass *pass, enum pass_outcome outcome, const char *fmt, ...)
{
	struct json w = json_to(pass->result);
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pass->outcome = outcome;
	json_object(&w);
	json_key(&w, "err");
	json_object(&w);
	json_kv(&w, outcome == PASS_INVALID ? "invalid" : "failed", str_of(text));
	return pass_end(pass, &w);
}

int pass_error_of(struct pass *pass, const struct err *why)
{
	if (why->code == ERR_CANCELLED)
		return pass_cancelled(pass);
	return pass_error(pass, why->code == ERR_INPUT || why->code == ERR_LIMIT ? PASS_INVALID : PASS_FAILED,
			  "%s", why->text);
}

int pass_cancelled(struct pass *pass)
{
	struct json w = json_to(pass->result);

	pass->outcome = PASS_CANCELLED;
	json_object(&w);
	json_kv(&w, "err", STR("cancelled"));
	return pass_end(pass, &w);
}

/* Why, and how a person could change it: a model that knows both stops trying. */
static void put_hint(const struct pass *pass, struct buf *hint)
{
	buf_add(hint, pass->answer.reason);
	if (pass->refusal) {
		if (hint->len)
			buf_adds(hint, "; ");
		buf_adds(hint, pass->refusal);
		return;
	}
	if (pass->answer.verdict == CAPS_DENY && pass->answer.rule.len) {
		if (hint->len)
			buf_adds(hint, "; ");
		buf_adds(hint, "a person would have to change that rule in seal.toml");
		return;
	}
	if (hint->len)
		buf_adds(hint, "; ");
	buf_addf(hint, "a person can grant it in seal.toml under %s", places[pass->question.verb]);
}

int pass_denied(struct pass *pass)
{
	struct json w = json_to(pass->result);
	cleanup_buf struct buf hint = BUF_INIT;

	put_hint(pass, &hint);
	pass->outcome = PASS_DENIED;
	json_object(&w);
	json_key(&w, "err");
	json_object(&w);
	json_key(&w, "denied");
	json_object(&w);
	json_kv(&w, "target", pass->question.subject);
	json_kv(&w, "operation", str_of(pass_verb_name(pass->question.verb)));
	json_kv(&w, "rule", pass->answer.rule);
	json_kv(&w, "hint", buf_str(&hint));
	return pass_end(pass, &w);
}
