#include "session/readable.h"

static void put_line(struct buf *text, struct str line)
{
	buf_add(text, line);
	if (line.len && line.data[line.len - 1] != '\n')
		buf_addc(text, '\n');
}

static void put_command(yyjson_val *outcome, struct buf *text)
{
	int64_t code = json_int(outcome, "exit-code", 0), signal = json_int(outcome, "signal", 0);

	put_line(text, json_str(outcome, "output"));
	if (json_bool(outcome, "timed-out", false))
		put_line(text, STR("ended: it ran longer than its time"));
	else if (signal)
		buf_addf(text, "ended by signal %lld\n", (long long)signal);
	else if (code)
		buf_addf(text, "exit code %lld\n", (long long)code);
	if (json_str(outcome, "job").len)
		buf_addf(text, "runs on as %.*s\n", STR_ARG(json_str(outcome, "job")));
}

static void put_entries(yyjson_val *entries, struct buf *text)
{
	yyjson_val *entry;
	size_t i, n;

	yyjson_arr_foreach(entries, i, n, entry) {
		put_line(text, json_str(entry, "path"));
	}
}

static void put_matches(yyjson_val *lines, struct buf *text)
{
	yyjson_val *line;
	size_t i, n;

	yyjson_arr_foreach(lines, i, n, line) {
		buf_addf(text, "%.*s:%lld: ", STR_ARG(json_str(line, "path")),
			 (long long)json_int(line, "line", 0));
		put_line(text, json_str(line, "text"));
	}
}

static void put_value(yyjson_val *value, struct buf *text)
{
	static const struct {
		const char *member;
		void (*put)(yyjson_val *value, struct buf *text);
	} lists[] = { { "entries", put_entries }, { "lines", put_matches } };

	if (yyjson_is_str(value))
		put_line(text, json_text(value));
	if (yyjson_obj_get(value, "exit-code"))
		put_command(value, text);
	else if (json_str(value, "text").data)
		put_line(text, json_bool(value, "base64", false) ? STR("(binary)") : json_str(value, "text"));
	else
		put_line(text, json_str(value, "diff"));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (yyjson_is_arr(yyjson_obj_get(value, lists[i].member)))
			lists[i].put(yyjson_obj_get(value, lists[i].member), text);
}

/* A variant of tool-error: "cancelled", or a name with what it carries. */
static void put_failure(yyjson_val *failure, struct buf *text)
{
	yyjson_val *denied = yyjson_obj_get(failure, "denied");

	if (denied) {
		buf_addf(text, "denied: %.*s\n", STR_ARG(json_str(denied, "rule")));
		put_line(text, json_str(denied, "hint"));
		return;
	}
	put_line(text, yyjson_is_str(failure) ? json_text(failure) : json_str(failure, "invalid"));
	put_line(text, json_str(failure, "failed"));
}

void readable_result(yyjson_val *result, struct buf *ret_text)
{
	yyjson_val *ok = yyjson_obj_get(result, "ok"), *failure = yyjson_obj_get(result, "err");

	if (failure)
		put_failure(failure, ret_text);
	else
		put_value(ok ? ok : result, ret_text);
}
