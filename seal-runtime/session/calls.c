/* What a WIT call is called on a person's screen. */
#include "session/state.h"

static const struct {
	const char *call, *title;
} titles[] = {
#define CALL(interface, name, wit_name, verb, title) {#interface "." wit_name, title},
#include "gate/calls.def"
#undef CALL
};

/* ACP's kinds; what is not here is "other". */
static const struct {
	const char *call, *kind;
} kinds[] = {
    {"tools.command-run", "execute"}, {"tools.file-read", "read"},     {"tools.file-write", "edit"},
    {"tools.file-edit", "edit"},      {"tools.file-delete", "delete"}, {"tools.web-fetch", "fetch"},
    {"tools.file-list", "search"},    {"tools.file-glob", "search"},   {"tools.grep", "search"},
};

const char *session_call_title(const char *call)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (strcmp(titles[i].call, call) == 0)
			return titles[i].title;
	return call;
}

const char *session_call_kind(const char *call)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].call, call) == 0)
			return kinds[i].kind;
	return "other";
}
