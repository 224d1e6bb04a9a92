#include "llm/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/utf8.h"

static const char *const names[FAULT_KINDS] = {
    [FAULT_NONE] = "none",
#define FAULT(name, wit_name) [FAULT_##name] = wit_name,
#include "llm/fault.def"
#undef FAULT
};

const char *fault_name(enum fault_kind kind)
{
	return names[kind];
}

enum fault_kind fault_of(struct str name)
{
	for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
		if (str_is(name, names[kind]))
			return (enum fault_kind)kind;
	}
	return FAULT_NONE;
}

void fault_set(struct fault *fault, enum fault_kind kind, const char *fmt, ...)
{
	va_list args;

	fault->kind = kind;
	va_start(args, fmt);
	(void)vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	/* The provider's words may have been cut within a character. */
	fault->text[utf8_valid_len(str_of(fault->text))] = '\0';
}

void fault_write(const struct fault *fault, struct json *w)
{
	if (fault->kind == FAULT_CANCELLED) {
		json_put(w, str_of(names[FAULT_CANCELLED]));
		return;
	}
	json_object(w);
	json_kv(w, names[fault->kind], str_of(fault->text));
	json_end(w);
}

void fault_name_key(struct fault *fault, const char *place)
{
	size_t len = strlen(fault->text);

	if (fault->kind == FAULT_AUTH && place)
		(void)snprintf(fault->text + len, sizeof(fault->text) - len, " (found in %s)",
			       place);
}

void fault_redact(struct fault *fault, struct str secret)
{
	struct str text = str_of(fault->text);
	size_t at = 0;

	while (secret.len >= 4 && (at = str_find(text, secret, at)) != STR_NONE) {
		memset(fault->text + at, '*', secret.len);
		at += secret.len;
	}
}

/* The provider's own word for it, then the status: the first row that fits. */
static const struct {
	const char *type;
	enum fault_kind kind;
} by_type[] = {
    {"overloaded_error", FAULT_OVERLOADED},
    {"api_error", FAULT_OVERLOADED},
    {"server_error", FAULT_OVERLOADED},
    {"timeout_error", FAULT_OVERLOADED},
    {"insufficient_quota", FAULT_BUDGET},
    {"billing_error", FAULT_BUDGET},
    {"enforced_spend_limit_reached", FAULT_BUDGET},
    {"rate_limit_error", FAULT_RATE_LIMITED},
    {"rate_limit_exceeded", FAULT_RATE_LIMITED},
    {"authentication_error", FAULT_AUTH},
    {"permission_error", FAULT_AUTH},
    {"invalid_api_key", FAULT_AUTH},
    {"context_length_exceeded", FAULT_CONTEXT_OVERFLOW},
    {"exceed_context_size_error", FAULT_CONTEXT_OVERFLOW},
    {"request_too_large", FAULT_CONTEXT_OVERFLOW},
};

static const struct {
	long status;
	enum fault_kind kind;
} by_status[] = {
    {401, FAULT_AUTH},
    {403, FAULT_AUTH},
    {402, FAULT_BUDGET},
    {408, FAULT_NETWORK},
    {409, FAULT_OVERLOADED},
    {429, FAULT_RATE_LIMITED},
    {413, FAULT_CONTEXT_OVERFLOW},
    {407, FAULT_NETWORK},
};

/* How providers say "too long" in an ordinary 400. */
static const char *const too_long[] = {
    "prompt is too long", "maximum context length",
    "context_length",     "context window",
    "context size",       "too many tokens",
    "input is too long",  "exceeds the maximum number of tokens",
};

static enum fault_kind kind_of(const struct fault_report *report)
{
	for (size_t i = 0; i < sizeof(by_type) / sizeof(by_type[0]); i++) {
		if (str_is(report->type, by_type[i].type))
			return by_type[i].kind;
	}
	for (size_t i = 0; i < sizeof(too_long) / sizeof(too_long[0]); i++) {
		if ((report->status == 0 || report->status == 400 || report->status == 500) &&
		    str_find(report->message, str_of(too_long[i]), 0) != STR_NONE)
			return FAULT_CONTEXT_OVERFLOW;
	}
	for (size_t i = 0; i < sizeof(by_status) / sizeof(by_status[0]); i++) {
		if (report->status == by_status[i].status)
			return by_status[i].kind;
	}
	return report->status >= 500 ? FAULT_OVERLOADED : FAULT_INVALID;
}

static const char *const remedies[FAULT_KINDS] = {
    [FAULT_AUTH] = "check the key",
    [FAULT_RATE_LIMITED] = "wait, or use another model",
    [FAULT_OVERLOADED] = "try again in a while",
    [FAULT_CONTEXT_OVERFLOW] = "compact the conversation or start a new one",
    [FAULT_BUDGET] = "raise the spending limit or add credit at the provider",
    [FAULT_NETWORK] = "check the network and the proxy",
    [FAULT_INVALID] = "check [model] in seal.toml",
};

void fault_judge(struct fault *fault, const struct fault_report *report)
{
	enum fault_kind kind = kind_of(report);
	char status[24] = "";
	struct str message = report->message.len ? report->message : STR("no reason given");

	if (report->status)
		(void)snprintf(status, sizeof(status), " %ld", report->status);
	fault_set(fault, kind, "%s answered%s%s%.*s: %.*s; %s", report->provider, status,
		  report->type.len ? " " : "", STR_ARG(str_head(report->type, 80)),
		  STR_ARG(str_head(message, 600)), remedies[kind]);
}

static struct str first_of(yyjson_val *object, const char *const *keys)
{
	for (; *keys; keys++) {
		struct str text = json_str(object, *keys);

		if (text.len)
			return text;
	}
	return (struct str){"", 0};
}

void fault_read(struct fault *fault, long status, const char *provider, struct str body)
{
	static const char *const type_keys[] = {"code", "type", "status", NULL};
	static const char *const anthropic_keys[] = {"type", NULL};
	static const char *const message_keys[] = {"message", "detail", "error", NULL};
	cleanup_json yyjson_doc *doc = json_read(body, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc), *error;
	struct fault_report report = {.status = status, .provider = provider};

	/* Gemini's compatible endpoint wraps its error in an array. */
	if (yyjson_is_arr(root))
		root = yyjson_arr_get_first(root);
	error = yyjson_obj_get(root, "error");
	if (!yyjson_is_obj(error))
		error = root;
	/* Anthropic's envelope says type "error" itself; its word is inside. */
	report.type =
	    first_of(error, str_is(json_str(root, "type"), "error") ? anthropic_keys : type_keys);
	/* A code in the details is more exact than the type. */
	struct str code = json_str(yyjson_obj_get(error, "details"), "error_code");
	if (code.len)
		report.type = code;
	report.message =
	    yyjson_is_obj(error) ? first_of(error, message_keys) : str_head(str_trim(body), 200);
	if (!utf8_valid(report.message))
		report.message = STR("bytes that are no text");
	/* OpenRouter puts the status into the body of a stream that began with 200. */
	if (status == 0 || status == 200)
		report.status = json_int(error, "code", 0);
	fault_judge(fault, &report);
}
