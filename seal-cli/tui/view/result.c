#include "seal-cli/tui/view/result.h"

#include "seal-cli/tui/view/diff.h"

void result_fini(struct result *result)
{
	buf_fini(&result->words);
	buf_fini(&result->body);
}

static size_t count_lines(struct str text)
{
	struct str line;
	size_t n = 0;

	while (str_line(&text, &line))
		n++;
	return n;
}

/* What the model was given to look at: a number is enough. */
static void read_quiet(struct result *result, struct str kind, struct str text)
{
	size_t n = count_lines(text);
	const char *what = str_is(kind, "search") ? "result" : "line";

	result->kind = RESULT_QUIET;
	buf_addf(&result->words, "%zu %s%s", n, what, n == 1 ? "" : "s");
	buf_add(&result->body, text);
}

/* The runtime says how a command ended in a line of its own, the last. */
static void read_output(struct result *result, struct str text)
{
	static const char *const ends[] = { "exit code ", "ended by signal ", "ended: ", "runs on as " };
	size_t end = text.len - str_ends(text, STR("\n")), at = end;
	struct str last;

	while (at && text.data[at - 1] != '\n')
		at--;
	last = str_head(str_from(text, at), end - at);
	result->kind = RESULT_OUTPUT;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (str_starts(last, str_of(ends[i]))) {
			buf_add(&result->words, last);
			text = str_head(text, at);
			break;
		}
	buf_add(&result->body, text);
}

/* "denied: RULE", then what to do about it. */
static void read_failure(struct result *result, struct str outcome, struct str text)
{
	struct str rule = { "", 0 };

	result->kind = RESULT_ERROR;
	buf_add(&result->words, outcome.len ? outcome : STR("failed"));
	if (str_starts(text, STR("denied: "))) {
		(void)str_line(&text, &rule);
		rule = str_trim(str_from(rule, strlen("denied: ")));
		if (rule.len)
			buf_addf(&result->words, " by %.*s", STR_ARG(rule));
	}
	buf_add(&result->body, text);
}

void result_read(struct result *result, const struct result_call *call, struct str text)
{
	buf_clear(&result->words);
	buf_clear(&result->body);
	result->kind = RESULT_TEXT;
	if (call->outcome.len && !str_is(call->outcome, "done")) {
		read_failure(result, call->outcome, text);
	} else if (diff_is(text)) {
		result->kind = RESULT_DIFF;
		diff_count(text, &result->words);
		buf_add(&result->body, text);
	} else if (str_is(call->kind, "execute")) {
		read_output(result, text);
	} else if (str_is(call->kind, "read") || str_is(call->kind, "search") ||
		   str_is(call->kind, "fetch")) {
		read_quiet(result, call->kind, text);
	} else {
		buf_add(&result->body, text);
	}
}
