/*
 * Private to llm/.  Why a model call gave no reply: an answer, not an error of
 * ours.  Told apart from the HTTP status and the provider's own words, and
 * always with what a person can do about it.
 */
#pragma once

#include "base/str.h"

struct json;

enum fault_kind {
	FAULT_NONE = 0,
#define FAULT(name, wit_name) FAULT_##name,
#include "llm/fault.def"
#undef FAULT
	FAULT_KINDS
};

struct fault {
	enum fault_kind kind;
	char text[1024];
};

void fault_set(struct fault *fault, enum fault_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What a provider said of itself, from an error body or an error event. */
struct fault_report {
	long status;     /* HTTP; 0 when there is none */
	struct str type; /* error.type or error.code: "overloaded_error" */
	struct str message;
	const char *provider;
};

void fault_judge(struct fault *fault, const struct fault_report *report);

/* Reads the usual shapes of an error body ({"error":{type,code,message}},
 * {"error":"text"}, {"message"}) and judges it. */
void fault_read(struct fault *fault, long status, const char *provider, struct str body);

/* Replaces every occurrence of a secret in the text. */
void fault_redact(struct fault *fault, struct str secret);

/* Says where the key that was refused came from. */
void fault_name_key(struct fault *fault, const char *place);

/* The llm-error as JSON; the WIT name of a kind; the kind of a name. */
void fault_write(const struct fault *fault, struct json *w);
const char *fault_name(enum fault_kind kind);
enum fault_kind fault_of(struct str name);
